package engine

import "github.com/streambench/streambench/workloads"

// block is a run of events after filter and lookup: what the keyed stages work on, and what
// travels between slots. A block from a filter that drops nothing shares its columns with the
// batch they came from.
type block struct {
	n       int
	mid     int // of a join: rows before it are of this side, the others of the other
	key     []int64
	ts, seq []int64
	values  [][]int64 // plan.values

	// Between slots: the source shard, and what it says after these rows.
	from int
	said said
	// barrier is the id of a barrier, which has no rows; 0 for none.
	barrier uint64
}

// newBlock makes a block with columns of its own.
func newBlock(p *plan, rows int) *block {
	b := &block{
		key: make([]int64, rows),
		ts:  make([]int64, rows),
		seq: make([]int64, rows),
	}
	for range p.values {
		b.values = append(b.values, make([]int64, rows))
	}
	return b
}

// stage filters and looks up the rows of a batch.
type stage struct {
	plan    *plan
	sel     []int32
	shared  block   // columns of a batch that passed whole
	own     *block  // columns of its own
	looked  []int64 // the looked-up value of each row of a batch
	met     []int64 // of a join: 1 for each row that meets the predicates of its side
	matched uint64
}

func newStage(p *plan, batchRows int) *stage {
	return &stage{
		plan:   p,
		sel:    make([]int32, batchRows),
		shared: block{values: make([][]int64, len(p.values))},
		own:    newBlock(p, batchRows),
		looked: make([]int64, batchRows),
		met:    make([]int64, batchRows),
	}
}

// choose returns the rows of a range that meet the query's predicates; all is true if every row
// does, and then there is no selection.
func (s *stage) choose(b *workloads.Batch, r rows) (sel []int32, all bool) {
	if len(s.plan.filter) == 0 {
		s.matched += uint64(r.hi - r.lo)
		return nil, true
	}
	sel = s.plan.filter[0].first(b, r, s.sel)
	for _, c := range s.plan.filter[1:] {
		sel = c.narrow(b, sel)
	}
	s.matched += uint64(len(sel))
	return sel, len(sel) == r.hi-r.lo
}

// block makes the block of a range of rows.
func (s *stage) block(b *workloads.Batch, r rows) *block {
	if s.plan.join != nil {
		return s.bothSides(b, r)
	}
	sel, all := s.choose(b, r)
	if all {
		s.lookAll(b, r)
		k := &s.shared
		k.n = r.hi - r.lo
		k.ts, k.seq = b.TS[r.lo:r.hi], b.Seq[r.lo:r.hi]
		k.key = s.column(b, s.plan.key, r)
		for i, c := range s.plan.values {
			k.values[i] = s.column(b, c, r)
		}
		return k
	}
	s.lookSome(b, sel)
	k := s.own
	k.n = len(sel)
	gather(k.ts, b.TS, sel)
	gather(k.seq, b.Seq, sel)
	if s.plan.key != noKey {
		gather(k.key, s.source(b, s.plan.key), sel)
	}
	for i, c := range s.plan.values {
		gather(k.values[i], s.source(b, c), sel)
	}
	return k
}

// take fills a block with columns of its own with the selected rows of another.
func (b *block) take(src *block, sel []int32) {
	b.n = len(sel)
	gather(b.key, src.key, sel)
	gather(b.ts, src.ts, sel)
	gather(b.seq, src.seq, sel)
	for v, col := range src.values {
		gather(b.values[v], col, sel)
	}
}

// gather copies the selected rows of a column to the front of another.
func gather(dst, src []int64, sel []int32) {
	dst = dst[:len(sel)]
	for j, i := range sel {
		dst[j] = src[i]
	}
}

func (s *stage) lookAll(b *workloads.Batch, r rows) {
	if s.plan.lookup == nil {
		return
	}
	col, table := s.lookupColumn(b), s.plan.lookup.Table
	for i := r.lo; i < r.hi; i++ {
		s.looked[i] = table[col[i]]
	}
}

func (s *stage) lookSome(b *workloads.Batch, sel []int32) {
	if s.plan.lookup == nil {
		return
	}
	col, table := s.lookupColumn(b), s.plan.lookup.Table
	for _, i := range sel {
		s.looked[i] = table[col[i]]
	}
}

func (s *stage) lookupColumn(b *workloads.Batch) []int64 { return b.Column(s.plan.lookupCol) }

// source is a column of the batch or of the lookup.
func (s *stage) source(b *workloads.Batch, col int) []int64 {
	switch col {
	case looked:
		return s.looked
	case met:
		return s.met
	}
	return b.Column(col)
}

func (s *stage) column(b *workloads.Batch, col int, r rows) []int64 {
	if col == noKey {
		return nil
	}
	return s.source(b, col)[r.lo:r.hi]
}
