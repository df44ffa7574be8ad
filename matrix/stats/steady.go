package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// SteadySlices is how many one-second slices must show no change point before warm-up ends.
const SteadySlices = 10

const (
	changeAlpha = 0.05
	// tolerated is the shift of the median below which a change point is found but not minded: a
	// machine that speeds up by half a percent is steady enough for figures of two digits.
	tolerated = 0.02
	// permutations fix the p-value's resolution at 0.0005; their seed is fixed so that the same
	// slices always give the same answer.
	permutations = 1999
)

// change is the most likely place where a series changes its level.
type change struct {
	At    int     // index of the first value of the new level; 0 in a series without any change
	P     float64 // probability of as large a statistic in a series of the same values, shuffled
	Shift float64 // |median after / median before − 1|; +Inf where the median before is 0
}

// changePoint applies Pettitt's rank test (A. N. Pettitt, A non-parametric approach to the
// change-point problem, Applied Statistics 28, 1979): the split whose two sides differ most in
// rank sum, K = max |2·R(t) − t·(n+1)|. Ranks make it blind to a lone outlier. Pettitt's own
// p-value is asymptotic and far too large for n near 10, so p comes from seeded permutations,
// which also keep it exact under ties.
func changePoint(xs []float64) change {
	ranks := midranks(xs)
	at, k := pettitt(ranks)
	if k == 0 {
		return change{P: 1}
	}
	rnd := rand.New(rand.NewPCG(0x5eed, uint64(len(xs))))
	shuffled := slices.Clone(ranks)
	extreme := 1
	for range permutations {
		rnd.Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		if _, s := pettitt(shuffled); s >= k {
			extreme++
		}
	}
	return change{At: at, P: float64(extreme) / (permutations + 1), Shift: shift(xs, at)}
}

func pettitt(ranks []float64) (at int, k float64) {
	n, sum := float64(len(ranks)), 0.0
	for t := 1; t < len(ranks); t++ {
		sum += ranks[t-1]
		if u := math.Abs(2*sum - float64(t)*(n+1)); u > k {
			at, k = t, u
		}
	}
	return at, k
}

func shift(xs []float64, at int) float64 {
	before := Median(xs[:at]).Median
	after := Median(xs[at:]).Median
	if before == after {
		return 0
	}
	return math.Abs(after/before - 1)
}

// Steady reports whether the last SteadySlices one-second slices of a series (throughput, or p99)
// show no change point: none with p < 0.05 that shifts the median by more than 2 %. A shorter
// series is not steady yet. Slices without a value are left out by the caller.
func Steady(slices []float64) bool {
	if len(slices) < SteadySlices {
		return false
	}
	c := changePoint(slices[len(slices)-SteadySlices:])
	return c.P >= changeAlpha || c.Shift <= tolerated
}
