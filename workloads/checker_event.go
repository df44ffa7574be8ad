package workloads

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
)

// eventChecker checks results that answer one event each as they arrive. The events of a page are
// generated when the first of its results comes in, and every result is compared with its own:
//
//	result --seq/page--> page: right rows, which are wanted --equal?--> matched, wrong, …
//	                          \--all seen--> one bit
//
// A page all of whose results came in right is one bit from then on; of one that is not complete
// the marks are kept, and its rows only while it is among the pages used last.
type eventChecker struct {
	p     *plan
	dir   string
	t     *tally
	seq   int    // column of the event's number
	pageN uint64 // events a page holds: whole groups, so that slots and events of a page agree
	top   uint64 // number of pages up to the last one touched
	done  []uint64
	// whole are the pages in the order in which the last of their results came, and when.
	whole []wholePage
	open  map[uint64]*marks
	live  []*page // the one used last at the end
	next  uint64  // a page beyond which a result is put aside: top + farPages
	gen   Generator
	batch *Batch
	sel   *selector
	out   []bound
	row   []int64
	kept  *spool   // nil unless rows are to be kept
	stray *spool   // results so far ahead that they are garbage; nil until there is one
	dead  *sideLog // nil if the query has no dead letters
}

const (
	pageEvents = 1 << 16
	livePages  = 8
	farPages   = 1 << 10
)

// marks are what is known of the results of a page.
type marks struct {
	seen   []uint64
	left   int               // wanted results not seen
	bad    map[uint32]bool   // wrong ones
	copies map[uint32]uint32 // further copies
}

// page is the right answer to a run of events.
type page struct {
	number uint64
	rows   []int64 // plan.width an event, in order of event numbers
	wanted []uint64
	count  int
	marks  *marks
}

func newEventChecker(p *plan, dir string, keep bool) (*eventChecker, error) {
	c := &eventChecker{
		p: p, dir: dir, open: map[uint64]*marks{}, next: farPages,
		gen: p.w.Events(), batch: NewBatchOf(p.w.Schema, p.cols, oracleRows),
		sel: p.selector(), row: make([]int64, p.width+1), t: newTally(p, 0),
	}
	c.seq, _ = p.q.Anchor()
	if !slices.Equal(p.ident, []int{c.seq}) {
		return nil, errors.New("check per-event results: their identity is not the event's number")
	}
	groups := max(p.w.Timeline.Groups, 1)
	c.pageN = (pageEvents + groups - 1) / groups * groups
	var err error
	if keep {
		if c.kept, err = newSpool(dir, p.width+1, 1); err != nil {
			return nil, err
		}
	}
	if p.q.DeadLetters {
		if c.dead, err = newSideLog(p, DeadLetters, dir); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

func (c *eventChecker) Add(rs *Results, receivedNs int64) error {
	if rs.Stream != Answers {
		if c.dead == nil || rs.Stream != DeadLetters {
			return errNoOutput(c.p.q, rs.Stream)
		}
		return c.dead.add(rs)
	}
	row := c.row
	row[c.p.width] = receivedNs
	for i := range rs.N {
		rs.Row(row[:c.p.width], i)
		if c.kept != nil {
			if err := c.kept.add(0, row); err != nil {
				return err
			}
		}
		if seq := row[c.seq]; seq >= 0 && uint64(seq)/c.pageN >= c.next {
			if err := c.putAside(row); err != nil {
				return err
			}
			continue
		}
		c.check(row[:c.p.width], receivedNs)
	}
	return nil
}

// putAside keeps a result for Finish, which knows how many events there were. Generating the pages
// of any number that comes along would let one row of garbage cost a page.
func (c *eventChecker) putAside(row []int64) (err error) {
	if c.stray == nil {
		if c.stray, err = newSpool(c.dir, c.p.width+1, 1); err != nil {
			return err
		}
	}
	return c.stray.add(0, row)
}

// check classes one result.
func (c *eventChecker) check(row []int64, receivedNs int64) {
	c.t.l.Received++
	hash := c.t.got.hash(row)
	c.t.got.count++
	c.t.got.sum += hash
	seq := row[c.seq]
	if seq < 0 {
		c.t.phantom(row)
		return
	}
	pg := c.page(uint64(seq) / c.pageN)
	at := uint32(uint64(seq) % c.pageN)
	if !has(pg.wanted, at) {
		c.t.phantom(row)
		return
	}
	want := pg.row(c.p, at)
	equal := c.p.equal(row, want)
	m := pg.marks
	if has(m.seen, at) {
		c.again(pg, at, row, equal)
		return
	}
	m.seen[at/64] |= 1 << (at % 64)
	m.left--
	if equal {
		c.t.l.Matched++
		c.t.want.count++
		c.t.want.sum += hash
	} else {
		m.spoil(at)
		c.t.want.add(want)
		c.t.wrong(row, want)
	}
	if m.left > 0 {
		return
	}
	c.whole = append(c.whole, wholePage{pg.number, receivedNs})
	if m.bad == nil {
		c.finished(pg.number)
	}
}

// again classes a further copy of a result.
func (c *eventChecker) again(pg *page, at uint32, row []int64, equal bool) {
	m := pg.marks
	if m.copies == nil {
		m.copies = map[uint32]uint32{}
	}
	m.copies[at]++
	c.t.duplicated(row, 1)
	if !equal && !m.bad[at] {
		m.spoil(at)
		c.t.l.Matched--
		c.t.wrong(row, pg.row(c.p, at))
		c.reopen(pg)
	}
}

// reopen keeps the marks of a page that was one bit.
func (c *eventChecker) reopen(pg *page) {
	if c.isDone(pg.number) {
		c.done[pg.number/64] &^= 1 << (pg.number % 64)
		c.open[pg.number] = pg.marks
	}
}

func (m *marks) spoil(at uint32) {
	if m.bad == nil {
		m.bad = map[uint32]bool{}
	}
	m.bad[at] = true
}

// finished turns a page into one bit.
func (c *eventChecker) finished(number uint64) {
	for uint64(len(c.done))*64 <= number {
		c.done = append(c.done, 0)
	}
	c.done[number/64] |= 1 << (number % 64)
	delete(c.open, number)
}

func (c *eventChecker) isDone(number uint64) bool {
	return number/64 < uint64(len(c.done)) && c.done[number/64]>>(number%64)&1 != 0
}

// page finds or generates a page.
func (c *eventChecker) page(number uint64) *page {
	last := len(c.live) - 1
	if last >= 0 && c.live[last].number == number {
		return c.live[last]
	}
	i := slices.IndexFunc(c.live, func(pg *page) bool { return pg.number == number })
	if i < 0 {
		i = c.generate(number)
	}
	pg := c.live[i]
	c.live = append(slices.Delete(c.live, i, i+1), pg)
	return pg
}

// generate makes a page live, in place of the one unused longest, and returns its index.
func (c *eventChecker) generate(number uint64) int {
	at := 0
	if len(c.live) < livePages {
		at = len(c.live)
		c.live = append(c.live, &page{
			rows:   make([]int64, c.pageN*uint64(c.p.width)),
			wanted: make([]uint64, (c.pageN+63)/64),
		})
	}
	pg := c.live[at]
	c.fill(pg, number)
	c.top = max(c.top, number+1)
	c.next = c.top + farPages
	switch m := c.open[number]; {
	case m != nil:
		pg.marks = m
	case c.isDone(number):
		pg.marks = &marks{seen: slices.Clone(pg.wanted)}
	default:
		pg.marks = &marks{seen: make([]uint64, len(pg.wanted)), left: pg.count}
		c.open[number] = pg.marks
	}
	return at
}

// fill generates the rows of a page.
func (c *eventChecker) fill(pg *page, number uint64) {
	pg.number, pg.count = number, 0
	clear(pg.wanted)
	first := number * c.pageN
	for n := uint64(0); n < c.pageN; n += oracleRows {
		rows := min(c.pageN-n, oracleRows)
		c.gen.Fill(c.batch, Slots{First: first + n, Step: 1, N: int(rows)})
		c.sel.bind(c.p.w, c.batch)
		c.out = bindOutputs(c.out, c.p, c.batch)
		for i := range c.batch.N {
			if !c.sel.takes(i) {
				continue
			}
			at := uint32(uint64(c.batch.Seq[i]) - first)
			pg.wanted[at/64] |= 1 << (at % 64)
			pg.count++
			row := pg.row(c.p, at)
			for o := range c.out {
				row[o] = c.out[o].at(i)
			}
		}
	}
}

func (pg *page) row(p *plan, at uint32) []int64 {
	w := uint64(p.width)
	return pg.rows[uint64(at)*w : uint64(at)*w+w]
}

func has(set []uint64, at uint32) bool { return set[at/64]>>(at%64)&1 != 0 }

func (c *eventChecker) Results(fn func(row []int64, receivedNs int64) error) error {
	if c.kept == nil {
		return errors.New("read results: the checker was not told to keep them")
	}
	width := c.p.width
	return c.kept.readAll(func(r []int64) error { return fn(r[:width], r[width]) })
}

// Finish finds what is missing, and takes back what was right but for events never offered.
func (c *eventChecker) Finish(ctx context.Context, d Delivered) (Ledger, error) {
	c.t.events = d.Events
	if err := c.placeStrays(d.Events); err != nil {
		return Ledger{}, err
	}
	whole := d.Events / c.pageN // pages offered from end to end
	for number := range (d.Events + c.pageN - 1) / c.pageN {
		if err := ctx.Err(); err != nil {
			return Ledger{}, fmt.Errorf("check results of %s: %w", c.p.w.Name, err)
		}
		if number < whole && c.isDone(number) || !c.asks(number) {
			continue
		}
		c.settle(c.page(number), d)
		delete(c.open, number)
	}
	for _, number := range slices.Sorted(maps.Keys(c.open)) {
		if number*c.pageN >= d.Events {
			c.settle(c.page(number), d)
		}
	}
	for number := range uint64(len(c.done)) * 64 {
		if number*c.pageN >= d.Events && c.isDone(number) {
			c.settle(c.page(number), d)
		}
	}
	if c.dead != nil {
		var err error
		if c.t.l.DeadLetters, err = c.dead.judge(c.t, c.dead.deadRule(d.Events)); err != nil {
			return Ledger{}, err
		}
	}
	c.tellPages(d)
	c.t.l.Lateness.OnTime = c.t.want.count
	return c.t.close(), nil
}

// asks reports whether results of a page can be missing: where only a few events are asked for,
// most pages hold none of them.
func (c *eventChecker) asks(number uint64) bool {
	only := c.p.w.only
	return only == nil || only.near(number*c.pageN, c.pageN)
}

// placeStrays classes the results that were put aside.
func (c *eventChecker) placeStrays(events uint64) error {
	if c.stray == nil {
		return nil
	}
	return c.stray.readAll(func(r []int64) error {
		row := r[:c.p.width]
		if uint64(row[c.seq]) < events {
			c.check(row, r[c.p.width])
			return nil
		}
		c.t.l.Received++
		c.t.got.add(row)
		c.t.phantom(row)
		return nil
	})
}

// settle counts what a page lacks of the events offered, and as phantoms what it has beyond them.
func (c *eventChecker) settle(pg *page, d Delivered) {
	first, m, l := pg.number*c.pageN, pg.marks, &c.t.l
	for word, w := range pg.wanted {
		for ; w != 0; w &= w - 1 {
			at := uint32(word*64 + bits.TrailingZeros64(w))
			row := pg.row(c.p, at)
			switch offered := first+uint64(at) < d.Events; {
			case offered && !has(m.seen, at):
				c.t.lost(row)
				if d.Lost != nil {
					d.Lost(c.p.w.Timeline.Slot(uint64(row[c.seq])))
				}
			case !offered && has(m.seen, at):
				c.takeBack(m, at, row)
				if m.bad[at] {
					l.Wrong--
				} else {
					l.Matched--
				}
			}
		}
	}
}

// takeBack makes phantoms of the copies of a result whose event was never offered.
func (c *eventChecker) takeBack(m *marks, at uint32, row []int64) {
	c.t.want.count--
	c.t.want.sum -= c.t.want.hash(row)
	c.t.phantom(row)
	copies := uint64(m.copies[at])
	c.t.l.Phantom += copies
	c.t.l.Duplicated -= copies
}

func (c *eventChecker) Close() error {
	var errs []error
	for _, s := range []*spool{c.kept, c.stray} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	return errors.Join(append(errs, c.dead.close())...)
}
