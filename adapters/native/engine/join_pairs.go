package engine

// equal reports whether two events that share a place in the table share their keys too.
func (j *joinPlan) equal(this, other []int64) bool {
	for i, k := range j.sides[thisSide].keys {
		if this[k] != other[j.sides[otherSide].keys[i]] {
			return false
		}
	}
	return true
}

// pairPane keeps the events of both sides of a slice of time by key.
//
//	heads  [ key | count | this | other ]      the key, or what several keys hash to
//	                        |       \-> event -> event …
//	                        \-> event -> event …
//	events [ key | side+1 | next | values … ]  rows that no index knows of
//
// Only events are written down by checkpoints; the heads follow from them.
type pairPane struct {
	join   *joinPlan
	heads  *table
	events *table
	at     []uint32
	hashes []int64
}

// Words of an event behind its key and count, which says the side.
const (
	eventNext = 2 + iota // the next event of the key and side, row+1
	eventOf              // its values
)

// pairHeads is where the words of a head begin that name its newest events, one a side.
const pairHeads = 2

func newPairPane(p *plan, state *arena) (*pairPane, error) {
	events, err := state.table(make([]int64, eventOf-1+len(p.values)), firstIndex)
	if err != nil {
		return nil, err
	}
	heads, err := state.scratch(make([]int64, pairHeads-1+bothSides), firstIndex)
	return &pairPane{
		join: p.join, heads: heads, events: events,
		at: make([]uint32, state.batchRows), hashes: make([]int64, state.batchRows),
	}, err
}

func (p *pairPane) add(b *block) {
	for which, r := range [bothSides]rows{{0, b.mid}, {b.mid, b.n}} {
		for i, head := range p.locate(b, which, r) {
			row := p.put(b.key[r.lo+i], which, head)
			for v := range p.join.sides[which].values {
				p.events.rows[int(row)+eventOf+v] = b.values[v][r.lo+i]
			}
		}
	}
}

// locate finds the heads of events of one side.
func (p *pairPane) locate(b *block, which int, r rows) []uint32 {
	at, keys := p.at[:r.hi-r.lo], b.key[r.lo:r.hi]
	if fields := p.join.sides[which].keys; len(fields) > 0 {
		keys = p.hashes[:r.hi-r.lo]
		clear(keys)
		for _, v := range fields {
			mixIn(keys, b.values[v][r.lo:r.hi])
		}
	}
	p.heads.locate(keys, at)
	return at
}

// mixIn makes each hash one of the value beside it too.
func mixIn(hashes, values []int64) {
	for i, v := range values {
		hashes[i] = mixed(hashes[i], v)
	}
}

func mixed(h, v int64) int64 { return int64(hash(v+1) ^ hash(h)*0xbf58476d1ce4e5b9) }

// put makes the row of an event and hangs it on a head.
func (p *pairPane) put(key int64, which int, head uint32) (row uint32) {
	row = p.events.add(key)
	h := p.heads.rows[head:]
	p.events.rows[row+wordCount] = int64(which) + 1
	p.events.rows[row+eventNext], h[pairHeads+which] = h[pairHeads+which], p.events.entry(row)
	h[wordCount] = 1
	return row
}

func (p *pairPane) reset() {
	p.heads.reset()
	p.events.reset()
}

func (p *pairPane) save(e *encoder) { p.events.save(e) }

func (p *pairPane) load(d *decoder) {
	d.rowsOf(p.events.stride, func(from []int64) {
		which := int(from[wordCount] - 1)
		if which != thisSide && which != otherSide {
			d.fail("an event of side %d", which)
			return
		}
		key := from[wordKey]
		if fields := p.join.sides[which].keys; len(fields) > 0 {
			key = 0
			for _, v := range fields {
				key = mixed(key, from[eventOf+v])
			}
		}
		row := p.put(from[wordKey], which, p.heads.one(key))
		copy(p.events.rows[row+eventOf:int(row)+p.events.stride], from[eventOf:])
	})
}
