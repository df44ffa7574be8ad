package chaos

import "slices"

// Shrink finds a smallest part of a schedule that still fails, by delta debugging (Zeller and
// Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): halves are tried, then
// their complements, then finer parts. What it returns still fails, and no longer does once any one
// of its faults is left out. A schedule that does not fail is returned as it is. fails is asked at
// most n² + 3n times for n faults, and never twice about the same part in a row.
func Shrink(faults []Declaration, fails func([]Declaration) bool) []Declaration {
	if len(faults) == 0 || !fails(faults) {
		return faults
	}
	for parts := 2; len(faults) > 1; {
		smaller, of := reduced(faults, parts, fails)
		switch {
		case smaller != nil:
			faults, parts = smaller, of
		case parts >= len(faults):
			return faults
		default:
			parts = min(2*parts, len(faults))
		}
	}
	return faults
}

// reduced is a part of the faults that fails, and into how many parts that is to be cut next; nil
// where none of the parts nor of their complements does.
func reduced(
	faults []Declaration, parts int, fails func([]Declaration) bool,
) (smaller []Declaration, next int) {
	part := func(i int) (from, to int) {
		return i * len(faults) / parts, (i + 1) * len(faults) / parts
	}
	for i := range parts {
		from, to := part(i)
		if one := faults[from:to]; fails(one) {
			return one, 2
		}
	}
	if parts == 2 {
		return nil, 0 // the complements are the parts
	}
	for i := range parts {
		from, to := part(i)
		if rest := slices.Concat(faults[:from], faults[to:]); fails(rest) {
			return rest, max(parts-1, 2)
		}
	}
	return nil, 0
}
