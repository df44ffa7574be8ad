package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// operator is the windowed part of a slot.
type operator interface {
	// add takes events; those whose windows have closed are counted and dropped.
	add(b *block)
	// advance moves the watermark and closes what it has passed; math.MaxInt64 closes everything.
	advance(watermarkMs int64)
	// late and allowed count events beyond, and inside, the allowed lateness.
	late() (late, allowed uint64)
	durable
}

// pane is what a slice of time holds.
type pane interface {
	add(b *block)
	reset()
	save(e *encoder)
	load(d *decoder) // on top of what it holds
}

// paner makes panes and turns them into windows.
type paner interface {
	pane() (pane, error)
	// join and leave keep the running window [end-size, end) as slices enter and leave it.
	join(p pane)
	leave(p pane)
	// emit delivers a window made of the joined panes given.
	emit(startMs, endMs int64, panes []pane)
}

// refiner is a paner that takes late events of a window that was emitted, and delivers what they
// change.
type refiner interface {
	refine(w window, p pane, b *block)
}

// aligned is the operator of tumbling and hopping windows. Time is cut into slices as wide as the
// greatest common divisor of size and slide; an event is folded into one slice only.
//
//	slices   | a | b | c | d | e |
//	window 1 [---------------)           closes: emit a+b+c+d, then a leaves
//	window 2     [---------------)       e has joined
type aligned struct {
	size, slide, width, lateness int64
	paner                        paner
	slices                       []slice // in order of time
	spare                        []pane
	watermark                    int64
	joined                       int64 // slices that end by here have joined the running window
	tooLate, allowed             uint64
	rest, part                   *block // scratch of route
	panes                        []pane // scratch of emit
	side                         *sideOutput
}

type slice struct {
	start   int64
	pane    pane
	emitted bool // a tumbling window kept for its allowed lateness
}

// newAligned makes the operator of a query with tumbling or hopping windows.
func newAligned(s *slot, pn paner) *aligned {
	p, batchRows := s.engine.plan, s.engine.cfg.BatchRows
	w := p.query.Window
	slide := w.SlideMs
	if w.Kind == workloads.Tumbling {
		slide = w.SizeMs
	}
	return &aligned{
		size: w.SizeMs, slide: slide, width: gcd(w.SizeMs, slide), lateness: p.query.LatenessMs,
		paner: pn, watermark: math.MinInt64, joined: math.MinInt64,
		rest: newBlock(p, batchRows), part: newBlock(p, batchRows), side: s.sideOutput(),
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// floor is the largest multiple of step at or below ms, also before 1970.
func floor(ms, step int64) int64 {
	r := ms % step
	if r < 0 {
		r += step
	}
	return ms - r
}

// add folds a block into the slices its events belong to. Most blocks lie inside one slice.
func (a *aligned) add(b *block) {
	for b.n > 0 {
		least, most := b.ts[0], b.ts[0]
		for _, t := range b.ts[1:b.n] {
			least, most = min(least, t), max(most, t)
		}
		start := floor(most, a.width)
		if least >= start {
			a.addSlice(start, b)
			return
		}
		b = a.split(b, start)
		a.addSlice(start, a.part)
	}
}

// split moves the events at or after start into part and returns the others, which are fewer each
// time, so that a block of k slices takes k rounds.
func (a *aligned) split(b *block, start int64) *block {
	part, rest, n := a.part, a.rest, b.n // b may be rest
	mid := b.mid
	part.n, rest.n, part.mid, rest.mid = 0, 0, 0, 0
	for i := range n {
		dst := rest
		if b.ts[i] >= start {
			dst = part
		}
		j := dst.n
		dst.ts[j], dst.seq[j] = b.ts[i], b.seq[i]
		if b.key != nil {
			dst.key[j] = b.key[i]
		}
		for c, col := range b.values {
			dst.values[c][j] = col[i]
		}
		dst.n++
		if i < mid {
			dst.mid++
		}
	}
	return rest
}

// addSlice folds a block whose events all lie in one slice.
func (a *aligned) addSlice(start int64, b *block) {
	lastEnd := floor(start, a.slide) + a.size
	if a.expired(lastEnd) {
		a.tooLate += uint64(b.n)
		a.side.add(b)
		return
	}
	s := a.slice(start)
	switch {
	case s.emitted:
		a.allowed += uint64(b.n)
		a.paner.(refiner).refine(window{start, start + a.size}, s.pane, b)
	case a.slide != a.size && start+a.width <= a.joined:
		// The slice has joined the running window: it is late for the windows that have closed
		// and in time for those that have not.
		a.paner.leave(s.pane)
		s.pane.add(b)
		a.paner.join(s.pane)
	default:
		s.pane.add(b)
	}
}

// slice finds or makes the slice that starts at start.
func (a *aligned) slice(start int64) *slice {
	i := len(a.slices)
	for i > 0 && a.slices[i-1].start >= start {
		if i--; a.slices[i].start == start {
			return &a.slices[i]
		}
	}
	var p pane
	if last := len(a.spare) - 1; last >= 0 {
		p, a.spare = a.spare[last], a.spare[:last]
	} else {
		var err error
		if p, err = a.paner.pane(); err != nil {
			panic(noMemory{err})
		}
	}
	emitted := a.slide == a.size && start+a.size <= a.watermark
	a.slices = append(a.slices, slice{})
	copy(a.slices[i+1:], a.slices[i:])
	a.slices[i] = slice{start: start, pane: p, emitted: emitted}
	if a.slide != a.size && start+a.width <= a.joined {
		a.paner.join(p) // an empty slice of the running window
	}
	return &a.slices[i]
}

// noMemory is what the state panics with when the system gives it none.
type noMemory struct{ err error }

func (e noMemory) Error() string { return e.err.Error() }

func (a *aligned) drop() {
	a.slices[0].pane.reset()
	a.spare = append(a.spare, a.slices[0].pane)
	copy(a.slices, a.slices[1:])
	a.slices = a.slices[:len(a.slices)-1]
}

func (a *aligned) advance(watermark int64) {
	if watermark <= a.watermark {
		return
	}
	a.watermark = watermark
	if a.slide == a.size {
		a.closeTumbling()
	} else {
		a.closeHopping()
	}
}

func (a *aligned) closeTumbling() {
	for i := range a.slices {
		s := &a.slices[i]
		if end := s.start + a.size; end <= a.watermark && !s.emitted {
			s.emitted = true
			a.panes = append(a.panes[:0], s.pane)
			a.paner.emit(s.start, end, a.panes)
		}
	}
	for len(a.slices) > 0 && a.expired(a.slices[0].start+a.size) {
		a.drop()
	}
}

// expired reports whether a window that ends at end is beyond its allowed lateness.
func (a *aligned) expired(end int64) bool {
	return end <= a.watermark && a.lateness <= a.watermark-end
}

func (a *aligned) closeHopping() {
	for end := a.boundary(); end <= a.watermark && len(a.slices) > 0; end = a.boundary() {
		a.panes = a.panes[:0]
		for i := range a.slices {
			s := &a.slices[i]
			if s.start+a.width == end {
				a.paner.join(s.pane)
			}
			if s.start+a.width <= end {
				a.panes = append(a.panes, s.pane)
			}
		}
		a.joined = end
		if floor(end-a.size, a.slide) == end-a.size {
			a.paner.emit(end-a.size, end, a.panes)
		}
		if a.slices[0].start == end-a.size {
			a.paner.leave(a.slices[0].pane)
			a.drop()
		}
	}
	if a.watermark != math.MaxInt64 {
		a.joined = max(a.joined, floor(a.watermark, a.width)) // those without a slice passed too
	}
}

// boundary is the end of the slice that joins next; times without any slice are skipped.
func (a *aligned) boundary() int64 {
	if len(a.slices) == 0 {
		return math.MaxInt64
	}
	if first := a.slices[0].start + a.width; first > a.joined {
		return first
	}
	return a.joined + a.width
}

func (a *aligned) late() (late, allowed uint64) { return a.tooLate, a.allowed }
