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
	dead    *sideLog       // nil if it has no dead letters
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
	if p.q.DeadLetters {
		if c.dead, err = newSideLog(p, DeadLetters, dir); err != nil {
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
	switch {
	case rs.Stream == LateEvents && c.late != nil:
		return c.late.add(rs)
	case rs.Stream == DeadLetters && c.dead != nil:
		return c.dead.add(rs)
	case rs.Stream != Answers:
		return errNoOutput(c.p.q, rs.Stream)
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

func (c *windowChecker) Close() error {
	return errors.Join(c.rows.close(), c.late.close(), c.dead.close())
}

func (c *windowChecker) Finish(ctx context.Context, d Delivered) (Ledger, error) {
	l, behind, err := c.account(ctx, d, 0)
	if err != nil || d.Strict || l.Lateness.TooLate == 0 || l.clean() && c.allSetAside(&l) {
		return l, err
	}
	if c.ordered && c.p.q.Rank == nil && c.p.q.Join == nil && c.times == nil {
		l, _, err = c.account(ctx, d, behind)
		return l, err
	}
	// Whether a too-late event counts changes which sessions, ranked rows or pairs there are, so
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
		want, err := newSpool(c.dir, c.p.width+spooledWords, 1)
		if err != nil {
			return Ledger{}, 0, err
		}
		defer want.close()
		row := make([]int64, c.p.width+spooledWords)
		take = func(e *outcome) error {
			copy(row, e.Row)
			e.spool(row[c.p.width:])
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
	if c.dead != nil {
		m.t.l.DeadLetters, err = c.dead.judge(m.t, c.dead.deadRule(d.Events))
		if err != nil {
			return Ledger{}, 0, err
		}
	}
	m.conserve(d, hold > 0)
	return m.t.close(), o.behind, nil
}
