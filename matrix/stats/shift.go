package stats

// Shift is a change of level inside a series.
type Shift struct {
	At            int     // index of the first value of the new level
	Before, After float64 // medians of the two sides
	P             float64 // of Pettitt's test: how often a shuffled series changes as much
}

const shiftAlpha = 0.01

// FindShift finds the change of level in a series of one-second slices: Pettitt's change point with
// p < 0.01. ok is false where there is none, as in any series of fewer than eight values.
func FindShift(xs []float64) (s Shift, ok bool) {
	if len(xs) < 8 {
		return s, false
	}
	c := changePoint(xs)
	s = Shift{At: c.At, P: c.P, Before: Median(xs[:c.At]).Median, After: Median(xs[c.At:]).Median}
	return s, c.At > 0 && c.P < shiftAlpha
}
