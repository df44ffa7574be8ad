package adapters

import "sort"

// custody remembers who had a shard's slot when: the driver (parked, or making events) or the
// system (processing, or without credit). The driver lag of an event is how long the driver had the
// slot between the event's due time and its hand-over; the rest of its delay is the system's.
//
//	driver time  __/---\__/--   marks where the slope changes: rising while the driver has the slot
//	marks          s   h   s
//
// Marks are kept in a ring. An event so late that its due time lies before the oldest mark is
// charged with the driver's mean share of the time up to there.
type custody struct {
	marks [custodyMarks]custodyMark
	n     int // marks made so far
}

// custodyMarks is two a batch: with a batch a millisecond, the last second.
const custodyMarks = 2048

// custodyMark is a moment at which the slot changed hands.
type custodyMark struct {
	ns       int64
	driverNs int64 // time the driver has had the slot, up to ns
	driver   bool  // who has it from then on
}

// change says that the slot changes hands. At T0 the driver has it.
func (c *custody) change(ns int64, driver bool) {
	m := custodyMark{ns: ns, driverNs: c.driverNs(ns), driver: driver}
	c.marks[c.n%custodyMarks] = m
	c.n++
}

// driverNs is how long the driver has had the slot from T0 to a time since T0.
func (c *custody) driverNs(ns int64) int64 {
	if c.n == 0 {
		return ns
	}
	kept := min(c.n, custodyMarks)
	first := c.n - kept
	// Nearly always the newest mark or the one before is asked for.
	i := kept - 1
	if c.mark(first+i).ns > ns {
		i = sort.Search(kept, func(i int) bool { return c.mark(first+i).ns > ns }) - 1
	}
	if i >= 0 {
		m := c.mark(first + i)
		if m.driver {
			return m.driverNs + ns - m.ns
		}
		return m.driverNs
	}
	oldest := c.mark(first)
	if first == 0 || oldest.ns == 0 {
		return ns
	}
	return int64(float64(oldest.driverNs) * float64(ns) / float64(oldest.ns))
}

func (c *custody) mark(i int) *custodyMark { return &c.marks[i%custodyMarks] }
