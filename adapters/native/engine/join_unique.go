package engine

import "math"

// uniqueJoin is the operator of joins without windows whose other side has one event a key. A row
// of the table is that event, or stands for the one to come; events of this side wait for it in a
// chain, and need not be kept once it has come.
//
//	row  [ key | count | state | waiting | other … | has | best … ]      the last of a best join
//	                                 \-> [ next | this … ] -> [ next | this … ]
//
// The rows of a key whose event has come stay for ever: the table grows with the other side.
type uniqueJoin struct {
	plan       *plan
	join       *joinPlan
	out        *emitter
	table      *table
	waiting    *slab
	tally      *tally // of a best join whose events are folded, else nil
	best       int    // word where the best event begins
	mark       int64  // watermark
	at         []uint32
	this, line []int64 // scratch
}

// Words of a row behind its key and count.
const (
	otherState   = 2 + iota
	otherWaiting // first event that waits, 0 = none
	otherValues
)

// States of a row.
const (
	otherToCome = iota
	otherCame
	otherBarren // it came and does not meet the predicates: its events are no results
)

// Words of an event that waits.
const (
	waitNext = iota
	waitValues
)

func newUniqueJoin(s *slot, t *tally) (*uniqueJoin, error) {
	p := s.engine.plan
	j := p.join
	this, other := len(j.sides[thisSide].values), len(j.sides[otherSide].values)
	u := &uniqueJoin{
		plan: p, join: j, out: s.out, tally: t, best: otherValues + other,
		at: make([]uint32, s.state.batchRows), this: make([]int64, this),
		line: make([]int64, len(p.out)), mark: math.MinInt64,
	}
	words := u.best
	if len(j.best) > 0 {
		words += 1 + this
	}
	var err error
	if u.table, err = s.state.table(make([]int64, words-1), firstIndex); err != nil {
		return nil, err
	}
	u.waiting, err = s.state.slab(waitValues + this)
	return u, err
}

// add has the other side's events come first, so that fewer of this side's wait.
func (u *uniqueJoin) add(b *block) {
	at := u.at[:b.n]
	u.table.search(b.key[:b.n], at)
	others := u.join.sides[otherSide]
	for i := b.mid; i < b.n; i++ {
		r := u.table.rows[at[i]:]
		if r[otherState] != otherToCome {
			continue // not the only one of its key, whatever was promised
		}
		u.table.touch(at[i])
		for v := range others.values {
			r[otherValues+v] = b.values[v][i]
		}
		r[wordCount], r[otherState] = 1, otherCame
		if others.meets >= 0 && r[otherValues+others.meets] == 0 {
			r[otherState] = otherBarren
		}
		u.release(at[i])
	}
	for i, row := range at[:b.mid] {
		r := u.table.rows[row:]
		switch r[otherState] {
		case otherCame:
			for v := range u.this {
				u.this[v] = b.values[v][i]
			}
			u.pair(row, u.this)
		case otherToCome:
			for v := range u.this {
				u.this[v] = b.values[v][i]
			}
			u.wait(row, u.this)
		}
	}
}

// wait keeps an event of this side until its other half comes.
func (u *uniqueJoin) wait(row uint32, this []int64) {
	u.table.touch(row)
	r, p := u.table.rows[row:], u.waiting.take()
	w := u.waiting.at(p)
	copy(w[waitValues:], this)
	w[waitNext], r[otherWaiting], r[wordCount] = r[otherWaiting], p, 1
}

// release pairs the events that have waited with what has come.
func (u *uniqueJoin) release(at uint32) {
	row := u.table.rows[at:]
	for p := row[otherWaiting]; p != 0; {
		w := u.waiting.at(p)
		if row[otherState] == otherCame {
			u.pair(at, w[waitValues:])
		}
		next := w[waitNext]
		u.waiting.give(p)
		p = next
	}
	row[otherWaiting] = 0
}

// pair joins an event of this side with a row.
func (u *uniqueJoin) pair(at uint32, this []int64) {
	row := u.table.rows[at:]
	if len(u.join.best) == 0 {
		u.emit(this, row[otherValues:])
		return
	}
	if t := this[u.join.at]; t < row[otherValues+u.join.since] || t > row[otherValues+u.join.until] {
		return
	}
	best := row[u.best+1 : u.best+1+len(u.this)]
	had := row[u.best] != 0
	if had && !u.join.better(this, best) {
		return
	}
	u.table.touch(at)
	if u.tally != nil {
		u.tally.replace(row[otherValues+u.join.group], best, this, had)
	}
	row[u.best] = 1
	copy(best, this)
	if u.tally == nil {
		u.emit(best, row[otherValues:])
	}
}

// emit delivers a pair.
func (u *uniqueJoin) emit(this, other []int64) {
	for c, s := range u.plan.out {
		u.line[c] = s.ofPair(window{}, this, other)
	}
	u.out.line(u.line)
}

// ofPair is the value of a result column for a pair.
func (s source) ofPair(w window, this, other []int64) int64 {
	switch s.kind {
	case fromThis:
		return this[s.value]
	case fromOther:
		return other[s.value]
	case fromStart:
		return w.start
	}
	return w.end
}

// better reports whether an event of this side comes before another in the order of the best.
func (j *joinPlan) better(a, b []int64) bool {
	for _, c := range j.best {
		if x, y := a[c.value], b[c.value]; x != y {
			return x > y == c.largest
		}
	}
	return false
}

// advance shows what has become of the groups; event time plays no part.
func (u *uniqueJoin) advance(watermarkMs int64) {
	u.mark = max(u.mark, watermarkMs)
	if u.tally != nil {
		u.tally.tell()
	}
}

func (u *uniqueJoin) late() (late, allowed uint64) { return 0, 0 }

func (u *uniqueJoin) reached() int64 { return u.mark }

// save writes the rows down, and the events that wait with their keys.
func (u *uniqueJoin) save(e *encoder) {
	u.table.save(e)
	var events []int64
	for i := range u.table.n {
		row := u.table.rows[i*u.table.stride:]
		for p := row[otherWaiting]; p != 0; {
			w := u.waiting.at(p)
			events = append(append(events, row[wordKey]), w[waitValues:]...)
			p = w[waitNext]
		}
	}
	e.run(events)
}

// load takes rows and events of keys the slot owns, and adds up what groups come to.
func (u *uniqueJoin) load(d *decoder) {
	d.rowsOf(u.table.stride, func(from []int64) {
		at := u.table.one(from[wordKey])
		row := u.table.rows[at : int(at)+u.table.stride]
		copy(row[1:], from[1:])
		row[otherWaiting] = 0
		if u.tally != nil && row[u.best] != 0 {
			u.tally.replace(row[otherValues+u.join.group], nil, row[u.best+1:], false)
		}
	})
	width := 1 + len(u.this)
	events := d.run()
	if len(events)%width != 0 {
		d.fail("%d words of events of %d", len(events), width)
		return
	}
	for ; len(events) > 0; events = events[width:] {
		if d.owns(events[0]) {
			u.wait(u.table.one(events[0]), events[1:width])
		}
	}
}
