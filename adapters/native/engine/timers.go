package engine

import "math"

// timers holds the timer of each machine in its row, and on a wheel the places where those are to
// be looked for. A timer that is cleared or set to a later time stays where it hangs, and is hung
// up again or forgotten when that place comes round, so that to set one costs a word most of the
// time.
type timers struct {
	m       *machines
	wheel   *wheel
	first   int // word of a row where the timer's own begin
	limitMs int64
	turning bool // the wheel has visited places; until then it may begin earlier
}

// Words of a timer behind a machine's state.
const (
	timerMs    = iota // the time it is set to, 0 = none
	timerPlace        // where on the wheel the row hangs; entries of other places are stale
	timerWords
)

// timerReachMs is how far ahead timers are hung up at once; later ones are hung up again.
const timerReachMs = 1 << 17

func (t *timers) words(row uint32) []int64 {
	first := int(row) + t.first
	return t.m.table.rows[first : first+timerWords]
}

// set sets a machine's timer, or with a negative time clears it.
func (t *timers) set(row uint32, ms int64) {
	w := t.words(row)
	w[timerMs] = max(ms, 0)
	if ms > 0 && (w[timerPlace] == nowhere || ms < w[timerPlace]) {
		t.hang(row, ms)
	}
}

// hang hangs a row up where its timer will be due. What is due already is due next.
func (t *timers) hang(row uint32, ms int64) {
	if !t.turning && (t.wheel.turned == math.MinInt64 || ms < t.wheel.turned) {
		t.wheel.turned = ms
	}
	t.words(row)[timerPlace] = t.wheel.hang(row, max(ms, t.wheel.turned))
}

// overdue fires a machine's timer before an event of a later time is folded.
func (t *timers) overdue(row uint32, beforeMs int64) {
	for w := t.words(row); w[timerMs] != 0 && w[timerMs] < beforeMs; {
		t.fire(row)
	}
}

// reach fires every timer up to a time.
func (t *timers) reach(ms int64) {
	t.limitMs = ms
	if t.wheel.turned != math.MinInt64 && ms >= t.wheel.turned {
		t.turning = true
		t.wheel.turn(ms, t)
	}
}

// visit fires, forgets or hangs up again the timers of a place that has come round.
func (t *timers) visit(rows []uint32, place int64) {
	for _, row := range rows {
		w := t.words(row)
		if w[timerPlace] == nowhere || (w[timerPlace]-place)&t.wheel.mask != 0 {
			continue // it hangs elsewhere since
		}
		w[timerPlace] = nowhere
		t.upTo(row, t.limitMs)
		if w[timerMs] != 0 {
			// Firing may have hung it up where the wheel has been; that entry is stale now.
			t.hang(row, w[timerMs])
		}
	}
}

// upTo fires a machine's timer as often as it is set up to a time.
func (t *timers) upTo(row uint32, ms int64) {
	for w := t.words(row); w[timerMs] != 0 && w[timerMs] <= ms; {
		t.fire(row)
	}
}

// end fires, at the end of the stream, the timers that were due by the last event and then those
// that are set by now. What firing sets anew fires too if it is not later than all of these.
func (t *timers) end(lastMs int64) {
	t.allUpTo(lastMs)
	table, last := t.m.table, int64(0)
	for i := range table.n {
		last = max(last, t.words(uint32(i * table.stride))[timerMs])
	}
	t.allUpTo(last)
}

func (t *timers) allUpTo(ms int64) {
	for i := range t.m.table.n {
		t.upTo(uint32(i*t.m.table.stride), ms)
	}
}

// fire clears a machine's timer and calls the machine.
func (t *timers) fire(row uint32) {
	m, w := t.m, t.words(row)
	at := w[timerMs]
	m.table.touch(row)
	w[timerMs] = 0
	var next int64
	m.results, next = m.process.Fire(m.state(row), m.table.rows[row], at, m.results[:0])
	if next != 0 {
		t.set(row, next)
	}
	m.emit()
}
