package engine

import "github.com/streambench/streambench/workloads"

// pairing makes windows of the pairs of two sides. A slice keeps its events by key; a window made of
// several slices is put together, when it closes, from the chains of each.
//
//	slice a: key 7 -> this, this      other          window: key 7 -> chains of a and b
//	slice b: key 7 -> this            other, other
type pairing struct {
	plan  *plan
	out   *emitter
	arena *arena
	slab  *slab // of the shelves of all slices
	// whole is a window of several slices: a row's chains hold, in place of events, links to the
	// chains of the slices.
	whole *table
	links shelf
	ends  [bothSides][]int64 // scratch of meet: chains of a key
	line  []int64
}

func newPairing(s *slot) (*pairing, error) {
	p := s.engine.plan
	g := &pairing{plan: p, out: s.out, arena: &s.state, line: make([]int64, len(p.out))}
	var err error
	if g.slab, err = s.state.slab(shelfPiece(pairStride(p))); err != nil {
		return nil, err
	}
	if p.query.Window.Kind == workloads.Tumbling {
		return g, nil
	}
	links, err := s.state.slab(shelfPiece(linkWords))
	if err != nil {
		return nil, err
	}
	g.links = shelf{slab: links, stride: linkWords}
	g.whole, err = s.state.table(make([]int64, pairHeads+bothSides-1), firstIndex)
	return g, err
}

// Words of a link.
const (
	linkNext = iota
	linkHead // the chain of a slice
	linkWords
)

// pairPane is the events of a slice.
type pairPane struct{ *pairStore }

func (g *pairing) pane() (pane, error) {
	ps, err := newPairs(g.plan, g.arena, g.slab)
	return pairPane{ps}, err
}

func (p pairPane) add(b *block) {
	for _, r := range p.parts(b) {
		for i, row := range p.locate(b, r.rows) {
			p.put(b, r.rows.lo+i, row, r.which)
		}
	}
}

func (p pairPane) reset() {
	p.shelf.clear()
	p.table.reset()
}

func (g *pairing) join(pane) {}

func (g *pairing) leave(pane) {}

// emit delivers the pairs of a window.
func (g *pairing) emit(startMs, endMs int64, panes []pane) {
	w := window{startMs, endMs}
	if len(panes) == 1 {
		t := panes[0].(pairPane).table
		for i := range t.n {
			row := t.rows[i*t.stride:]
			for which := range bothSides {
				g.ends[which] = g.ends[which][:0]
				if h := row[pairHeads+which]; h != 0 {
					g.ends[which] = append(g.ends[which], h)
				}
			}
			g.meet(w)
		}
		return
	}
	for _, p := range panes {
		g.gather(p.(pairPane).table)
	}
	t := g.whole
	for i := range t.n {
		row := t.rows[i*t.stride:]
		for which := range bothSides {
			g.ends[which] = g.ends[which][:0]
			for l := row[pairHeads+which]; l != 0; {
				link := g.links.row(l)
				g.ends[which] = append(g.ends[which], link[linkHead])
				l = link[linkNext]
			}
		}
		g.meet(w)
	}
	t.reset()
	g.links.clear()
}

// gather hangs the chains of a slice into the rows of the window.
func (g *pairing) gather(t *table) {
	var at [gatherRows]uint32
	var keys [gatherRows]int64
	for lo := 0; lo < t.n; lo += gatherRows {
		n := min(gatherRows, t.n-lo)
		for i := range n {
			keys[i] = t.rows[(lo+i)*t.stride]
		}
		g.whole.locate(keys[:n], at[:n])
		for i := range n {
			from, to := t.rows[(lo+i)*t.stride:], g.whole.rows[at[i]:]
			for which := range bothSides {
				if h := from[pairHeads+which]; h != 0 {
					ref, link := g.links.put()
					link[linkNext], link[linkHead] = to[pairHeads+which], h
					to[pairHeads+which] = ref
				}
			}
		}
	}
}

// gatherRows is how many rows are looked up side by side; a table's batch is never smaller.
const gatherRows = 16

// meet delivers the pairs of the chains in hand, of one key or hash.
func (g *pairing) meet(w window) {
	events := shelf{slab: g.slab, stride: pairStride(g.plan)}
	for _, a := range g.ends[thisSide] {
		for a != 0 {
			this := events.row(a)
			a = this[rowNext]
			for _, o := range g.ends[otherSide] {
				for o != 0 {
					other := events.row(o)
					o = other[rowNext]
					if !g.plan.join.equal(this[rowValues:], other[rowValues:]) {
						continue
					}
					g.deliver(w, this[rowValues:], other[rowValues:])
					if g.plan.join.Distinct {
						return // its identity is the key, and that has its pair now
					}
				}
			}
		}
	}
}

func (g *pairing) deliver(w window, this, other []int64) {
	for c, s := range g.plan.out {
		g.line[c] = s.ofPair(w, this, other)
	}
	g.out.line(g.line)
}
