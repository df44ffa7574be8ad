package workloads

import (
	"fmt"
	"math"
)

// bound is a reader over the columns of one batch.
type bound struct {
	vals, table []int64
	scale       int64
}

func (r reader) bind(b *Batch) bound {
	if r.col == noColumn {
		return bound{}
	}
	return bound{vals: b.Column(r.col), table: r.table, scale: r.scale}
}

func (v *bound) at(i int) int64 {
	if v.vals == nil {
		return 0
	}
	x := v.vals[i]
	if v.table != nil {
		x = v.table[x]
	}
	return x * v.scale
}

// holds says whether a value meets the predicate.
func (t *test) holds(x int64) bool {
	if m := t.Modulus; m > 0 {
		if x %= m; x < 0 {
			x += m
		}
	}
	switch t.Op {
	case Equal:
		return x == t.Value
	case NotEqual:
		return x != t.Value
	case Less:
		return x < t.Value
	case LessEqual:
		return x <= t.Value
	case Greater:
		return x > t.Value
	case GreaterEqual:
		return x >= t.Value
	}
	panic(fmt.Sprintf("BUG: comparison %d", t.Op))
}

// selector says which rows of a batch the query reads.
type selector struct {
	tag   []int64
	seq   []int64
	from  int64
	with  int64 // the variant whose events are all read too; -1 for none
	tests []test
	vals  []bound
	// reason tells malformed events, which nobody can read.
	reason func(n uint64) int64
	only   *eventSet // the events that are asked for; nil for all
}

func (p *plan) selector() *selector {
	s := &selector{
		from: int64(p.q.From), tests: p.where, vals: make([]bound, len(p.where)),
		reason: p.w.reason, only: p.w.only, with: -1,
	}
	if p.q.Join != nil {
		s.with = int64(p.q.Join.With)
	}
	return s
}

func (s *selector) bind(w *Workload, b *Batch) {
	if w.Schema.Tag != "" {
		s.tag = b.Cols[0]
	}
	s.seq = b.Seq
	for i := range s.tests {
		s.vals[i] = s.tests[i].bind(b)
	}
}

func (s *selector) takes(i int) bool {
	other := s.tag != nil && s.tag[i] != s.from
	switch {
	case other && s.tag[i] != s.with, !s.readable(i):
		return false
	case s.only != nil && !s.only.has(uint64(s.seq[i])):
		return false
	case other:
		return true
	}
	for t := range s.tests {
		if !s.tests[t].holds(s.vals[t].at(i)) {
			return false
		}
	}
	return true
}

// readable says whether an event is whole: nobody knows the time of one that is not.
func (s *selector) readable(i int) bool {
	return s.reason == nil || s.reason(uint64(s.seq[i])) == 0
}

// floorTo rounds t down to a multiple of step, toward minus infinity.
func floorTo(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// farFuture is a time no window reaches.
const farFuture = math.MaxInt64
