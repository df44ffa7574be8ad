package workloads

import (
	"context"
	"errors"
	"fmt"
)

// windowChecker spools the results of a windowed query while the system runs and matches them with
// the oracle's afterwards, a bucket at a time:
//
//	ordered      identities hold the window, or the number of an event and so its time: buckets by
//	             window end, in step with the oracle, which emits in that order. Memory holds the
//	             results of one end.
//	partitioned  they do not (sessions, whose end is a value; additive results, which have none):
//	             buckets by hash of the identity, and the oracle's results are spooled alike.
type windowChecker struct {
	p       *plan
	dir     string
	ordered bool
	anchor  int   // column of the window's time
	plus    int64 // what makes it the end
	rows    *spool
	times   *TriggerFinder // dates the events of sliding windows; nil for others
	late    *sideLog       // nil if the query has no late output
	// partRows is how many results of a partition are held in memory at a time.
	partRows int64
}

// partitions is the number of buckets of a partitioned spool, each of which has its chunk.
const partitions = hotBuckets

// slidingBucket is about how many results of sliding windows, one an event, a bucket holds.
const slidingBucket = 1 << 16

// defaultPartRows bounds the memory of partitions: a longer run takes more passes over its spool.
const defaultPartRows = 1 << 16

func newWindowChecker(p *plan, dir string) (*windowChecker, error) {
	c := &windowChecker{p: p, dir: dir, partRows: defaultPartRows}
	c.anchor, c.plus = p.q.Anchor()
	width := int64(1)
	switch p.q.Window.Kind {
	case Tumbling:
		width = p.q.Window.SizeMs
	case Hopping:
		width = p.q.Window.SlideMs
	case Sliding:
		c.times = NewTriggerFinder(p.w)
		width = max(1, slidingBucket*1000/int64(p.w.Timeline.EventRate))
	}
	for _, col := range p.ident {
		c.ordered = c.ordered || col == c.anchor
	}
	if !c.ordered {
		width = 1
	}
	var err error
	if c.rows, err = newSpool(dir, p.width+1, width); err != nil {
		return nil, err
	}
	if p.q.Late != nil {
		if c.late, err = newSideLog(p, LateEvents, dir); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// number is what buckets are made from. Times no stream reaches fall together.
func (c *windowChecker) number(row []int64) int64 {
	if !c.ordered {
		return int64(c.p.identityHash(row) % partitions)
	}
	const limit = 1 << 60
	if c.times != nil {
		if row[c.anchor] < 0 {
			return -limit
		}
		return min(max(c.times.timeOf(uint64(row[c.anchor])), -limit), limit)
	}
	return min(max(row[c.anchor], -limit), limit) + c.plus
}

func (c *windowChecker) Add(rs *Results, receivedNs int64) error {
	if rs.Stream != Answers {
		if c.late == nil || rs.Stream != LateEvents {
			return errNoOutput(c.p.q, rs.Stream)
		}
		return c.late.add(rs)
	}
	width := c.p.width
	buf := make([]int64, width+1)
	buf[width] = receivedNs
	for i := range rs.N {
		rs.Row(buf[:width], i)
		if err := c.rows.add(c.number(buf), buf); err != nil {
			return err
		}
	}
	return nil
}

func (c *windowChecker) Results(fn func(row []int64, receivedNs int64) error) error {
	width := c.p.width
	return c.rows.readAll(func(r []int64) error { return fn(r[:width], r[width]) })
}

func (c *windowChecker) Close() error { return errors.Join(c.rows.close(), c.late.close()) }

func (c *windowChecker) Finish(ctx context.Context, d Delivered) (Ledger, error) {
	l, behind, err := c.account(ctx, d, 0)
	if err != nil || d.Strict || l.Lateness.TooLate == 0 || l.clean() && c.allSetAside(&l) {
		return l, err
	}
	if c.ordered && c.p.q.Rank == nil && c.times == nil {
		l, _, err = c.account(ctx, d, behind)
		return l, err
	}
	// Whether a too-late event counts changes which sessions or which ranked rows there are, so
	// what differs may be legal.
	n := l.Lost + l.Wrong + l.Phantom
	l.Unexplained += n
	l.Offenders = append(l.Offenders, Offender{Class: classLate, Note: fmt.Sprintf(
		"%d results differ, and %d events are too late by the ideal watermark: a watermark that "+
			"trails it may count them; run one source shard to have the answer exact",
		n, l.Lateness.TooLate)})
	return l, nil
}

// allSetAside says whether every event that is too late by the ideal watermark is in the late
// output, if there is one.
func (c *windowChecker) allSetAside(l *Ledger) bool {
	return c.late == nil || c.late.seen.n == l.Lateness.TooLate
}

// account matches every result once. With hold above 0 it accepts, for each identity, every number
// of its too-late events: a watermark may trail the ideal one. Where there is a late output it
// tells which of them have to count: exactly those it does not hold.
func (c *windowChecker) account(
	ctx context.Context, d Delivered, hold int64,
) (l Ledger, behind int64, err error) {
	m := &matcher{c: c, t: newTally(c.p, d.Events), d: d, again: hold > 0}
	var take func(e *outcome) error
	finish := m.finishOrdered
	if c.ordered {
		m.todo = c.rows.numbers()
		take = m.takeOrdered
	} else {
		want, err := newSpool(c.dir, c.p.width+2, 1)
		if err != nil {
			return Ledger{}, 0, err
		}
		defer want.close()
		row := make([]int64, c.p.width+2)
		take = func(e *outcome) error {
			copy(row, e.Row)
			row[c.p.width], row[c.p.width+1] = int64(e.parts), 0
			if e.Timed {
				row[c.p.width+1] = 1 + int64(e.Trigger)
			}
			return want.add(c.number(e.Row), row)
		}
		finish = func() error { return m.finishPartitioned(want) }
	}
	o := newOracle(c.p, hold, take)
	if c.late != nil {
		o.tooLate = newEventSet()
		if hold > 0 {
			o.aside = c.late.seen
		}
	}
	if err := o.run(ctx, d.Events); err != nil {
		return Ledger{}, 0, err
	}
	if err := finish(); err != nil {
		return Ledger{}, 0, err
	}
	m.t.l.Lateness = o.late
	if c.late != nil {
		m.t.l.LateOutput, err = c.late.judge(m.t, c.late.lateRule(o.tooLate, d.Strict))
		if err != nil {
			return Ledger{}, 0, err
		}
	}
	m.conserve(d, hold > 0)
	return m.t.close(), o.behind, nil
}

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
					w := m.c.p.width
					m.match(&outcome{Expected: Expected{Row: row[:w], Timed: row[w+1] > 0,
						Trigger: uint64(row[w+1] - 1)}, parts: uint64(row[w])})
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
