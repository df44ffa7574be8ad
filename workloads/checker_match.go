package workloads

import "fmt"

// matcher matches received results with expected ones.
type matcher struct {
	c *windowChecker
	t *tally
	d Delivered
	// again says that the results were matched before, and their times told.
	again bool
	todo  []int64 // buckets still to be read, ascending
	now   int64   // bucket in got
	got   received
	open  bool
	// Events counted in the results delivered, and in the stream.
	counted, streamed int64
}

// takeOrdered matches an expected result; all received ones that end before it are done with.
func (m *matcher) takeOrdered(e *outcome) error {
	number := m.c.rows.bucketOf(e.EndMs)
	if !m.open || m.now != number {
		if err := m.turn(number); err != nil {
			return err
		}
	}
	m.match(e)
	return nil
}

// turn is done with the buckets before number and opens that one.
func (m *matcher) turn(number int64) error {
	m.rest()
	for len(m.todo) > 0 && m.todo[0] <= number {
		if err := m.load(m.todo[0]); err != nil {
			return err
		}
		if m.todo[0] < number {
			m.rest()
		}
		m.todo = m.todo[1:]
	}
	m.now, m.open = number, true
	return nil
}

func (m *matcher) load(number int64) error {
	m.got.reset(m.c.p)
	return m.c.rows.read(number, func(row []int64) error {
		m.got.add(row[:m.c.p.width], row[m.c.p.width])
		return nil
	})
}

// loadPart is load for those identities of a partition whose turn it is in one of several passes.
func (m *matcher) loadPart(number int64, pass, passes uint64) error {
	m.got.reset(m.c.p)
	return m.c.rows.read(number, func(row []int64) error {
		if m.c.p.passOf(row, passes) == pass {
			m.got.add(row[:m.c.p.width], row[m.c.p.width])
		}
		return nil
	})
}

// passOf is the pass in which an identity of a partition has its turn.
func (p *plan) passOf(row []int64, passes uint64) uint64 {
	return p.identityHash(row) / partitions % passes
}

// rest makes phantoms of the received results of the open bucket that nobody expected.
func (m *matcher) rest() {
	for i := range m.got.ids {
		if id := &m.got.ids[i]; !id.expected {
			m.unexpected(id)
		}
	}
	m.got.reset(m.c.p)
}

func (m *matcher) finishOrdered() error {
	if err := m.turn(farFuture); err != nil {
		return err
	}
	m.rest()
	return nil
}

func (m *matcher) finishPartitioned(want *spool) error {
	for number := range int64(partitions) {
		passes := 1 + uint64(m.c.rows.count(number)/m.c.partRows)
		for pass := range passes {
			if err := m.loadPart(number, pass, passes); err != nil {
				return err
			}
			err := want.read(number, func(row []int64) error {
				if m.c.p.passOf(row, passes) == pass {
					m.match(unspooled(row, m.c.p.width))
				}
				return nil
			})
			if err != nil {
				return err
			}
			m.rest()
		}
	}
	return nil
}

// match classes one expected identity and what was received of it.
func (m *matcher) match(e *outcome) {
	p := m.c.p
	m.t.class(e)
	if p.q.SingleLevel() {
		all := e.Row
		if e.all != nil {
			all = e.all
		}
		m.streamed += all[p.counts()]
	}
	id := m.got.find(e.Row)
	switch {
	case id == nil && e.optional:
		return
	case id == nil:
		m.lost(e)
		return
	}
	id.expected = true
	if p.q.Retracts {
		m.matchStanding(e, id)
		return
	}
	m.receive(id)
	row := m.got.row(id.head)
	wrong := none
	switch p.q.Output.Kind {
	case Additive:
		if !e.allows(p, m.got.sum(id)) || id.parts != e.parts {
			wrong = id.head
		}
	case Upsert:
		m.t.l.Refinements += uint64(id.n - 1)
		row = m.got.row(id.tail)
		if !e.allows(p, row) {
			wrong = id.tail
		}
	case Append:
		for r := id.head; r != none && wrong == none; r = m.got.next[r] {
			if !e.allows(p, m.got.row(r)) {
				wrong = r
			}
		}
		if id.n > 1 {
			m.t.duplicated(row, uint64(id.n-1))
		}
	}
	if wrong == none {
		m.t.l.Matched++
		m.told(e, id)
		m.t.want.add(row) // equal to the expected one, or as legal
		return
	}
	m.t.want.add(e.Row)
	m.t.wrong(m.got.row(wrong), e.Row)
	m.mistaken(e, id)
}

// lost classes an expected identity of which nothing is left.
func (m *matcher) lost(e *outcome) {
	m.t.lost(e.Row)
	m.told(e, nil)
}

// unexpected classes what was received of an identity nobody expected.
func (m *matcher) unexpected(id *arrival) {
	if m.c.p.q.Retracts {
		m.unexpectedStanding(id)
		return
	}
	m.receive(id)
	if m.c.p.q.Output.Kind == Additive {
		m.t.phantom(m.got.sum(id))
		return
	}
	for r := id.head; r != none; r = m.got.next[r] {
		m.t.phantom(m.got.row(r))
	}
}

// receive counts what was received of an identity and the result set it makes.
func (m *matcher) receive(id *arrival) {
	t, g := m.t, &m.got
	first, last := id.head, id.tail
	switch m.c.p.q.Output.Kind {
	case Additive:
		g.sum(id)
		t.l.Received++
		last = first
	case Upsert:
		t.l.Received += uint64(id.n)
		first = last
	default:
		t.l.Received += uint64(id.n)
	}
	for r := first; r != none; r = g.next[r] {
		t.got.add(g.row(r))
		if m.c.p.q.SingleLevel() {
			m.counted += g.row(r)[m.c.p.counts()]
		}
		if r == last {
			return
		}
	}
}

// conserve checks that every event is in a result or counted as too late. A window that hops can
// drop an event while another takes it, so that a counter of events says nothing of results.
func (m *matcher) conserve(d Delivered, relaxed bool) {
	l := &m.t.l
	if d.TooLate < 0 || l.Lost+l.Wrong+l.Phantom+l.Duplicated > 0 {
		return // no counter, or what does not add up is in those classes already
	}
	tooLate := uint64(d.TooLate)
	switch {
	case relaxed && m.c.late != nil:
		if n := l.LateOutput.Received; n != tooLate && l.clean() {
			m.t.unexplained(distance(n, tooLate), fmt.Sprintf("the system dropped %d events as too "+
				"late, but its late output has %d", tooLate, n))
		}
	case relaxed && m.c.p.q.Window.Kind == Hopping:
	case relaxed:
		if n := distance(uint64(m.counted)+tooLate, uint64(m.streamed)); n > 0 {
			m.t.unexplained(n, fmt.Sprintf("the results hold %d events and the system dropped %d "+
				"as too late, but the stream has %d", m.counted, tooLate, m.streamed))
		}
	case tooLate != l.Lateness.TooLate:
		m.t.unexplained(distance(tooLate, l.Lateness.TooLate), fmt.Sprintf(
			"the system dropped %d events as too late, but %d are", tooLate, l.Lateness.TooLate))
	}
}

// allows says whether a received row is right: equal to the expected one or, where too-late events
// may count, to the one with all of them, or with some of them in between.
func (e *outcome) allows(p *plan, got []int64) bool {
	if !e.optional && p.equal(p.values(got), e.Row) {
		return true
	}
	if e.all == nil {
		return false
	}
	n, least := got[p.counts()], e.Row[p.counts()]
	if e.optional {
		least = 0
	}
	return n > least && n < e.all[p.counts()] || p.equal(p.values(got), e.all)
}
