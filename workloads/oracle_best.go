package workloads

import (
	"maps"
	"slices"
)

// bestFold keeps for every event of the other side the best of this side that is valid. Events of
// this side wait for an other half that is still to come.
type bestFold struct {
	o *oracle
	sides
	others  map[joinKey]*contest
	order   []*contest // as they came
	waiting map[joinKey][]entrant
	aggs    []bound // what is folded of this side, where the best are folded
	best    []bound
	since   bound
	until   bound
	key     bound
}

// contest is an event of the other side and the best so far: nil if none was valid. One that does
// not count is closed.
type contest struct {
	closed       bool
	since, until int64
	part         []int64 // of a result
	group        int64   // what the best are folded by
	best         *entrant
	slot         uint64 // of the event that changed the result last
}

// entrant is an event of this side.
type entrant struct {
	ts    int64
	order []int64 // the better the larger, the first that differ decide
	part  []int64 // of a result, or what is folded
}

func (f *bestFold) bind(b *Batch, picked []int32) []int32 {
	f.sides.bind(b)
	j := &f.p.join
	f.best, f.since, f.until = bindAll(f.best, j.best, b), j.since.bind(b), j.until.bind(b)
	if f.p.q.regroups() {
		f.key, f.aggs = f.p.key.bind(b), f.aggs[:0]
		for i := range f.p.aggs {
			f.aggs = append(f.aggs, f.p.aggs[i].bind(b))
		}
	}
	return picked
}

func (f *bestFold) event(row int, slot uint64) {
	f.o.late.OnTime++
	if f.isOther(row) {
		f.open(keyOf(f.other, row), row, slot)
		return
	}
	key := keyOf(f.this, row)
	c := f.others[key]
	if c == nil {
		f.waiting[key] = append(f.waiting[key], f.entrant(row))
		return
	}
	if c.takes(f.b.TS[row]) {
		c.enter(f.entrant(row), slot)
	}
}

func (f *bestFold) entrant(row int) entrant {
	e := entrant{ts: f.b.TS[row]}
	for i := range f.best {
		e.order = append(e.order, f.best[i].at(row))
	}
	if !f.p.q.regroups() {
		e.part = f.part(nil, fromEvent, row)
		return e
	}
	for i := range f.aggs {
		e.part = append(e.part, f.aggs[i].at(row))
	}
	return e
}

// open begins the contest of an event of the other side, with those that waited for it.
func (f *bestFold) open(key joinKey, row int, slot uint64) {
	c := &contest{closed: !f.meets(row), since: f.since.at(row), until: f.until.at(row)}
	if f.p.q.regroups() {
		c.group = f.key.at(row)
	} else {
		c.part = f.part(nil, fromOther, row)
	}
	f.others[key] = c
	f.order = append(f.order, c)
	for _, e := range f.waiting[key] {
		if c.takes(e.ts) {
			c.enter(e, slot)
		}
	}
	delete(f.waiting, key)
}

func (c *contest) takes(ts int64) bool { return !c.closed && c.since <= ts && ts <= c.until }

// enter makes an event the best if it is.
func (c *contest) enter(e entrant, slot uint64) {
	switch {
	case c.best == nil:
		c.slot = slot
	case slices.Compare(e.order, c.best.order) <= 0:
		return
	case !slices.Equal(e.part, c.best.part):
		c.slot = slot
	}
	c.best = &e
}

func (f *bestFold) advance() {}

func (f *bestFold) flush() {
	if f.p.q.regroups() {
		f.flushGroups()
		return
	}
	for _, c := range f.order {
		if c.best != nil {
			f.o.result(&outcome{Expected: Expected{
				Row: f.p.pair(nil, c.best.part, c.part, 0), Trigger: c.slot, Timed: true,
			}})
		}
	}
}

// standings are the best of all contests of a group.
type standings struct {
	n    int64
	sums []int64 // one an aggregate
	slot uint64
}

func (f *bestFold) flushGroups() {
	groups := map[int64]*standings{}
	for _, c := range f.order {
		if c.best == nil {
			continue
		}
		g := groups[c.group]
		if g == nil {
			g = &standings{sums: make([]int64, len(f.p.aggs))}
			groups[c.group] = g
		}
		g.n++
		g.slot = max(g.slot, c.slot)
		for i, x := range c.best.part {
			if f.p.aggs[i].Func == SumSquares {
				x *= x
			}
			g.sums[i] += x
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		f.o.result(&outcome{Expected: Expected{
			Row:     f.p.row(nil, groupRow{key: key, res: f.results(g)}),
			Trigger: g.slot, Timed: true,
		}})
	}
}

// results are what the aggregates of a group yield.
func (f *bestFold) results(g *standings) (res []int64) {
	for i, a := range f.p.aggs {
		switch a.Func {
		case Count:
			res = append(res, g.n)
		case Avg:
			res = append(res, g.sums[i], g.n)
		case Mean:
			res = append(res, floorTo(g.sums[i], g.n)/g.n)
		default:
			res = append(res, g.sums[i])
		}
	}
	return res
}
