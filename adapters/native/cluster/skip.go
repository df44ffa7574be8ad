package cluster

import (
	"slices"

	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// skipper leaves out the events of windows that may have been answered before a node was lost:
// those not newer than any event handed over by then. At most once, a window must not be answered
// again from what is left of it.
type skipper struct {
	engine.Source
	fromMs int64
}

func newSkipper(src engine.Source, w *workloads.Workload, seen []uint64) *skipper {
	t := w.Timeline
	newest := slices.Max(seen) + max(t.Groups, 1)
	return &skipper{Source: src, fromMs: t.PlaceMs(newest) + t.LeadMs + 1}
}

// Next is the source's, without those events.
func (s *skipper) Next(b *workloads.Batch) engine.Pull {
	pull := s.Source.Next(b)
	n := 0
	for i := range b.N {
		if b.TS[i] < s.fromMs {
			continue
		}
		if n != i {
			b.Seq[n], b.TS[n] = b.Seq[i], b.TS[i]
			for _, col := range b.Cols {
				if col != nil {
					col[n] = col[i]
				}
			}
		}
		n++
	}
	b.N = n
	return pull
}

// Hold is the source's.
func (s *skipper) Hold() {
	if h, ok := s.Source.(engine.Held); ok {
		h.Hold()
	}
}
