package workloads

// sides are the two sides of a join over the columns of a batch.
type sides struct {
	p           *plan
	b           *Batch
	tests       []bound
	this, other []bound
	out         []bound // columns of a result
}

func (s *sides) bind(b *Batch) {
	s.b = b
	j := &s.p.join
	s.tests, s.this, s.other = s.tests[:0], bindAll(s.this, j.this, b), bindAll(s.other, j.other, b)
	for i := range j.tests {
		s.tests = append(s.tests, j.tests[i].bind(b))
	}
	s.out = s.out[:0]
	for _, o := range s.p.out {
		var of bound
		if o.from == fromEvent || o.from == fromOther {
			of = o.bind(b)
		}
		s.out = append(s.out, of)
	}
}

func bindAll(dst []bound, readers []reader, b *Batch) []bound {
	dst = dst[:0]
	for _, r := range readers {
		dst = append(dst, r.bind(b))
	}
	return dst
}

// isOther says whether a row is of the other side.
func (s *sides) isOther(row int) bool {
	return s.b.Cols[0][row] == int64(s.p.q.Join.With)
}

// meets says whether a row of the other side meets what is asked of it.
func (s *sides) meets(row int) bool {
	for i := range s.p.join.tests {
		if !s.p.join.tests[i].holds(s.tests[i].at(row)) {
			return false
		}
	}
	return true
}

func keyOf(of []bound, row int) (k joinKey) {
	for i := range of {
		k[i] = of[i].at(row)
	}
	return k
}

// part appends the columns of a result that one side gives, 0 in the place of all others.
func (s *sides) part(dst []int64, from outputSource, row int) []int64 {
	for i, o := range s.p.out {
		x := int64(0)
		if o.from == from {
			x = s.out[i].at(row)
		}
		dst = append(dst, x)
	}
	return dst
}

// pair puts the parts of both sides and the window's together.
func (p *plan) pair(dst, this, other []int64, start int64) []int64 {
	for i, o := range p.out {
		switch o.from {
		case fromOther:
			dst = append(dst, other[i])
		case fromStart:
			dst = append(dst, start)
		case fromEnd:
			dst = append(dst, start+p.q.Window.SizeMs)
		default:
			dst = append(dst, this[i])
		}
	}
	return dst
}

func newJoinFold(o *oracle) folder {
	s := sides{p: o.p}
	switch o.p.q.Join.Kind {
	case WindowJoin:
		return newWindowJoinFold(o, s)
	case BestJoin:
		return &bestFold{o: o, sides: s, others: map[joinKey]*contest{},
			waiting: map[joinKey][]entrant{}}
	}
	return &tableFold{o: o, sides: s, others: map[joinKey]int32{}, waiting: map[joinKey][]int64{}}
}

// tableFold pairs every event with the one of the other side that has its key, whichever came
// first. There is one such event at most, so that of this side only those wait whose other half is
// still to come; of the other side it keeps what results show, and of events that do not count that
// they came.
type tableFold struct {
	o *oracle
	sides
	others  map[joinKey]int32 // where its part begins in parts; none if it does not count
	parts   []int64
	waiting map[joinKey][]int64 // parts of this side
	scratch []int64
	next    outcome
}

func (f *tableFold) bind(b *Batch, picked []int32) []int32 {
	f.sides.bind(b)
	return picked
}

func (f *tableFold) event(row int, slot uint64) {
	f.o.late.OnTime++
	f.next.EndMs, f.next.Trigger, f.next.Timed = f.b.TS[row], slot, true
	if f.isOther(row) {
		f.arrived(keyOf(f.other, row), row)
		return
	}
	key := keyOf(f.this, row)
	at, there := f.others[key]
	switch {
	case !there:
		f.waiting[key] = f.part(f.waiting[key], fromEvent, row)
	case at != none:
		f.scratch = f.part(f.scratch[:0], fromEvent, row)
		f.answer(f.scratch, at)
	}
}

// arrived takes an event of the other side, and answers those that waited for it.
func (f *tableFold) arrived(key joinKey, row int) {
	at := none
	if f.meets(row) {
		at = int32(len(f.parts) / len(f.p.out))
		f.parts = f.part(f.parts, fromOther, row)
	}
	f.others[key] = at
	waiting := f.waiting[key]
	delete(f.waiting, key)
	for width := len(f.p.out); at != none && len(waiting) > 0; waiting = waiting[width:] {
		f.answer(waiting[:width], at)
	}
}

func (f *tableFold) answer(this []int64, at int32) {
	width := len(f.p.out)
	other := f.parts[int(at)*width : (int(at)+1)*width]
	f.next.Row = f.p.pair(f.next.Row[:0], this, other, 0)
	f.o.result(&f.next)
}

func (f *tableFold) advance() {}
func (f *tableFold) flush()   {}
