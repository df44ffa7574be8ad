package engine

import "github.com/streambench/streambench/workloads"

// chooseSide returns the rows of a range that belong to one side of a join.
func (s *stage) chooseSide(b *workloads.Batch, r rows, which int) []int32 {
	of := &s.plan.join.sides[which]
	var sel []int32
	if len(of.filter) == 0 {
		sel = s.sel[:0]
		for i := r.lo; i < r.hi; i++ {
			sel = append(sel, int32(i))
		}
	} else {
		sel = of.filter[0].first(b, r, s.sel)
		for _, c := range of.filter[1:] {
			sel = c.narrow(b, sel)
		}
	}
	s.matched += uint64(len(sel))
	if of.meets >= 0 {
		s.meet(b, of.where, sel)
	}
	return sel
}

// meet notes which of the chosen rows meet all of some conditions.
func (s *stage) meet(b *workloads.Batch, where []condition, sel []int32) {
	for _, i := range sel {
		s.met[i] = 1
	}
	for _, c := range where {
		col := b.Column(c.col)
		for _, i := range sel {
			if s.met[i] == 1 && !c.holds(col[i]) {
				s.met[i] = 0
				s.matched--
			}
		}
	}
}

// sideView shows the columns of a batch that one side of a join reads.
func (s *stage) sideView(b *workloads.Batch, which int, v *block) {
	of := &s.plan.join.sides[which]
	v.key, v.ts, v.seq = b.Column(of.key), b.TS, b.Seq
	v.values = v.values[:0]
	for _, col := range of.values {
		v.values = append(v.values, s.source(b, col))
	}
}

// bothSides makes the block of a range of rows of a join.
func (s *stage) bothSides(b *workloads.Batch, r rows) *block {
	k := s.own
	k.n = 0
	for which := range bothSides {
		sel := s.chooseSide(b, r, which)
		s.sideView(b, which, &s.shared)
		k.append(&s.shared, sel)
		if which == thisSide {
			k.mid = k.n
		}
	}
	return k
}

// append puts the selected rows of another block behind those of a block with columns of its own.
// The other may have fewer values.
func (b *block) append(src *block, sel []int32) {
	lo := b.n
	b.n += len(sel)
	gather(b.key[lo:], src.key, sel)
	gather(b.ts[lo:], src.ts, sel)
	gather(b.seq[lo:], src.seq, sel)
	for v, col := range src.values {
		gather(b.values[v][lo:], col, sel)
	}
}

// scatterSides sends the events of both sides of a join to the slots that own their keys, and
// returns the block that stays. There is credit.
func (x *exchange) scatterSides(b *workloads.Batch, after said) *block {
	for d, l := range x.out {
		x.to[d] = x.own
		if l != nil {
			x.to[d], _ = l.free.pop()
		}
		x.to[d].n = 0
	}
	for which := range bothSides {
		sel := x.stage.chooseSide(b, rows{0, b.N}, which)
		x.stage.sideView(b, which, &x.view)
		counts := x.divide(x.view.key, sel)
		for d, dst := range x.to {
			dst.append(&x.view, x.sel[d][:counts[d]])
			if which == thisSide {
				dst.mid = dst.n
			}
		}
	}
	for d, l := range x.out {
		dst := x.to[d]
		dst.from, dst.said, dst.barrier = x.self, after, 0
		if l != nil && !l.full.push(dst) {
			panic("BUG: a link has fewer places than blocks")
		}
	}
	return x.own
}
