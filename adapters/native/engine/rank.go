package engine

import (
	"math"
	"slices"
)

// A rank is decided in two rounds: every slot finds the leaders of its own keys (or events) as a
// window closes, and the judge in slot 0 keeps the best of them once every slot has closed it.

// standing is what one slot has to say about a window.
type standing struct {
	window window
	best   int64
	lines  []int64 // results, column after column, row after row
}

// enter hands in the leading rows of a window of keyed state.
func (c *contest) enter(w window, at []uint32, state []int64) {
	if len(at) == 0 {
		return
	}
	s := standing{window: w, best: state[at[0]+uint32(c.plan.by)]}
	for _, row := range at {
		for _, src := range c.plan.out {
			s.lines = append(s.lines, src.of(w, state[row:]))
		}
	}
	c.stand(s)
}

// of is the value of a result column for a row of keyed state.
func (s source) of(w window, row []int64) int64 {
	switch s.kind {
	case fromStart:
		return w.start
	case fromEnd:
		return w.end
	}
	return row[s.word]
}

// stand hands in what the slot has to say about a window.
func (c *contest) stand(s standing) {
	c.send(letter{
		kind: aStanding, words: [3]int64{s.window.start, s.window.end, s.best}, lines: s.lines,
	})
}

// judge keeps the best standings of every window that is not decided yet, in order of their ends.
//
//	posts --collect--> held --read--> open, closed --decide--> output
//
// A slot whose barrier has come is not read until those of all have: its letters wait in held.
// They are taken from their rings all the same, so that no slot waits for room meanwhile.
type judge struct {
	out     *emitter
	posts   []*ring[letter] // by slot; nil of the judge's own
	held    [][]letter      // by slot, in order
	closed  []int64         // watermark each slot has closed its windows up to
	open    []standing
	verdict int64  // every window that ends by here is decided
	board   *board // of groups that slots share; else nil

	barrier uint64 // for which slots are waited; 0 for none
	behind  []bool // slots whose barrier has come
	capture func(id uint64)
}

func newJudge(out *emitter, posts []*ring[letter]) *judge {
	j := &judge{
		out: out, posts: posts, held: make([][]letter, len(posts)),
		closed: make([]int64, len(posts)), behind: make([]bool, len(posts)),
		verdict: math.MinInt64,
	}
	for i := range j.closed {
		j.closed[i] = math.MinInt64
	}
	return j
}

// collect takes all letters that have come and reads those that may be.
func (j *judge) collect() {
	for from, post := range j.posts {
		if post == nil {
			continue
		}
		for l, ok := post.pop(); ok; l, ok = post.pop() {
			j.held[from] = append(j.held[from], l)
		}
	}
	for again := true; again; { // a barrier that is complete lets the letters behind it be read
		again = false
		for from := range j.held {
			if n := j.read(from); n > 0 {
				again = true
				rest := copy(j.held[from], j.held[from][n:])
				clear(j.held[from][rest:])
				j.held[from] = j.held[from][:rest]
			}
		}
	}
}

// read reads letters of a slot up to its barrier, and says how many.
func (j *judge) read(from int) int {
	for n, l := range j.held[from] {
		if j.behind[from] {
			return n
		}
		switch l.kind {
		case aStanding:
			j.take(standing{window{l.words[0], l.words[1]}, l.words[2], l.lines})
		case aClose:
			j.closed[from] = max(j.closed[from], l.words[0])
			j.complete()
		case aBarrier:
			j.meet(from, uint64(l.words[0]))
		case aTally:
			j.board.take(from, l.lines)
		}
	}
	return len(j.held[from])
}

// meet notes a slot's barrier. One that is newer than that waited for has overtaken it.
func (j *judge) meet(from int, id uint64) {
	if id < j.barrier {
		return
	}
	if id > j.barrier {
		clear(j.behind)
		j.barrier = id
	}
	j.behind[from] = true
	j.complete()
}

// complete lets the state be captured once the barriers of all slots have come: of those that have
// closed everything there is nothing left to come.
func (j *judge) complete() {
	if j.barrier == 0 {
		return
	}
	for from, behind := range j.behind {
		if !behind && j.closed[from] != math.MaxInt64 {
			return
		}
	}
	id := j.barrier
	j.barrier = 0
	clear(j.behind)
	j.capture(id)
}

// take merges a standing into what is known of its window.
func (j *judge) take(s standing) {
	i := len(j.open)
	for i > 0 && j.open[i-1].window.end >= s.window.end {
		i--
	}
	if i == len(j.open) || j.open[i].window.end != s.window.end {
		j.open = append(j.open, standing{})
		copy(j.open[i+1:], j.open[i:])
		j.open[i] = s
		return
	}
	switch known := &j.open[i]; {
	case s.best > known.best:
		*known = s
	case s.best == known.best:
		known.lines = append(known.lines, s.lines...)
	}
}

// decide emits the windows that every slot has closed, and reports whether there were any.
func (j *judge) decide() bool {
	j.collect()
	told := j.board.tell()
	closed := slices.Min(j.closed)
	if closed <= j.verdict {
		return told
	}
	j.verdict = closed
	n := 0
	for n < len(j.open) && j.open[n].window.end <= closed {
		width := len(j.out.plan.out)
		for lines := j.open[n].lines; len(lines) > 0; lines = lines[width:] {
			j.out.line(lines[:width])
		}
		n++
	}
	j.open = append(j.open[:0], j.open[n:]...)
	return n > 0 || told
}

// settled reports whether every slot has closed all of its windows and all are decided.
func (j *judge) settled() bool {
	for _, letters := range j.held {
		if len(letters) > 0 {
			return false
		}
	}
	return j.verdict == math.MaxInt64 && len(j.open) == 0 && j.board.settled()
}

// peaks makes windows of the events with the largest value, ties kept: a rank without a key.
type peaks struct {
	plan *plan
	rank *contest
}

// peakPane holds the largest events of a slice.
type peakPane struct {
	plan   *plan
	best   int64
	values []int64 // plan.values of each, row after row
}

func (p *peaks) pane() (pane, error) {
	return &peakPane{plan: p.plan, best: math.MinInt64}, nil
}

func (p *peakPane) add(b *block) {
	best := p.best
	for i, v := range b.values[p.plan.by][:b.n] {
		if v < best {
			continue
		}
		if v > best {
			best = v
			p.values = p.values[:0]
		}
		for _, col := range b.values {
			p.values = append(p.values, col[i])
		}
	}
	p.best = best
}

func (p *peakPane) reset() { p.best, p.values = math.MinInt64, p.values[:0] }

func (p *peaks) join(pane) {}

func (p *peaks) leave(pane) {}

func (p *peaks) emit(startMs, endMs int64, panes []pane) {
	s := standing{window: window{startMs, endMs}, best: math.MinInt64}
	for _, pn := range panes {
		s.best = max(s.best, pn.(*peakPane).best)
	}
	width := len(p.plan.values)
	for _, pn := range panes {
		k := pn.(*peakPane)
		if k.best != s.best {
			continue
		}
		for v := k.values; len(v) > 0; v = v[width:] {
			for _, src := range p.plan.out {
				s.lines = append(s.lines, src.ofEvent(s.window, v))
			}
		}
	}
	if len(s.lines) > 0 {
		p.rank.stand(s)
	}
}

// ofEvent is the value of a result column for an event's values.
func (s source) ofEvent(w window, values []int64) int64 {
	if s.kind == fromValue {
		return values[s.value]
	}
	return s.of(w, nil)
}
