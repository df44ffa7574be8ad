package native

import (
	"encoding/binary"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// Both sources say when the system keeps events waiting, and can be read again.
var (
	_, _ engine.Held       = (*source)(nil), (*wireSource)(nil)
	_, _ engine.Replayable = (*source)(nil), (*wireSource)(nil)
)

// newSource makes the engine's source of shard m. Only the form json is written and read here: the
// form of events that do not leave the process is columns otherwise.
func newSource(job adapters.Job, m int) (engine.Source, error) {
	if job.Format == workloads.JSONForm {
		return newWireSource(job, m)
	}
	s := &source{
		shard: job.Load.Shard(m), gen: job.Workload.Events(), silence: silence{load: job.Load},
	}
	s.silence.heard()
	return s, nil
}

// silence tells when a shard has had nothing due for so long that the others decide the watermark
// without it: what it will offer next lies behind all of theirs in the schedule, so that nothing of
// it can come late. Before the load begins nothing is behind anything.
type silence struct {
	load   *adapters.Load
	lastNs int64 // when events were last due, since T0
}

func (s *silence) heard() { s.lastNs = s.load.NowNs() }

// lasts reports whether it does; a shard that may not go on for now is not silent.
func (s *silence) lasts(frozen bool) bool {
	if frozen {
		s.heard()
	}
	return s.load.NowNs()-s.lastNs > int64(idleTimeout)
}

// source is one shard of the load as the engine sees it. A slot calls it from its own thread.
type source struct {
	shard   *adapters.Shard
	gen     workloads.Generator
	silence silence
}

// Next makes the events that are due now.
func (s *source) Next(b *workloads.Batch) engine.Pull {
	t := s.shard.Take(b.Cap())
	if t.Slots.N == 0 {
		b.N = 0
		return engine.Pull{Wait: t.Wait, End: t.End, Idle: s.silence.lasts(t.Frozen)}
	}
	s.gen.Fill(b, t.Slots)
	s.shard.Handed(t)
	s.silence.heard()
	return engine.Pull{End: t.End}
}

// Hold says that what is due now waits for the system, and not for the driver.
func (s *source) Hold() { s.shard.Take(0) }

// Mark is the shard's next slot: the events before it can be made again at any time.
func (s *source) Mark(dst []byte) []byte { return mark(dst, s.shard) }

func mark(dst []byte, s *adapters.Shard) []byte {
	return binary.LittleEndian.AppendUint64(dst, s.Next())
}
