package engine

import (
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

// buffer fills batches of one of the query's outputs and hands them to the slot's ring for it.
type buffer struct {
	out      *Output
	current  *workloads.Results
	spill    *workloads.Results // takes what is emitted after stop
	stop     *atomic.Bool
	count    uint64
	epoch    uint64       // the last barrier passed
	held     Held         // told while there is no room; nil for nobody
	waitedNs atomic.Int64 // for credit, written by the slot
}

// emitter makes the answers of a query.
type emitter struct {
	*buffer
	plan *plan
	op   int64 // what the next rows do to the answers, where the query retracts
}

// park is how long a slot sleeps when it can do nothing: short against any latency worth
// measuring, long against the cost of waking up.
const park = 100 * time.Microsecond

// newBuffer makes the buffer of a stream with a ring of depth batches.
func newBuffer(q workloads.Query, of workloads.Stream, depth, rows int) *buffer {
	return &buffer{
		out: newOutput(q, of, depth, rows), spill: workloads.NewResultsOf(q, of, 1024),
	}
}

// room returns a batch with room for at least one more row. It waits for credit.
func (e *buffer) room() *workloads.Results {
	if e.current != nil && e.current.N < e.current.Cap() {
		return e.current
	}
	e.flush()
	if rs, ok := e.out.free.pop(); ok {
		e.current = rs
		return rs
	}
	for last := time.Now(); ; {
		if rs, ok := e.out.free.pop(); ok {
			e.current = rs
			return rs
		}
		if e.stop.Load() {
			e.spill.N = 0
			return e.spill
		}
		if e.held != nil {
			e.held.Hold()
		}
		Doze(park)
		now := time.Now()
		e.waitedNs.Add(int64(now.Sub(last)))
		last = now
	}
}

// flush hands over what has been filled.
func (e *buffer) flush() {
	if e.current == nil || e.current.N == 0 {
		return
	}
	e.count += uint64(e.current.N)
	e.hand(Handed{Results: e.current, Epoch: e.epoch})
	e.current = nil
}

// pass hands over the marker of a barrier, behind all that came before it.
func (e *buffer) pass(id uint64) {
	e.flush()
	e.hand(Handed{Epoch: id})
	e.epoch = id
}

// hand waits for a place, of which there are more than batches, but markers take some.
func (e *buffer) hand(h Handed) {
	for last := time.Now(); !e.out.full.push(h); {
		if e.stop.Load() {
			return
		}
		Doze(park)
		now := time.Now()
		e.waitedNs.Add(int64(now.Sub(last)))
		last = now
	}
}

// line emits one row given as its columns.
func (e *buffer) line(columns []int64) {
	rs := e.room()
	for c, v := range columns {
		rs.Cols[c][rs.N] = v
	}
	rs.N++
}

// window is the span results belong to.
type window struct{ start, end int64 }

// rows emits one result for each row of state in at.
func (e *emitter) rows(w window, state []int64, at []uint32) {
	for len(at) > 0 {
		rs := e.room()
		k := min(len(at), rs.Cap()-rs.N)
		for c, src := range e.plan.out {
			dst := rs.Cols[c][rs.N : rs.N+k]
			switch src.kind {
			case fromWord:
				words := state[src.word:]
				for j, row := range at[:len(dst)] {
					dst[j] = words[row]
				}
			case fromStart:
				fill(dst, w.start)
			case fromEnd:
				fill(dst, w.end)
			case fromOp:
				fill(dst, e.op)
			}
		}
		rs.N += k
		at = at[k:]
	}
}

func fill(dst []int64, v int64) {
	for i := range dst {
		dst[i] = v
	}
}

// events emits one result for each chosen row of a batch: queries without a window.
func (e *emitter) events(s *stage, b *workloads.Batch, sel []int32) {
	for len(sel) > 0 {
		rs := e.room()
		k := min(len(sel), rs.Cap()-rs.N)
		for c, src := range e.plan.out {
			dst, col := rs.Cols[c][rs.N:rs.N+k], s.source(b, src.col)
			if src.scale == 1 {
				gather(dst, col, sel[:k])
				continue
			}
			for j, i := range sel[:k] {
				dst[j] = col[i] * src.scale
			}
		}
		rs.N += k
		sel = sel[k:]
	}
}
