package engine

import (
	"math"
	"sync/atomic"
)

// A rank is decided in two rounds: every slot finds the leaders of its own keys (or events) as a
// window closes, and the judge in slot 0 keeps the best of them once every slot has closed it.
//
//	slot 0: contest ---------\
//	slot 1: contest --chan--> judge --> output of slot 0
type contest struct {
	plan  *plan
	judge *judge
	local bool // in the judge's own slot
	stop  *atomic.Bool
}

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
	c.send(s)
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

func (c *contest) send(s standing) {
	if c.local {
		c.judge.take(s)
		return
	}
	for !c.stop.Load() {
		select {
		case c.judge.mail <- s:
			return
		default:
			Doze(park)
		}
	}
}

// arbiter answers, in slot 0, what takes a word from every slot.
type arbiter interface {
	// decide answers what every slot has had its say on, and reports whether there was anything.
	decide() bool
	// settled reports whether every slot has said all it ever will and everything is answered.
	settled() bool
}

// judge keeps the best standings of every window that is not decided yet, in order of their ends.
type judge struct {
	out     *emitter
	mail    chan standing
	closed  []*atomic.Int64 // watermark each slot has closed its windows up to
	open    []standing
	verdict int64 // every window that ends by here is decided
}

func newJudge(out *emitter, closed []*atomic.Int64) *judge {
	return &judge{
		out: out, mail: make(chan standing, 1024), closed: closed, verdict: math.MinInt64,
	}
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

// decide emits the windows that every slot has closed, and reports whether there were any. The
// watermarks are read before the mail: what a slot sent before it moved its own is in it.
func (j *judge) decide() bool {
	closed := int64(math.MaxInt64)
	for _, c := range j.closed {
		closed = min(closed, c.Load())
	}
	for len(j.mail) > 0 {
		j.take(<-j.mail)
	}
	if closed <= j.verdict {
		return false
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
	return n > 0
}

// settled reports whether every slot has closed all of its windows and all are decided.
func (j *judge) settled() bool {
	return j.verdict == math.MaxInt64 && len(j.open) == 0 && len(j.mail) == 0
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
		p.rank.send(s)
	}
}

// ofEvent is the value of a result column for an event's values.
func (s source) ofEvent(w window, values []int64) int64 {
	if s.kind == fromValue {
		return values[s.value]
	}
	return s.of(w, nil)
}
