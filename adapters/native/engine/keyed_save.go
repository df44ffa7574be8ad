package engine

import "math"

// save writes a table down.
func (t *table) save(e *encoder) { e.region(t.region, t.n*t.stride) }

// load puts the rows of a table that was written down into this one, those that are wanted. A key
// that has a row already gets its words.
func (t *table) load(d *decoder, wanted func(row []int64) bool) {
	var one [1]uint32
	d.rowsOf(t.stride, func(row []int64) {
		if wanted(row) {
			t.locate(row[:1], one[:])
			copy(t.rows[one[0]+1:int(one[0])+t.stride], row[1:])
		}
	})
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
