package engine

import "math"

// reached is the watermark where that plays a part, else whether the stream has ended.
func (m *machines) reached() int64 {
	if m.sorted == nil && m.timers == nil && m.watermark != math.MaxInt64 {
		return math.MinInt64
	}
	return m.watermark
}

// save writes the rows down with the timers that are set, and the events that wait with their keys.
func (m *machines) save(e *encoder) {
	m.table.save(e)
	if m.sorted == nil {
		return
	}
	var events []int64
	held := m.sorted.moments
	for _, h := range held.places {
		for ; h != 0; h = held.hooks.at(h)[hookNext] {
			from := len(events)
			events = append(events, held.events(held.hooks.at(h))...)
			for at := from; at < len(events); at += held.stride {
				row := events[at+eventKey]
				events[at+eventKey] = m.table.rows[row]
			}
		}
	}
	e.run(events)
}

// load takes the machines and the events of keys the slot owns. Timers are hung up anew.
func (m *machines) load(d *decoder) {
	d.rowsOf(m.table.stride, func(from []int64) {
		row := m.table.one(from[wordKey])
		copy(m.state(row), from[1:])
		if m.timers == nil {
			return
		}
		if ms := from[m.timers.first+timerMs]; ms != 0 {
			m.timers.set(row, ms)
		}
	})
	if m.sorted == nil {
		return
	}
	events, width := d.run(), m.sorted.moments.stride
	if len(events)%width != 0 {
		d.fail("%d words of events of %d", len(events), width)
		return
	}
	for ; len(events) > 0; events = events[width:] {
		if key := events[eventKey]; d.owns(key) {
			e := m.sorted.moments.room(events[eventTS])
			copy(e, events[:width])
			e[eventKey] = int64(m.table.one(key))
		}
	}
}
