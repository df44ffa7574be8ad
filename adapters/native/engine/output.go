package engine

import (
	"sync/atomic"

	"github.com/streambench/streambench/workloads"
)

// Output is the bounded ring by which a slot hands results to the collector. The batches that come
// back by Free are the credit: without one the slot waits, and its sources with it.
type Output struct {
	full  *ring[Handed]
	free  *ring[*workloads.Results]
	ended atomic.Bool
}

// newOutput makes an output for a stream of the query's, of depth batches of rows each.
func newOutput(q workloads.Query, of workloads.Stream, depth, rows int) *Output {
	o := &Output{
		full: newRing[Handed](2 * depth), // markers need places too
		free: newRing[*workloads.Results](depth),
	}
	for range depth {
		rs := workloads.NewResultsOf(q, of, rows)
		for _, col := range rs.Cols {
			touch(col)
		}
		o.free.push(rs)
	}
	return o
}

// touch writes to every page of new memory, so that the kernel finds the pages now and not in the
// middle of the first burst of results.
func touch(words []int64) {
	const page = 512
	for i := 0; i < len(words); i += page {
		words[i] = 1
	}
}

// Pop takes the oldest batch of results, nil if there is none now. One goroutine calls it.
func (o *Output) Pop() *workloads.Results {
	for h, ok := o.full.pop(); ok; h, ok = o.full.pop() {
		if h.Results != nil {
			return h.Results
		}
	}
	return nil
}

// Handed is what a slot hands over by an output: results, or the marker of a barrier.
type Handed struct {
	Results *workloads.Results // nil for a marker
	// Epoch is the last barrier passed before the results, or the marker's barrier. Barriers of
	// checkpoints that were given up may have no marker here.
	Epoch uint64
}

// Take takes the oldest batch of results or marker of a barrier; ok is false if there is none now.
// One goroutine calls it, or Pop.
func (o *Output) Take() (h Handed, ok bool) { return o.full.pop() }

// Free gives a batch back: the credit for another.
func (o *Output) Free(rs *workloads.Results) {
	rs.N = 0
	if !o.free.push(rs) {
		panic("BUG: more batches freed than were taken")
	}
}

// Done reports whether the slot has ended and every batch was taken.
func (o *Output) Done() bool { return o.ended.Load() && o.full.empty() }
