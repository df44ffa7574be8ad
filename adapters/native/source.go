package native

import (
	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// source is one shard of the load as the engine sees it. A slot calls it from its own thread.
type source struct {
	shard *adapters.Shard
	gen   workloads.Generator
}

// Next makes the events that are due now.
func (s *source) Next(b *workloads.Batch) engine.Pull {
	t := s.shard.Take(b.Cap())
	if t.Slots.N == 0 {
		b.N = 0
		return engine.Pull{Wait: t.Wait, End: t.End}
	}
	s.gen.Fill(b, t.Slots)
	s.shard.Handed(t)
	return engine.Pull{End: t.End}
}
