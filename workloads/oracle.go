package workloads

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// oracleRows is the size of the batches the oracle generates for itself.
const oracleRows = 4096

// Expect folds the events of slots 0..events-1, in slot order, and calls emit with every result of
// the query: windowed results in non-decreasing order of their ends, per-event results in slot
// order, additive ones at the end. Memory is bounded by the windows open at a time. It shares no
// code with any engine. An error is emit's, the context's, or says what the query lacks.
func (w *Workload) Expect(
	ctx context.Context, events uint64, emit func(*Expected) error,
) (Lateness, error) {
	p, err := planQuery(w)
	if err != nil {
		return Lateness{}, err
	}
	o := newOracle(p, 0, func(e *outcome) error { return emit(&e.Expected) })
	err = o.run(ctx, events)
	return o.late, err
}

// Answer is the size and the digest of the right result set of slots 0..events-1: the sum of
// fnv1a64 over the lines modulo 2^64, as 16 hexadecimal digits.
func (w *Workload) Answer(ctx context.Context, events uint64) (uint64, string, error) {
	s := newResultSet(w.Query)
	_, err := w.Expect(ctx, events, func(e *Expected) error {
		s.add(e.Row)
		return nil
	})
	return s.count, s.digest(), err
}

// resultSet is the size and digest of a set of results.
type resultSet struct {
	columns []ResultField // of the line
	count   uint64
	sum     uint64
	line    []byte
}

func newResultSet(q Query) resultSet { return resultSet{columns: q.Columns()} }

func (s *resultSet) hash(row []int64) uint64 {
	s.line = Line(s.line[:0], row[:len(s.columns)], s.columns...)
	return fnv1a64(s.line)
}

func (s *resultSet) add(row []int64) {
	s.count++
	s.sum += s.hash(row)
}

func (s *resultSet) digest() string { return fmt.Sprintf("%016x", s.sum) }

// outcome is what the oracle says of one identity.
type outcome struct {
	Expected
	// all is the row with the events that came too late counted as well; nil where there are none
	// or the oracle was not told to hold windows back for them.
	all []int64
	// optional says that only events that came too late are inside: the ideal system has no such
	// result, one whose watermark trails may have it.
	optional bool
	// parts is the sum of plan.part over the results that make up an additive one.
	parts uint64
	// last is the slot of the last event inside, where the plan keeps it, and of every window join.
	last uint64
}

// oracle folds one stream. It holds what all shapes of query need: the ideal watermark, how events
// met it, and where results go.
//
//	generator --batches--> selector --rows--> folder --results--> emit
//	(own goroutine)            \--ts of every event--> clock --/
type oracle struct {
	p     *plan
	clock clock
	late  Lateness
	// hold keeps windows this much longer than they count, to fold in what came too late; behind
	// is the most by which such an event trailed the stream.
	hold, behind int64
	// merges counts the times an event joined two sessions to one.
	merges uint64
	// tooLate takes the events that are too late, if it is there. Of them those in aside, which lie
	// in the late output of a system, do not count and all others do: nil where it is the ideal
	// watermark that decides.
	tooLate, aside *eventSet
	first          uint64 // slot of the first row of the batch
	emit           func(*outcome) error
	err            error // the first error of emit
}

// folder is the part of the oracle that depends on the shape of the query.
type folder interface {
	// bind prepares for a batch, of which the query reads the rows picked. It may fold some at once,
	// whatever the clock will have seen before them, and returns the others.
	bind(b *Batch, picked []int32) []int32
	// event folds a row the query reads. The clock has not seen it yet.
	event(row int, slot uint64)
	// advance emits what the clock's last step made final.
	advance()
	// flush emits the rest at the end of the stream.
	flush()
}

func newOracle(p *plan, hold int64, emit func(*outcome) error) *oracle {
	o := &oracle{p: p, hold: hold, emit: emit}
	o.clock = clock{max: math.MinInt64, keep: p.q.LatenessMs + hold}
	return o
}

func (o *oracle) folder() folder {
	switch {
	case o.p.w.oracle != nil:
		return o.p.w.oracle(o)
	case o.p.q.PerEvent():
		return &eventFold{o: o}
	case o.p.q.Process != nil:
		return newProcessFold(o)
	case o.p.q.Latest != nil:
		return newLatestFold(o)
	case o.p.q.Join != nil:
		return newJoinFold(o)
	case o.p.q.Window.Processing:
		return newSumFold(o)
	case o.p.q.Window.Kind == Sliding:
		return newSlidingFold(o)
	case o.p.q.Window.Kind == Session:
		return newSessionFold(o)
	}
	return newWindowFold(o)
}

func (o *oracle) run(ctx context.Context, events uint64) error {
	f, sel := o.folder(), o.p.selector()
	var picked []int32
	err := stream(ctx, o.p, events, func(b *Batch, slot uint64) error {
		sel.bind(o.p.w, b)
		o.first = slot
		picked = picked[:0]
		for i := range b.N {
			if sel.takes(i) {
				picked = append(picked, int32(i))
			}
		}
		picked = f.bind(b, picked)
		at := 0
		for i, ts := range b.TS[:b.N] {
			if at < len(picked) && int(picked[at]) == i {
				f.event(i, slot)
				at++
			}
			if ts > o.clock.max && sel.readable(i) {
				o.clock.step(ts, slot)
				f.advance()
			}
			slot++
		}
		return o.err
	})
	if err != nil {
		return err
	}
	f.flush()
	return o.err
}

// result emits one result; after an error of emit it does nothing.
func (o *oracle) result(e *outcome) {
	if o.err == nil {
		o.err = o.emit(e)
	}
}

// timing fills in when a result of a window that ends at end is due.
func (o *oracle) timing(e *outcome, end int64) {
	e.EndMs = end
	e.Trigger, e.Timed = o.clock.reached(end + o.p.q.BoundMs)
}

// meet says how an event meets a window by the ideal watermark: whether the window has closed and
// whether it has been dropped. passed tells whether a watermark has passed a time: at it or only
// beyond it, which is where sessions differ from other windows.
func (o *oracle) meet(end int64, passed func(c *clock, t int64) bool) (closed, dropped bool) {
	bound := end + o.p.q.BoundMs
	if !passed(&o.clock, bound) {
		return false, false
	}
	return true, passed(&o.clock, bound+o.p.q.LatenessMs)
}

// clock is the ideal watermark: the largest event time seen in slot order.
type clock struct {
	max   int64
	keep  int64 // how far back triggers are asked for
	steps []step
}

// step is a slot at which the largest event time rose.
type step struct {
	max  int64
	slot uint64
}

// step notes a new maximum and forgets those no window still held can ask for.
func (c *clock) step(ts int64, slot uint64) {
	if n := len(c.steps); n >= 64 && n == cap(c.steps) {
		old, _ := slices.BinarySearchFunc(c.steps, c.max-c.keep-1, compareStep)
		c.steps = c.steps[:copy(c.steps, c.steps[old:])]
	}
	c.max = ts
	c.steps = append(c.steps, step{ts, slot})
}

// reached is the first slot at which the largest event time was at or beyond t.
func (c *clock) reached(t int64) (slot uint64, ok bool) {
	i, _ := slices.BinarySearchFunc(c.steps, t, compareStep)
	if i == len(c.steps) {
		return 0, false
	}
	return c.steps[i].slot, true
}

func compareStep(s step, t int64) int {
	switch {
	case s.max < t:
		return -1
	case s.max > t:
		return 1
	}
	return 0
}

func (c *clock) at(t int64) bool     { return c.max >= t }
func (c *clock) beyond(t int64) bool { return c.max > t }

// stream generates the events of the first n slots and calls fn with each batch and the slot of
// its first row. The next batch is generated while fn works on this one.
func stream(
	ctx context.Context, p *plan, n uint64, fn func(b *Batch, slot uint64) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	full, free := make(chan *Batch, 2), make(chan *Batch, 3)
	for range cap(free) {
		free <- NewBatchOf(p.w.Schema, p.cols, p.rows)
	}
	done := make(chan struct{})
	defer func() { cancel(); <-done }()
	go func() {
		defer close(done)
		defer close(full)
		g := p.w.Events()
		for at := uint64(0); at < n; at += uint64(p.rows) {
			select {
			case b := <-free:
				g.Fill(b, Slots{
					First: at, Step: 1, N: int(min(n-at, uint64(p.rows))),
				})
				full <- b // has room for all but the batch fn holds
			case <-ctx.Done():
				return
			}
		}
	}()
	slot := uint64(0)
	for b := range full {
		if err := fn(b, slot); err != nil {
			return err
		}
		slot += uint64(b.N)
		free <- b
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("replay stream of %s: %w", p.w.Name, err)
	}
	return nil
}

// eventFold answers every event on its own.
type eventFold struct {
	o    *oracle
	b    *Batch
	out  []bound
	next outcome
}

func (f *eventFold) bind(b *Batch, picked []int32) []int32 {
	f.b = b
	f.out = bindOutputs(f.out, f.o.p, b)
	return picked
}

func (f *eventFold) event(row int, slot uint64) {
	f.o.late.OnTime++
	f.next.Row = f.next.Row[:0]
	for i := range f.out {
		f.next.Row = append(f.next.Row, f.out[i].at(row))
	}
	f.next.EndMs, f.next.Trigger, f.next.Timed = f.b.TS[row], slot, true
	f.o.result(&f.next)
}

func (f *eventFold) advance() {}
func (f *eventFold) flush()   {}

// bindOutputs binds the result columns that come from an event.
func bindOutputs(dst []bound, p *plan, b *Batch) []bound {
	dst = dst[:0]
	for _, o := range p.out {
		if o.from == fromEvent {
			dst = append(dst, o.bind(b))
		} else {
			dst = append(dst, bound{})
		}
	}
	return dst
}
