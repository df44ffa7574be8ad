package workloads

// pane is a stretch of time whose events fall into the same windows, none of which has closed. Most
// events find their windows here, and a batch that lies in it as a whole is folded a column at a
// time: what is left of the cost of a fold of many keys is waiting for memory, and in short loops
// the processor waits for several rows at once.
type pane struct {
	from, to int64 // event times
	until    int64 // the largest event time, from which on a window of the pane is closed
	windows  []*window
}

// setPane makes the pane the one an event at ts lies in, all of whose windows are open.
func (f *windowFold) setPane(ts int64) {
	p := &f.pane
	p.from, p.windows = floorTo(ts, f.slide), p.windows[:0]
	p.to = p.from + f.slide
	first := p.from
	for s := p.from; s > ts-f.size; s -= f.slide {
		p.windows = append(p.windows, f.window(s))
		first = s
	}
	// Where the size is no multiple of the slide, a window ends inside the stretch.
	p.from, p.to = max(p.from, first-f.slide+f.size), min(p.to, first+f.size)
	p.until = first + f.size + f.o.p.q.BoundMs
	if len(p.windows) == 0 {
		p.to = p.from
	}
}

// holds says whether an event at ts, which the clock has not seen, is in the pane and on time.
func (f *windowFold) holds(ts int64) bool {
	return f.pane.from <= ts && ts < f.pane.to && f.o.clock.max < f.pane.until
}

// foldPane folds the rows of a batch that lie in the pane and returns the others, which are older.
// It leaves alone a batch that reaches beyond the pane or closes a window of it: until one does,
// what becomes of a row in the pane does not depend on the rows before it.
func (f *windowFold) foldPane(picked []int32) (rest []int32) {
	if f.bare() || f.o.clock.max >= f.pane.until {
		return picked
	}
	last := int64(-farFuture)
	for _, ts := range f.b.TS[:f.b.N] {
		last = max(last, ts)
	}
	if last >= min(f.pane.to, f.pane.until) {
		return picked
	}
	f.inside, f.insideOf = f.inside[:0], f.insideOf[:0]
	others := f.numbers[:0]
	rest = picked[:0]
	for i, row := range picked {
		if f.b.TS[row] >= f.pane.from {
			f.inside, f.insideOf = append(f.inside, row), append(f.insideOf, f.numbers[i])
		} else {
			rest, others = append(rest, row), append(others, f.numbers[i])
		}
	}
	f.numbers = others
	for _, w := range f.pane.windows {
		f.foldColumns(w)
	}
	f.o.late.OnTime += uint64(len(f.inside))
	return rest
}

// foldColumns folds the rows inside the pane into a window.
func (f *windowFold) foldColumns(w *window) {
	p, g := f.o.p, &w.groups
	seq := f.b.Seq
	for i, n := range f.insideOf {
		at := int(n) * p.state
		if at >= len(g.words) || g.words[at+wordCount] == 0 {
			g.start(p, &f.keys, n)
		}
		acc := g.words[at : at+firstFoldWord]
		acc[wordCount]++
		acc[wordSeqSum] += seq[f.inside[i]]
	}
	f.noteColumn(g)
	for i := range p.aggs {
		switch a := &p.aggs[i]; a.Func {
		case Count:
		case Sum, Avg, Min, Max:
			if !a.float {
				f.foldColumn(g, i)
				continue
			}
			f.foldRows(g, i)
		default:
			f.foldRows(g, i)
		}
	}
}

// foldColumn folds a column of integers.
func (f *windowFold) foldColumn(g *groups, agg int) {
	p, a, v := f.o.p, &f.o.p.aggs[agg], &f.c.vals[agg]
	words, state, word := g.words, p.state, a.word
	switch a.Func {
	case Min:
		for i, n := range f.insideOf {
			at := int(n)*state + word
			words[at] = min(words[at], v.at(int(f.inside[i])))
		}
	case Max:
		for i, n := range f.insideOf {
			at := int(n)*state + word
			words[at] = max(words[at], v.at(int(f.inside[i])))
		}
	default:
		for i, n := range f.insideOf {
			words[int(n)*state+word] += v.at(int(f.inside[i]))
		}
	}
}

// foldRows folds a column by an aggregate that is more than a line of code.
func (f *windowFold) foldRows(g *groups, agg int) {
	p := f.o.p
	for i, n := range f.insideOf {
		row := int(f.inside[i])
		f.c.ts, f.c.seq, f.c.row = f.b.TS[row], f.b.Seq[row], row
		acc, sets := g.at(p, n)
		p.addOne(agg, acc, sets, &f.c)
	}
}
