package engine

// tableJoin is the operator of joins without windows where a key may have many events on either
// side: all of them are kept for ever.
type tableJoin struct {
	plan  *plan
	out   *emitter
	pairs *pairStore
	at    []uint32
	line  []int64
}

func newTableJoin(s *slot) (*tableJoin, error) {
	p := s.engine.plan
	slab, err := s.state.slab(shelfPiece(pairStride(p)))
	if err != nil {
		return nil, err
	}
	ps, err := newPairs(p, &s.state, slab)
	if err != nil {
		return nil, err
	}
	return &tableJoin{plan: p, out: s.out, pairs: ps, line: make([]int64, len(p.out))}, nil
}

// add pairs each event with those of the other side that came before it.
func (t *tableJoin) add(b *block) {
	for _, r := range t.pairs.parts(b) {
		at := t.pairs.locate(b, r.rows)
		for i, row := range at {
			ref := t.pairs.put(b, r.rows.lo+i, row, r.which)
			self := t.pairs.shelf.row(ref)[rowValues:]
			other := bothSides - 1 - r.which
			for o := t.pairs.head(row, other); o != 0; {
				w := t.pairs.shelf.row(o)
				o = w[rowNext]
				this, with := self, w[rowValues:]
				if r.which == otherSide {
					this, with = with, this
				}
				if t.plan.join.equal(this, with) {
					t.emit(this, with)
				}
			}
		}
	}
}

func (t *tableJoin) emit(this, other []int64) {
	for c, s := range t.plan.out {
		t.line[c] = s.ofPair(window{}, this, other)
	}
	t.out.line(t.line)
}

func (t *tableJoin) advance(int64) {}

func (t *tableJoin) late() (late, allowed uint64) { return 0, 0 }

// equal reports whether two events that share a place in the table share their keys too.
func (j *joined) equal(this, other []int64) bool {
	for i, k := range j.sides[thisSide].keys {
		if this[k] != other[j.sides[otherSide].keys[i]] {
			return false
		}
	}
	return true
}

// pairStore keeps the events of both sides of a join by key.
//
//	row  [ key | count | this | other ]      the key, or what several keys hash to
//	                      |       \-> [ next | values … ] -> …
//	                      \-> [ next | values … ] -> …
type pairStore struct {
	join   *joined
	table  *table
	shelf  shelf
	at     []uint32
	hashes []int64
}

// Words of a row of a pairStore behind its key and count, one a side.
const pairHeads = 2

// Words of an event on a shelf.
const (
	rowNext = iota
	rowValues
)

// pairStride is the size of an event on a shelf.
func pairStride(p *plan) int { return rowValues + len(p.values) }

func newPairs(p *plan, state *arena, slab *slab) (*pairStore, error) {
	t, err := state.table(make([]int64, pairHeads+bothSides-1), firstIndex)
	if err != nil {
		return nil, err
	}
	return &pairStore{
		join: p.join, table: t, shelf: shelf{slab: slab, stride: pairStride(p)},
		at: make([]uint32, state.batchRows), hashes: make([]int64, state.batchRows),
	}, nil
}

// part is the rows of a block that are of one side.
type part struct {
	which int
	rows  rows
}

// parts are the two sides of a block.
func (p *pairStore) parts(b *block) [bothSides]part {
	return [...]part{{thisSide, rows{0, b.mid}}, {otherSide, rows{b.mid, b.n}}}
}

// locate finds the rows of the keys of some events of one side.
func (p *pairStore) locate(b *block, r rows) []uint32 {
	at := p.at[:r.hi-r.lo]
	which := thisSide
	if r.lo >= b.mid {
		which = otherSide
	}
	keys := b.key[r.lo:r.hi]
	if fields := p.join.sides[which].keys; len(fields) > 0 {
		keys = p.hashes[:r.hi-r.lo]
		clear(keys)
		for _, v := range fields {
			mixIn(keys, b.values[v][r.lo:r.hi])
		}
	}
	p.table.locate(keys, at)
	return at
}

// mixIn makes each hash one of the value beside it too.
func mixIn(hashes, values []int64) {
	for i, v := range values {
		hashes[i] = int64(hash(v+1) ^ hash(hashes[i])*0xbf58476d1ce4e5b9)
	}
}

// put keeps event i of a block, of one side, in a row.
func (p *pairStore) put(b *block, i int, row uint32, which int) (ref int64) {
	ref, words := p.shelf.put()
	for v := range p.join.sides[which].values {
		words[rowValues+v] = b.values[v][i]
	}
	r := p.table.rows[row:]
	words[rowNext], r[pairHeads+which], r[wordCount] = r[pairHeads+which], ref, 1
	return ref
}

// head is the newest event of a side in a row, 0 if there is none.
func (p *pairStore) head(row uint32, which int) int64 { return p.table.rows[int(row)+pairHeads+which] }
