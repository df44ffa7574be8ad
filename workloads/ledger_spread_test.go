package workloads

import (
	"slices"
	"testing"
)

// holds fails unless an extent is n, all of it in the slots of one part.
func (x Extent) holds(t *testing.T, what string, n, first, last uint64) {
	t.Helper()
	if x.N != n || x.Untimed != 0 || len(x.Parts) != 1 || x.Parts[0] != (Part{n, first, last}) {
		t.Errorf("%s: %+v, want %d from %d to %d", what, x, n, first, last)
	}
}

func TestWhatOffendsIsPlacedInTheStream(t *testing.T) {
	const n = 60_000
	w := newWorkload(t, iotName, 10_000, map[string]string{"keys": "50", "window": "1s"})
	right := answers(t, w, n)
	i := len(right) / 2
	end := right[i][w.Query.columnOf(WindowStart)] + w.Query.Window.SizeMs
	trigger := w.TriggerAt(end)
	d := Delivered{Events: n, TooLate: -1}

	l := account(t, w, d, slices.Concat(right[:i], right[i+1:]))
	l.Spread.Lost.holds(t, "lost", 1, trigger, trigger)
	l = account(t, w, d, slices.Concat(right, right[i:i+1], right[i:i+1]))
	l.Spread.Duplicated.holds(t, "duplicated", 2, trigger, trigger)

	// An event of the window, counted twice and then not at all.
	c := w.Query.LineWidth()
	event := right[i][c+1] / right[i][c]
	for _, sign := range []int64{1, -1} {
		rows := slices.Clone(right)
		rows[i] = slices.Clone(right[i])
		rows[i][c] += sign * 2
		rows[i][c+1] += sign * 2 * event
		l = account(t, w, d, rows)
		x := l.Spread.Twice
		if sign < 0 {
			x = l.Spread.Missing
		}
		slot := w.Timeline.Slot(uint64(event))
		x.holds(t, "counted otherwise", 2, slot, slot)
	}
	rows := slices.Clone(right)
	rows[i] = slices.Clone(right[i])
	rows[i][c-1]++
	l = account(t, w, d, rows)
	l.Spread.Other.holds(t, "of another value", 1, trigger, trigger)

	if l = account(t, w, d, right); l.Spread.Lost.N+l.Spread.Duplicated.N+l.Spread.Twice.N+
		l.Spread.Missing.N+l.Spread.Other.N > 0 {
		t.Errorf("nothing offends: %+v", l.Spread)
	}
}

func TestAnAnswerToAnEventIsPlacedByIt(t *testing.T) {
	const n = 20_000
	w := newWorkload(t, nexmarkName, 10_000, map[string]string{"query": "q0"})
	right := answers(t, w, n)
	i := len(right) / 3
	column, _ := w.Query.Anchor()
	slot := w.Timeline.Slot(uint64(right[i][column]))
	d := Delivered{Events: n, TooLate: -1}
	l := account(t, w, d, slices.Concat(right[:i], right[i+1:]))
	l.Spread.Lost.holds(t, "lost", 1, slot, slot)
	l = account(t, w, d, slices.Concat(right, right[i:i+1]))
	l.Spread.Duplicated.holds(t, "duplicated", 1, slot, slot)
}

func TestWhatLiesApartIsInPartsOfItsOwn(t *testing.T) {
	var x Extent
	for _, slot := range []uint64{5, 7, 1005, 6, 9_005} {
		x.add(slot, 2, 1000)
	}
	want := []Part{{6, 5, 7}, {2, 1005, 1005}, {2, 9005, 9005}}
	if x.N != 10 || !slices.Equal(x.Parts, want) {
		t.Errorf("%+v", x)
	}
}
