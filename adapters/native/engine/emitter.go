package engine

import (
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

// emitter fills batches of results and hands them to the slot's output.
type emitter struct {
	plan    *plan
	out     *Output
	current *workloads.Results
	spill   *workloads.Results // takes what is emitted after stop
	stop    *atomic.Bool
	count   uint64
}

// park is how long a slot sleeps when it can do nothing: short against any latency worth
// measuring, long against the cost of waking up.
const park = 100 * time.Microsecond

func newEmitter(p *plan, out *Output, stop *atomic.Bool) *emitter {
	return &emitter{plan: p, out: out, stop: stop, spill: workloads.NewResults(p.query, 1024)}
}

// room returns a batch with room for at least one more result. It waits for credit.
func (e *emitter) room() *workloads.Results {
	if e.current != nil && e.current.N < e.current.Cap() {
		return e.current
	}
	e.flush()
	for {
		if rs, ok := e.out.free.pop(); ok {
			e.current = rs
			return rs
		}
		if e.stop.Load() {
			e.spill.N = 0
			return e.spill
		}
		Doze(park)
	}
}

// flush hands over what has been filled.
func (e *emitter) flush() {
	if e.current == nil || e.current.N == 0 {
		return
	}
	e.count += uint64(e.current.N)
	if !e.out.full.push(e.current) {
		panic("BUG: an output has fewer places than batches")
	}
	e.current = nil
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

// line emits one result given as its columns.
func (e *emitter) line(columns []int64) {
	rs := e.room()
	for c, v := range columns {
		rs.Cols[c][rs.N] = v
	}
	rs.N++
}
