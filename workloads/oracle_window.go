package workloads

import (
	"maps"
	"math"
	"slices"
)

// window is an open window: an accumulator a key, or the best events of a bare rank.
type window struct {
	start, end int64
	groups     groups
	// late are accumulators of events that came too late.
	late groups
	// best is the largest rank value so far, rows the result rows of the events that have it.
	best int64
	rows []int64
}

// windowFold folds tumbling and hopping windows, and ranks over them.
type windowFold struct {
	o           *oracle
	size, slide int64
	open        map[int64]*window // by start
	last        *window           // the one used last
	pane        pane              // most events find their windows here
	inside      []int32           // rows of the batch that lie in the pane
	insideOf    []int32           // the numbers of their keys
	free        []*window
	firstEnd    int64 // least end of the open windows
	keys        keyTable
	numbers     []int32 // of the keys of the rows picked
	at          int     // the next of them
	touched     int64   // keeps the reads of touch from being dropped
	b           *Batch
	key         bound
	by          bound
	out         []bound
	c           contribution
	res         []int64 // the aggregates' results of one row
	next        outcome
}

func newWindowFold(o *oracle) *windowFold {
	win := o.p.q.Window
	f := &windowFold{o: o, size: win.SizeMs, slide: win.SlideMs, firstEnd: farFuture}
	if win.Kind == Tumbling {
		f.slide = win.SizeMs
	}
	f.open, f.keys.index = map[int64]*window{}, map[int64]int32{}
	f.c.vals = make([]bound, len(o.p.aggs))
	return f
}

// bind looks up the keys of all rows of a batch at once: in a loop this short the processor waits
// for several of them at a time, which is most of what a fold of many keys costs.
func (f *windowFold) bind(b *Batch, picked []int32) []int32 {
	p := f.o.p
	f.b = b
	f.key = p.key.bind(b)
	for i := range p.aggs {
		f.c.vals[i] = p.aggs[i].bind(b)
	}
	if f.bare() {
		f.by = p.by.bind(b)
		f.out = bindOutputs(f.out, p, b)
		return picked
	}
	f.keys.sweep()
	f.numbers, f.at = f.numbers[:0], 0
	for _, row := range picked {
		f.numbers = append(f.numbers, f.keys.number(f.key.at(int(row))))
	}
	picked = f.foldPane(picked)
	if f.last != nil {
		f.touched += f.last.groups.touch(f.o.p, f.numbers)
	}
	return picked
}

// nextKey is the number of the key of the next row picked.
func (f *windowFold) nextKey() int32 {
	if f.bare() {
		return none
	}
	f.at++
	return f.numbers[f.at-1]
}

// bare says whether events themselves are ranked.
func (f *windowFold) bare() bool { return len(f.o.p.aggs) == 0 }

func (f *windowFold) event(row int, slot uint64) {
	o := f.o
	ts := f.b.TS[row]
	f.c.ts, f.c.seq, f.c.slot, f.c.row = ts, f.b.Seq[row], slot, row
	key := f.nextKey()
	if f.holds(ts) {
		for _, w := range f.pane.windows {
			f.fold(w, key)
		}
		o.late.OnTime++
		return
	}
	var kept, allowed, dropped bool
	for s := floorTo(ts, f.slide); s > ts-f.size; s -= f.slide {
		isClosed, isDropped := o.meet(s+f.size, (*clock).at)
		dropped, kept = dropped || isDropped, kept || !isDropped
		if isDropped && f.leavesOut(s, key) {
			continue
		}
		allowed = allowed || isClosed
		f.fold(f.window(s), key)
	}
	switch {
	case dropped && !kept:
		o.late.TooLate++
		if o.tooLate != nil {
			o.tooLate.add(uint64(f.c.seq))
		}
	case allowed:
		o.late.Allowed++
	default:
		o.late.OnTime++
		if !dropped && ts >= f.pane.to {
			f.setPane(ts)
		}
	}
	if dropped {
		o.behind = max(o.behind, o.clock.max-ts)
	}
}

// fold adds the event to a window.
func (f *windowFold) fold(w *window, key int32) {
	if f.bare() {
		f.rank(w, f.c.row)
		return
	}
	acc, sets := w.groups.of(f.o.p, &f.keys, key)
	f.o.p.add(acc, sets, &f.c)
}

// leavesOut says whether a window that is dropped by now is done without the event. It is not where
// the window is held back for a system whose late output does not have the event.
func (f *windowFold) leavesOut(start int64, key int32) bool {
	switch o := f.o; {
	case o.hold == 0:
		return true
	case o.aside != nil:
		return o.aside.has(uint64(f.c.seq))
	}
	f.keepLate(start, key)
	return true
}

// keepLate folds an event into what its window would have held, had it not been dropped.
func (f *windowFold) keepLate(start int64, key int32) {
	if f.bare() {
		panic("BUG: a rank of events held back for late ones")
	}
	acc, sets := f.window(start).late.of(f.o.p, &f.keys, key)
	f.o.p.add(acc, sets, &f.c)
}

// rank keeps an event if none in its window has a larger value.
func (f *windowFold) rank(w *window, row int) {
	x := f.by.at(row)
	if len(w.rows) > 0 && x < w.best {
		return
	}
	if len(w.rows) == 0 || x > w.best {
		w.best, w.rows = x, w.rows[:0]
	}
	for i, o := range f.o.p.out {
		switch o.from {
		case fromStart:
			w.rows = append(w.rows, w.start)
		case fromEnd:
			w.rows = append(w.rows, w.end)
		default:
			w.rows = append(w.rows, f.out[i].at(row))
		}
	}
}

// window finds or opens a window.
func (f *windowFold) window(start int64) *window {
	if f.last != nil && f.last.start == start {
		return f.last
	}
	w, ok := f.open[start]
	if !ok {
		if n := len(f.free); n > 0 {
			w, f.free = f.free[n-1], f.free[:n-1]
		} else {
			w = &window{}
		}
		w.start, w.end = start, start+f.size
		f.open[start] = w
		f.firstEnd = min(f.firstEnd, w.end)
	}
	f.last = w
	return w
}

func (f *windowFold) advance() {
	q := f.o.p.q
	keep := q.BoundMs + q.LatenessMs + f.o.hold
	if f.firstEnd == farFuture || !f.o.clock.at(f.firstEnd+keep) {
		return
	}
	f.drop(func(w *window) bool { return f.o.clock.at(w.end + keep) })
}

func (f *windowFold) flush() { f.drop(func(*window) bool { return true }) }

// drop emits and forgets the windows that are over, in order of their ends.
func (f *windowFold) drop(over func(*window) bool) {
	f.firstEnd, f.last = farFuture, nil
	for _, start := range slices.Sorted(maps.Keys(f.open)) {
		w := f.open[start]
		if !over(w) {
			f.firstEnd = w.end
			return
		}
		f.emit(w)
		delete(f.open, start)
		w.groups.reset(f.o.p, &f.keys)
		w.late.reset(f.o.p, &f.keys)
		w.rows = w.rows[:0]
		f.free = append(f.free, w)
	}
}

func (f *windowFold) emit(w *window) {
	f.o.timing(&f.next, w.end)
	p := f.o.p
	switch {
	case f.bare():
		for i := 0; i < len(w.rows); i += p.width {
			f.next.Row = w.rows[i : i+p.width]
			f.o.result(&f.next)
		}
		f.next.Row = nil
	case p.q.Rank != nil:
		f.emitRanked(w)
	default:
		f.emitAll(w)
	}
}

// emitRanked emits the rows whose ranked aggregate is the window's maximum.
func (f *windowFold) emitRanked(w *window) {
	by := f.o.p.byAgg
	best := int64(math.MinInt64)
	for _, i := range w.groups.members {
		f.row(w, &w.groups, i)
		best = max(best, f.res[by])
	}
	for _, i := range w.groups.members {
		if f.row(w, &w.groups, i); f.res[by] == best {
			f.o.result(&f.next)
		}
	}
}

func (f *windowFold) emitAll(w *window) {
	p := f.o.p
	for _, i := range w.groups.members {
		f.row(w, &w.groups, i)
		if w.late.has(p, i) {
			f.withLate(w, i)
		}
		f.o.result(&f.next)
		f.next.all = nil
	}
	f.next.optional = true
	for _, i := range w.late.members {
		if !w.groups.has(p, i) {
			f.row(w, &w.late, i)
			f.next.all = f.next.Row
			f.o.result(&f.next)
		}
	}
	f.next.optional, f.next.all = false, nil
}

// row fills the next outcome with the row of key number i.
func (f *windowFold) row(w *window, g *groups, i int32) {
	p := f.o.p
	acc, sets := g.at(p, i)
	f.res = p.results(f.res[:0], acc, sets)
	if p.last > 0 {
		f.next.last = uint64(acc[p.last])
	}
	f.next.Row = p.row(f.next.Row[:0], groupRow{
		key: f.keys.key[i], start: w.start, end: w.end, acc: acc, res: f.res,
	})
}

// withLate adds to the next outcome the row that counts too-late events as well.
func (f *windowFold) withLate(w *window, i int32) {
	row := f.next.Row
	acc, sets := w.groups.at(f.o.p, i)
	lateAcc, lateSets := w.late.at(f.o.p, i)
	f.o.p.merge(lateAcc, acc, lateSets, sets)
	f.next.Row = nil
	f.row(w, &w.late, i)
	f.next.Row, f.next.all = row, f.next.Row
}

// groupRow is what a row of an aggregating query is made of.
type groupRow struct {
	key, start, end int64
	seq             int64 // of the event answered, in a sliding window
	acc, res        []int64
}

// row appends the columns of a result.
func (p *plan) row(dst []int64, g groupRow) []int64 {
	for i := range p.out {
		switch o := &p.out[i]; o.from {
		case fromKey:
			dst = append(dst, g.key)
		case fromStart:
			dst = append(dst, g.start)
		case fromEnd:
			dst = append(dst, g.end)
		case fromAggregate:
			dst = append(dst, g.res[o.agg])
		case fromSeq:
			dst = append(dst, g.seq)
		case fromEvent, fromProcess:
			panic("BUG: a field of an event in an aggregated result")
		}
	}
	if p.q.SingleLevel() {
		dst = append(dst, g.acc[wordCount], g.acc[wordSeqSum])
	}
	if p.q.Retracts {
		dst = append(dst, Insert)
	}
	return dst
}

// sumFold adds up each key's windows in processing time, whose bounds nobody can predict.
type sumFold struct {
	windowFold
	sum window
}

func newSumFold(o *oracle) *sumFold {
	return &sumFold{windowFold: *newWindowFold(o)}
}

func (f *sumFold) event(row int, _ uint64) {
	f.o.late.OnTime++
	f.c.ts, f.c.seq, f.c.row = f.b.TS[row], f.b.Seq[row], row
	acc, sets := f.sum.groups.of(f.o.p, &f.keys, f.nextKey())
	f.o.p.add(acc, sets, &f.c)
}

func (f *sumFold) advance() {}

// flush emits the sums; only the end of the stream completes them, so they are not timed.
func (f *sumFold) flush() { f.emitAll(&f.sum) }
