package workloads

import "errors"

// slidingFold folds true sliding windows: every event is answered over the events of its key that
// are at most a window older, ties included. An event is final once the stream is beyond its time
// plus the bound: at that time itself an equally old one may still come. Final events come in order
// of time, so that a key needs no more than a running total of its events and, for each inside the
// last window, the total before it.
//
//	event --> held, by time --beyond ts + B--> total of its key - total before its window --> result
type slidingFold struct {
	o     *oracle
	b     *Batch
	key   bound
	c     contribution
	held  map[int64]*moment // events that are not final, by time
	times timerHeap         // of the moments held
	free  []*moment
	keys  map[int64]*slidingKey
	swept int64 // when keys nobody asks for were last forgotten
	acc   []int64
	res   []int64
	next  outcome
}

// moment is the events of one time.
type moment struct {
	keys  []int64
	words []int64 // what each adds to an accumulator, plan.state an event
}

// slidingKey is a key with its total and the events inside the window that ends at its last one.
type slidingKey struct {
	last  int64
	total []int64
	times []int64
	// before holds the total before each of the times, plan.state words each.
	before []int64
}

func newSlidingFold(o *oracle) *slidingFold {
	return &slidingFold{
		o: o, held: map[int64]*moment{}, keys: map[int64]*slidingKey{}, swept: -farFuture,
		c: contribution{vals: make([]bound, len(o.p.aggs))},
	}
}

func (f *slidingFold) bind(b *Batch, _ []int32) {
	f.b = b
	f.key = f.o.p.key.bind(b)
	for i := range f.o.p.aggs {
		f.c.vals[i] = f.o.p.aggs[i].bind(b)
	}
}

func (f *slidingFold) event(row int, _ uint64) {
	p, ts := f.o.p, f.b.TS[row]
	if f.o.clock.beyond(ts + p.q.BoundMs) {
		f.o.late.TooLate++
		return
	}
	f.o.late.OnTime++
	m := f.held[ts]
	if m == nil {
		m = &moment{}
		if n := len(f.free); n > 0 {
			m, f.free = f.free[n-1], f.free[:n-1]
		}
		f.held[ts] = m
		f.times.push(timer{end: ts})
	}
	m.keys = append(m.keys, f.key.at(row))
	at := len(m.words)
	m.words = append(m.words, p.fresh...)
	f.c.ts, f.c.seq, f.c.row = ts, f.b.Seq[row], row
	p.add(m.words[at:], nil, &f.c)
}

func (f *slidingFold) advance() {
	for len(f.times) > 0 && f.o.clock.beyond(f.times[0].end+f.o.p.q.BoundMs) {
		f.settle(f.times.pop().end)
	}
}

func (f *slidingFold) flush() {
	for len(f.times) > 0 {
		f.settle(f.times.pop().end)
	}
}

// settle answers the events of a time, none of which can be added to any more.
func (f *slidingFold) settle(ts int64) {
	m, n := f.held[ts], f.o.p.state
	for i, key := range m.keys {
		f.of(key).add(ts, m.words[i*n:(i+1)*n])
	}
	f.o.timing(&f.next, ts)
	for i, key := range m.keys {
		k := f.keys[key]
		k.forget(ts-f.o.p.q.Window.SizeMs, n)
		f.acc = f.acc[:0]
		for w, x := range k.total {
			f.acc = append(f.acc, x-k.before[w])
		}
		f.res = f.o.p.results(f.res[:0], f.acc, nil)
		f.next.Row = f.o.p.row(f.next.Row[:0], groupRow{
			key: key, seq: m.words[i*n+wordSeqSum], acc: f.acc, res: f.res,
		})
		f.o.result(&f.next)
	}
	delete(f.held, ts)
	m.keys, m.words = m.keys[:0], m.words[:0]
	f.free = append(f.free, m)
	f.sweep(ts)
}

// of finds or makes the state of a key.
func (f *slidingFold) of(key int64) *slidingKey {
	k := f.keys[key]
	if k == nil {
		k = &slidingKey{total: make([]int64, f.o.p.state)}
		f.keys[key] = k
	}
	return k
}

// sweep forgets, once a window's time, the keys without an event in the last window.
func (f *slidingFold) sweep(now int64) {
	oldest := now - f.o.p.q.Window.SizeMs
	if f.swept >= oldest {
		return
	}
	f.swept = now
	for key, k := range f.keys {
		if k.last < oldest {
			delete(f.keys, key)
		}
	}
}

func (k *slidingKey) add(ts int64, words []int64) {
	k.last = ts
	k.times = append(k.times, ts)
	k.before = append(k.before, k.total...)
	for w, x := range words {
		k.total[w] += x
	}
}

// forget drops the events before a time; those from there on stay, of which there is one at least.
func (k *slidingKey) forget(before int64, state int) {
	n := 0
	for k.times[n] < before {
		n++
	}
	k.times, k.before = k.times[n:], k.before[n*state:]
}

// refuseSliding refuses aggregates that do not follow from totals, or not exactly.
func (p *plan) refuseSliding() error {
	q := p.q
	switch {
	case q.Window.SizeMs <= 0:
		return errors.New("a sliding window needs a size above 0")
	case q.Rank != nil || q.Output.Kind != Append || q.LatenessMs > 0:
		return errors.New("sliding windows cannot be ranked or refined")
	}
	for _, a := range q.Aggregates {
		if notAdditive(a) || q.field(p.w.Schema, a.Field).Kind == Float {
			return errors.New("sliding windows need aggregates of integers that add up")
		}
	}
	return nil
}
