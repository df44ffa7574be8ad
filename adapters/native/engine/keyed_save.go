package engine

import (
	"math"
	"math/bits"
)

// save writes a table down.
func (t *table) save(e *encoder) { e.region(t.region, t.n*t.stride) }

// load puts the rows of a table that was written down into this one, those that are wanted. A key
// that has a row already gets its words. Rows are located many at a time, as their misses overlap.
func (t *table) load(d *decoder, wanted func(row []int64) bool) {
	batch := t.arena.batchRows
	keys, at := make([]int64, 0, batch), make([]uint32, batch)
	from := make([][]int64, 0, batch)
	flush := func() {
		t.locate(keys, at)
		for i, row := range from {
			copy(t.rows[at[i]+1:int(at[i])+t.stride], row[1:])
		}
		keys, from = keys[:0], from[:0]
	}
	words := d.region(t.stride)
	t.expect(len(words) / t.stride)
	for ; len(words) > 0; words = words[t.stride:] {
		row := words[:t.stride]
		if !d.owns(row[wordKey]) || !wanted(row) {
			continue
		}
		if keys, from = append(keys, row[wordKey]), append(from, row); len(keys) == batch {
			flush()
		}
	}
	flush()
}

// expect makes room in the index of an empty table for so many rows.
func (t *table) expect(rows int) {
	places := len(t.index)
	for places < 3*rows {
		places *= 2
	}
	if places == len(t.index) || t.used > 0 || t.old != nil {
		return
	}
	index, err := newIndex(places)
	if err != nil {
		panic(noMemory{err})
	}
	t.arena.give(len(t.index) * 4)
	releaseIndex(t.index)
	t.arena.take(places * 4)
	t.index, t.shift = index, uint(64-bits.Len(uint(places-1)))
}

// inUse reports whether a row has events; one that was freed has none.
func inUse(row []int64) bool { return row[wordCount] != 0 }

func (p *keyedPane) save(e *encoder) {
	p.table.save(e)
	for _, set := range p.sets {
		set.save(e)
	}
}

func (p *keyedPane) load(d *decoder) {
	p.table.load(d, inUse)
	for _, set := range p.sets {
		for words := d.region(set.stride); len(words) > 0; words = words[set.stride:] {
			if d.owns(words[1]) {
				set.addPair(words[1], words[2])
			}
		}
	}
}

func (p *peakPane) save(e *encoder) {
	e.word(p.best)
	e.run(p.values)
}

func (p *peakPane) load(d *decoder) {
	best, values := d.word(), d.run()
	switch {
	case len(values)%len(p.plan.values) != 0:
		d.fail("%d values of events with %d", len(values), len(p.plan.values))
	case best > p.best:
		p.best, p.values = best, append(p.values[:0], values...)
	case best == p.best:
		p.values = append(p.values, values...)
	}
}

func (a *aligned) reached() int64 { return a.watermark }

func (a *aligned) save(e *encoder) {
	e.word(int64(len(a.slices)))
	for i := range a.slices {
		e.word(a.slices[i].start)
		a.slices[i].pane.save(e)
	}
}

// load adds the slices of a part that has come to the same watermark. The running window is the sum
// of those that have joined it.
func (a *aligned) load(d *decoder) {
	for range d.count(1) {
		start := d.word()
		if d.err != nil {
			return
		}
		if start != floor(start, a.width) {
			d.fail("a slice at %d, of width %d", start, a.width)
			return
		}
		p := a.slice(start).pane
		joined := a.slide != a.size && start+a.width <= a.joined
		if joined {
			a.paner.leave(p)
		}
		p.load(d)
		if joined {
			a.paner.join(p)
		}
	}
}

func (j *judge) save(e *encoder) {
	e.word(j.verdict)
	e.word(int64(len(j.open)))
	for _, s := range j.open {
		e.run([]int64{s.window.start, s.window.end, s.best})
		e.run(s.lines)
	}
}

// load takes over the windows that were not decided. What the slots have closed they tell again.
func (j *judge) load(d *decoder) {
	j.verdict = d.word()
	for range d.count(2) {
		head, lines := d.run(), d.run()
		if len(head) != 3 || len(lines)%len(j.out.plan.out) != 0 {
			d.fail("a standing of %d words, lines of %d", len(head), len(lines))
			return
		}
		j.take(standing{window{head[0], head[1]}, head[2], lines})
	}
	if d.err != nil || j.verdict == math.MaxInt64 {
		j.open = nil
	}
}
