package workloads

// Contribution says of a right result which event was the last to go into it. Nothing in a line
// tells that: the oracle knows it once the run is over.
type Contribution struct {
	Trigger    uint64 // slot of the event that completes the window
	Last       uint64 // slot of the last event inside
	ReceivedNs int64  // when the result arrived, of copies the first
}

// TellsLast reports whether the oracle knows the last event inside each result of a query: windows
// that aggregate and are answered once. A refined result has a last event for every time it was
// told, and a session or a sliding window is told apart by its last event already.
func (q Query) TellsLast() bool {
	bounded := q.Window.Kind == Tumbling || q.Window.Kind == Hopping
	return bounded && !q.Window.Processing && len(q.Aggregates) > 0 && q.LatenessMs == 0 &&
		q.Output.Kind == Append
}

// trackLast gives accumulators a word for the slot of their last event.
func (p *plan) trackLast() {
	p.last = p.state
	p.state++
	p.fresh = p.start(nil)
}

// note keeps the slot of an event, which comes after all those before it.
func (p *plan) note(acc []int64, slot int64) {
	if p.last > 0 {
		acc[p.last] = slot
	}
}

// noteColumn is note for the rows inside the pane.
func (f *windowFold) noteColumn(g *groups) {
	p := f.o.p
	if p.last == 0 {
		return
	}
	words, state, first := g.words, p.state, int64(f.o.first)
	for i, n := range f.insideOf {
		words[int(n)*state+p.last] = first + int64(f.inside[i])
	}
}

// told passes on what is known of the times of expected results: of those that never came, and of
// those that are right. It is told in one pass over the results alone.
func (m *matcher) told(e *outcome, id *arrival) {
	switch {
	case !e.Timed || m.again:
	case id == nil:
		if m.d.Lost != nil {
			m.d.Lost(e.Trigger)
		}
	case m.d.Contributed != nil && m.c.p.last > 0:
		m.d.Contributed(Contribution{e.Trigger, e.last, m.got.at[id.head]})
	}
}
