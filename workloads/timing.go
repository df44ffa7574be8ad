package workloads

// Timing is what is known of the times of a right result once the run is over.
type Timing struct {
	Trigger    uint64 // slot of its trigger
	ReceivedNs int64  // when it arrived, of copies and refinements the first
	// Last is the slot of the last event inside, which nothing in a line tells: only the oracle knows
	// it, and only where HasLast is set.
	Last    uint64
	HasLast bool
}

// TellsLast reports whether the oracle knows the last event inside each result of a query: windows
// that aggregate, or join, and are answered once. A refined result has a last event for every time
// it was told, and a session or a sliding window is told apart by its last event already.
func (q Query) TellsLast() bool {
	bounded := q.Window.Kind == Tumbling || q.Window.Kind == Hopping
	return bounded && !q.Window.Processing && (len(q.Aggregates) > 0 || q.Join != nil) &&
		q.LatenessMs == 0 && q.Output.Kind == Append
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
	case m.d.Timed != nil:
		m.d.Timed(Timing{e.Trigger, m.got.at[m.since(id)], e.last, m.c.p.last > 0})
	}
}

// since is the row with which an identity had its value: of results that come once the first, and
// of a window that was refined too. Of values that single events change it is the first of those at
// the end that are equal to the last.
func (m *matcher) since(id *arrival) int32 {
	if !m.c.p.q.changes() {
		return id.head
	}
	first, last := id.head, m.got.row(id.tail)
	for r := id.head; r != none; r = m.got.next[r] {
		if !m.c.p.equal(m.got.row(r), last) {
			first = m.got.next[r]
		}
	}
	return first
}

// Words behind a result of the oracle in a spool.
const (
	spooledParts   = iota
	spooledTrigger // 1 + slot; 0 where the result is not timed
	spooledLast
	spooledWords
)

// spool writes what is known of an outcome beside its row.
func (e *outcome) spool(words []int64) {
	words[spooledParts], words[spooledTrigger], words[spooledLast] = int64(e.parts), 0, int64(e.last)
	if e.Timed {
		words[spooledTrigger] = 1 + int64(e.Trigger)
	}
}

// unspooled reads an outcome back.
func unspooled(row []int64, width int) *outcome {
	words := row[width:]
	e := &outcome{parts: uint64(words[spooledParts]), last: uint64(words[spooledLast])}
	e.Row, e.Timed = row[:width], words[spooledTrigger] > 0
	e.Trigger = uint64(words[spooledTrigger] - 1)
	return e
}

// mistaken passes on when a wrong result came.
func (m *matcher) mistaken(e *outcome, id *arrival) {
	if e.Timed && !m.again && m.d.Mistaken != nil {
		m.d.Mistaken(Timing{Trigger: e.Trigger, ReceivedNs: m.got.at[id.head]})
	}
}

// wholePage is a page all of whose results have come, the last at a time since T0.
type wholePage struct {
	number     uint64
	receivedNs int64
}

// tellPages tells when each page was whole, by its last slot. The last page of a run may end beyond
// the events offered: it is not told.
func (c *eventChecker) tellPages(d Delivered) {
	for _, p := range c.whole {
		if end := (p.number + 1) * c.pageN; d.Timed != nil && end <= d.Events {
			d.Timed(Timing{Trigger: end - 1, ReceivedNs: p.receivedNs})
		}
	}
}
