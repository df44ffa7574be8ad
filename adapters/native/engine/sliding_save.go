package engine

import (
	"cmp"
	"slices"
)

func (s *sliding) reached() int64 { return s.watermark }

// save writes the events of the last window and those that wait for their moment, one after the
// other. The slot is held up for as long as that takes: the totals are those of these events.
func (s *sliding) save(e *encoder) {
	e.run(s.past())
	var events []int64
	for _, h := range s.moments.places {
		for ; h != 0; h = s.moments.hooks.at(h)[hookNext] {
			events = append(events, s.moments.events(s.moments.hooks.at(h))...)
		}
	}
	e.run(events)
}

// load reads the events of a part that has come to the same watermark. Those of the last window go
// in between those there are, in order of time.
func (s *sliding) load(d *decoder) {
	width := s.moments.stride
	past, waiting := d.run(), d.run()
	if len(past)%width != 0 || len(waiting)%width != 0 {
		d.fail("%d and %d words of events of %d", len(past), len(waiting), width)
		return
	}
	for ; len(waiting) > 0; waiting = waiting[width:] {
		if d.owns(waiting[eventKey]) {
			copy(s.moments.room(waiting[eventTS]), waiting[:width])
		}
	}
	var events [][]int64
	for ; len(past) > 0; past = past[width:] {
		if d.owns(past[eventKey]) {
			events = append(events, past[:width])
		}
	}
	for before := s.unroll(); len(before) > 0; before = before[width:] {
		events = append(events, before[:width])
	}
	slices.SortStableFunc(events, func(a, b []int64) int {
		return cmp.Compare(a[eventTS], b[eventTS])
	})
	s.grow()
	s.enter(slices.Concat(events...))
	s.join()
}

// past are the words of the events in the trail.
func (s *sliding) past() (events []int64) {
	for c, lo := s.trail.front, s.trail.from; c != nil; c, lo = c.next, 0 {
		for i := lo; i < c.events.n; i++ {
			events = append(events, c.events.ts[i], c.events.seq[i], s.table.rows[c.at[i]])
			for _, col := range c.events.values {
				events = append(events, col[i])
			}
		}
	}
	return events
}

// unroll takes all events out of the trail and the totals.
func (s *sliding) unroll() []int64 {
	events := s.past()
	for s.trail.front != s.trail.back {
		s.trail.shrink()
	}
	s.trail.back.events.n, s.trail.from, s.joined = 0, 0, 0
	s.table.reset()
	return events
}
