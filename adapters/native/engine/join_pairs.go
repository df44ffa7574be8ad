package engine

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
