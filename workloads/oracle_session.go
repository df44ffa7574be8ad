package workloads

// session is a session of one key. Sessions of a key form a list.
type session struct {
	key         int64
	first, last int64 // event times
	next        int32 // next session of the key, or none
	merged      bool  // another session has taken it in; its timer is still set
	acc         []int64
	sets        []map[int64]struct{}
}

const none = int32(-1)

// sessionFold folds sessions. Every session has one timer at the time it looked over when the timer
// was set; a timer that finds its session grown is set again.
type sessionFold struct {
	o        *oracle
	gap      int64
	heads    map[int64]int32 // key to the first of its sessions
	sessions []session
	free     []int32
	timers   timerHeap
	b        *Batch
	key      bound
	c        contribution
	res      []int64
	next     outcome
}

func newSessionFold(o *oracle) *sessionFold {
	return &sessionFold{
		o: o, gap: o.p.q.Window.GapMs, heads: map[int64]int32{},
		c: contribution{vals: make([]bound, len(o.p.aggs))},
	}
}

func (f *sessionFold) bind(b *Batch, _ []int32) {
	f.b = b
	f.key = f.o.p.key.bind(b)
	for i := range f.o.p.aggs {
		f.c.vals[i] = f.o.p.aggs[i].bind(b)
	}
}

// event joins the sessions within one gap of it, or starts one. A gap is inclusive, so a session
// that ends exactly at the event takes it; for the same reason it closes only once the stream is
// beyond its end. What decides whether an event is late is the session it belongs to, not its own
// reach: an event may be older than any window of its own and still join a session that is open.
func (f *sessionFold) event(row int, _ uint64) {
	o := f.o
	ts, key := f.b.TS[row], f.key.at(row)
	f.c.ts, f.c.seq, f.c.row = ts, f.b.Seq[row], row
	id := f.join(key, ts)
	if id == none {
		if _, dropped := o.meet(ts+f.gap, (*clock).beyond); dropped {
			o.late.TooLate++
			return
		}
		id = f.open(key, ts)
	}
	s := &f.sessions[id]
	o.p.add(s.acc, s.sets, &f.c)
	if closed, _ := o.meet(s.last+f.gap, (*clock).beyond); closed {
		o.late.Allowed++
	} else {
		o.late.OnTime++
	}
}

// join merges all sessions of a key that an event at ts connects and returns the one that is left,
// grown to hold the event; none if there is none.
func (f *sessionFold) join(key, ts int64) int32 {
	head, ok := f.heads[key]
	if !ok {
		return none
	}
	target, prev := none, none
	for id := head; id != none; {
		s := &f.sessions[id]
		after := s.next
		switch {
		case ts < s.first-f.gap || ts > s.last+f.gap:
			prev = id
		case target == none:
			target, prev = id, id
			s.first, s.last = min(s.first, ts), max(s.last, ts)
		default:
			t := &f.sessions[target]
			t.first, t.last = min(t.first, s.first), max(t.last, s.last)
			f.o.p.merge(t.acc, s.acc, t.sets, s.sets)
			s.merged = true
			f.o.merges++
			f.unlink(id, prev)
		}
		id = after
	}
	return target
}

// unlink takes a session out of its key's list; prev is the one before it, or none.
func (f *sessionFold) unlink(id, prev int32) {
	s := &f.sessions[id]
	switch {
	case prev != none:
		f.sessions[prev].next = s.next
	case s.next != none:
		f.heads[s.key] = s.next
	default:
		delete(f.heads, s.key)
	}
}

// open starts a session and sets its timer.
func (f *sessionFold) open(key, ts int64) int32 {
	var id int32
	if n := len(f.free); n > 0 {
		id, f.free = f.free[n-1], f.free[:n-1]
	} else {
		id = int32(len(f.sessions))
		f.sessions = append(f.sessions, session{})
	}
	s := &f.sessions[id]
	s.key, s.first, s.last, s.merged, s.next = key, ts, ts, false, none
	s.acc, s.sets = f.o.p.start(s.acc[:0]), f.o.p.startSets()
	if head, ok := f.heads[key]; ok {
		s.next = head
	}
	f.heads[key] = id
	f.timers.push(timer{ts + f.gap, id})
	return id
}

func (f *sessionFold) advance() {
	keep := f.o.p.q.BoundMs + f.o.p.q.LatenessMs
	for len(f.timers) > 0 && f.o.clock.beyond(f.timers[0].end+keep) {
		f.fire()
	}
}

func (f *sessionFold) flush() {
	for len(f.timers) > 0 {
		f.fire()
	}
}

// fire takes the earliest timer: its session is over, has grown, or is part of another.
func (f *sessionFold) fire() {
	t := f.timers.pop()
	s := &f.sessions[t.id]
	if end := s.last + f.gap; !s.merged && end > t.end {
		f.timers.push(timer{end, t.id})
		return
	}
	if !s.merged {
		f.emit(s)
		prev := none
		for id := f.heads[s.key]; id != t.id; id = f.sessions[id].next {
			prev = id
		}
		f.unlink(t.id, prev)
	}
	f.free = append(f.free, t.id)
}

func (f *sessionFold) emit(s *session) {
	p := f.o.p
	end := s.last + f.gap
	f.o.timing(&f.next, end)
	f.res = p.results(f.res[:0], s.acc, s.sets)
	f.next.Row = p.row(f.next.Row[:0], groupRow{key: s.key, start: s.first, end: end, acc: s.acc, res: f.res})
	f.o.result(&f.next)
}

// timer is the end of a session as it looked when the timer was set.
type timer struct {
	end int64
	id  int32
}

// timerHeap is a binary heap with the earliest timer first.
type timerHeap []timer

func (h *timerHeap) push(t timer) {
	*h = append(*h, t)
	a := *h
	i := len(a) - 1
	for i > 0 && t.end < a[(i-1)/2].end {
		a[i] = a[(i-1)/2]
		i = (i - 1) / 2
	}
	a[i] = t
}

func (h *timerHeap) pop() timer {
	a := *h
	top, t := a[0], a[len(a)-1]
	a = a[:len(a)-1]
	*h = a
	for i := 0; len(a) > 0; {
		c := 2*i + 1
		if c+1 < len(a) && a[c+1].end < a[c].end {
			c++
		}
		if c >= len(a) || t.end <= a[c].end {
			a[i] = t
			break
		}
		a[i] = a[c]
		i = c
	}
	return top
}
