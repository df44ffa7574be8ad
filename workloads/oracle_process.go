package workloads

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// processFold folds a keyed state machine as plainly as Process describes it: the states of all
// keys in one table, timers in one heap and, where events are folded in order, those the watermark
// has not passed in one list. Its memory grows with the number of keys.
type processFold struct {
	o       *oracle
	proc    *Process
	keysOf  func(dst, values []int64) []int64 // nil where an event's key is the query's
	b       *Batch
	reads   []bound
	key     bound
	rowKeys [][]int64 // of the rows picked, in their order
	at      int       // the next of them
	now     heldEvent // the one being read
	index   map[int64]int32
	states  []machine
	timers  timerHeap
	waiting []heldEvent // of a sorted process, by (ts, seq)
	out     []int64
	next    outcome
	totals  map[string]*total // by identity, of results that are not appended
	order   []*total          // as they were first seen
}

// machine is the state of a key and its timer, 0 if none is set.
type machine struct {
	key, timer int64
	state      []int64
}

// heldEvent is an event and the keys it belongs to.
type heldEvent struct {
	ts, seq      int64
	keys, values []int64
}

// total is what the results of an identity have come to.
type total struct {
	row   []int64
	parts uint64
}

func newProcessFold(o *oracle) *processFold {
	f := &processFold{
		o: o, proc: o.p.q.Process, index: map[int64]int32{}, totals: map[string]*total{},
		reads: make([]bound, len(o.p.reads)),
	}
	if f.keysOf = f.proc.Plain; f.keysOf == nil {
		f.keysOf = f.proc.Keys
	}
	return f
}

func (f *processFold) bind(b *Batch, picked []int32) []int32 {
	f.b = b
	f.key = f.o.p.key.bind(b)
	for i, r := range f.o.p.reads {
		f.reads[i] = r.bind(b)
	}
	f.at = 0
	if f.keysOf != nil {
		f.match(picked)
	}
	return picked
}

// match finds the keys of the rows picked, on all processors: the oracle asks the plain way, which
// may be long, and what it answers depends on nothing but the row.
func (f *processFold) match(picked []int32) {
	for len(f.rowKeys) < len(picked) {
		f.rowKeys = append(f.rowKeys, nil)
	}
	var all sync.WaitGroup
	size := (len(picked) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	for from := 0; from < len(picked); from += size {
		all.Go(func() {
			var values []int64
			for i := from; i < min(from+size, len(picked)); i++ {
				values = f.values(values[:0], int(picked[i]))
				f.rowKeys[i] = f.keysOf(f.rowKeys[i][:0], values)
			}
		})
	}
	all.Wait()
}

// values appends what the process reads of a row.
func (f *processFold) values(dst []int64, row int) []int64 {
	for i := range f.reads {
		dst = append(dst, f.reads[i].at(row))
	}
	return dst
}

func (f *processFold) event(row int, _ uint64) {
	e := &f.now
	e.ts, e.seq, e.values = f.b.TS[row], f.b.Seq[row], f.values(e.values[:0], row)
	if f.keysOf == nil {
		e.keys = append(e.keys[:0], f.key.at(row))
	} else {
		e.keys = f.rowKeys[f.at]
		f.at++
	}
	if f.proc.Sorted && f.o.clock.beyond(e.ts+f.o.p.q.BoundMs) {
		f.o.late.TooLate++
		return
	}
	f.o.late.OnTime++
	switch {
	case len(e.keys) == 0:
	case f.proc.Sorted:
		f.hold(*e)
	default:
		f.step(e)
	}
}

// hold keeps an event until the watermark has passed it.
func (f *processFold) hold(e heldEvent) {
	e.keys, e.values = slices.Clone(e.keys), slices.Clone(e.values)
	at, _ := slices.BinarySearchFunc(f.waiting, e, func(a, b heldEvent) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.seq, b.seq))
	})
	f.waiting = slices.Insert(f.waiting, at, e)
}

// step folds an event into the state of each of its keys.
func (f *processFold) step(e *heldEvent) {
	for _, key := range e.keys {
		id, ok := f.index[key]
		if !ok {
			id = int32(len(f.states))
			f.index[key] = id
			f.states = append(f.states, machine{key: key, state: make([]int64, f.proc.StateWords)})
		}
		of := ProcessEvent{Key: key, Seq: e.seq, TS: e.ts, Values: e.values}
		out, timer := f.proc.Step(f.states[id].state, of, f.out[:0])
		f.took(id, out, timer)
	}
}

// took takes what a state machine gave: results and the timer it wants.
func (f *processFold) took(id int32, out []int64, timerMs int64) {
	m := &f.states[id]
	switch {
	case timerMs > 0:
		m.timer = timerMs
		f.timers.push(timer{timerMs, id})
	case timerMs < 0:
		m.timer = 0
	}
	f.out = out
	for ; len(out) > 0; out = out[f.o.p.width:] {
		f.result(out[:f.o.p.width])
	}
}

// advance does what the watermark, now larger, has passed. An event may still come at the watermark
// itself, so that sorted ones at that time wait; timers of others have been reached.
func (f *processFold) advance() {
	limit := f.o.clock.max - f.o.p.q.BoundMs
	if !f.proc.Sorted {
		limit++
	}
	f.pass(limit)
}

// pass folds the events and fires the timers before a time in their order.
func (f *processFold) pass(limit int64) {
	for {
		event, fire := int64(farFuture), int64(farFuture)
		if len(f.waiting) > 0 {
			event = f.waiting[0].ts
		}
		if len(f.timers) > 0 {
			fire = f.timers[0].end
		}
		switch {
		case min(event, fire) >= limit:
			return
		case event <= fire:
			e := f.waiting[0]
			f.waiting = f.waiting[1:]
			f.step(&e)
		default:
			f.fire(f.timers.pop())
		}
	}
}

// fire calls a machine whose timer this is; it may have been cleared or set to another time.
func (f *processFold) fire(t timer) {
	m := &f.states[t.id]
	if m.timer != t.end {
		return
	}
	m.timer = 0
	out, next := f.proc.Fire(m.state, m.key, t.end, f.out[:0])
	f.took(t.id, out, next)
}

// flush ends the stream: the watermark passes all events and the timers that are set by then.
func (f *processFold) flush() {
	if n := len(f.waiting); n > 0 {
		f.pass(f.waiting[n-1].ts + 1)
	}
	last := int64(-farFuture)
	for _, m := range f.states {
		last = max(last, m.timer)
	}
	f.pass(last + 1)
	if f.proc.End != nil {
		for id := range f.states {
			m := &f.states[id]
			f.took(int32(id), f.proc.End(m.state, m.key, f.out[:0]), 0)
		}
	}
	for _, t := range f.order {
		f.next.Row, f.next.parts = t.row, t.parts
		f.o.result(&f.next)
	}
}

// result emits a result, or keeps it until it is known what its identity comes to.
func (f *processFold) result(row []int64) {
	p := f.o.p
	if p.q.Output.Kind == Append {
		f.next.Row = row
		f.o.result(&f.next)
		return
	}
	name := p.nameOf(row)
	t := f.totals[name]
	if t == nil {
		t = &total{row: slices.Clone(row)}
		f.totals[name] = t
		f.order = append(f.order, t)
	} else if p.q.Output.Kind == Additive {
		p.addUp(t.row, row)
	} else {
		copy(t.row, row)
	}
	t.parts += p.part(row)
}

// addUp adds the values of an additive result to those of another.
func (p *plan) addUp(sum, row []int64) {
	for c, x := range row {
		if !slices.Contains(p.ident, c) {
			sum[c] += x
		}
	}
}
