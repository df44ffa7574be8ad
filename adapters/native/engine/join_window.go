package engine

import "github.com/streambench/streambench/workloads"

// pairing makes windows of the pairs of two sides. A window made of several slices is put together,
// when it closes, from the chains of each.
//
//	slice a: key 7 -> this, this      other          window: key 7 -> chains of a and b
//	slice b: key 7 -> this            other, other
type pairing struct {
	plan  *plan
	out   *emitter
	arena *arena
	// whole is a window of several slices: its heads name links, which are rows of links.
	whole, links *table
	chains       [bothSides][]chain // scratch of meet: those of a key
	line         []int64
}

// chain is events of one side and key in a slice.
type chain struct {
	events *table
	first  int64
}

// A link is the number of a slice, then these words.
const (
	linkFirst = 1 + iota // of the chain
	linkNext
	linkWords
)

func newPairing(s *slot) (*pairing, error) {
	p := s.engine.plan
	g := &pairing{plan: p, out: s.out, arena: &s.state, line: make([]int64, len(p.out))}
	if p.query.Window.Kind == workloads.Tumbling {
		return g, nil
	}
	var err error
	if g.links, err = s.state.scratch(make([]int64, linkWords-1), firstIndex); err != nil {
		return nil, err
	}
	g.whole, err = s.state.scratch(make([]int64, pairHeads-1+bothSides), firstIndex)
	return g, err
}

func (g *pairing) pane() (pane, error) { return newPairPane(g.plan, g.arena) }

func (g *pairing) join(pane) {}

func (g *pairing) leave(pane) {}

// emit delivers the pairs of a window.
func (g *pairing) emit(startMs, endMs int64, panes []pane) {
	w := window{startMs, endMs}
	if len(panes) == 1 {
		g.emitOne(w, panes[0].(*pairPane))
		return
	}
	for i, p := range panes {
		g.gather(int64(i), p.(*pairPane).heads)
	}
	for i := range g.whole.n {
		head := g.whole.rows[i*g.whole.stride:]
		for which := range bothSides {
			g.chains[which] = g.chains[which][:0]
			for l := head[pairHeads+which]; l != 0; {
				link := g.links.rows[g.links.row(l):]
				events := panes[link[wordKey]].(*pairPane).events
				g.chains[which] = append(g.chains[which], chain{events, link[linkFirst]})
				l = link[linkNext]
			}
		}
		g.meet(w)
	}
	g.whole.reset()
	g.links.reset()
}

// emitOne delivers the pairs of a window that is one slice.
func (g *pairing) emitOne(w window, p *pairPane) {
	for i := range p.heads.n {
		head := p.heads.rows[i*p.heads.stride:]
		for which := range bothSides {
			g.chains[which] = append(g.chains[which][:0], chain{p.events, head[pairHeads+which]})
		}
		g.meet(w)
	}
}

// gatherRows is how many heads are looked up side by side; no batch is smaller.
const gatherRows = 16

// gather links the chains of a slice to the heads of the window.
func (g *pairing) gather(slice int64, heads *table) {
	var at [gatherRows]uint32
	var keys [gatherRows]int64
	for lo := 0; lo < heads.n; lo += gatherRows {
		n := min(gatherRows, heads.n-lo)
		for i := range n {
			keys[i] = heads.rows[(lo+i)*heads.stride]
		}
		g.whole.locate(keys[:n], at[:n])
		for i := range n {
			from, to := heads.rows[(lo+i)*heads.stride:], g.whole.rows[at[i]:]
			for which := range bothSides {
				if first := from[pairHeads+which]; first != 0 {
					row := g.links.add(slice)
					link := g.links.rows[row:]
					link[linkFirst], link[linkNext] = first, to[pairHeads+which]
					to[pairHeads+which] = g.links.entry(row)
				}
			}
		}
	}
}

// meet delivers the pairs of the chains in hand, of one key or hash.
func (g *pairing) meet(w window) {
	for _, a := range g.chains[thisSide] {
		for a.first != 0 {
			this := a.events.rows[a.events.row(a.first):]
			a.first = this[eventNext]
			if g.meetOther(w, this[eventOf:]) && g.plan.join.Distinct {
				return // its identity is the key, and that has its pair now
			}
		}
	}
}

// meetOther delivers the pairs of an event of this side, and reports whether there was any.
func (g *pairing) meetOther(w window, this []int64) (any bool) {
	for _, o := range g.chains[otherSide] {
		for o.first != 0 {
			row := o.events.rows[o.events.row(o.first):]
			o.first = row[eventNext]
			other := row[eventOf:]
			if !g.plan.join.equal(this, other) {
				continue
			}
			for c, s := range g.plan.out {
				g.line[c] = s.ofPair(w, this, other)
			}
			g.out.line(g.line)
			if any = true; g.plan.join.Distinct {
				return true
			}
		}
	}
	return any
}
