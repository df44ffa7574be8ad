// Package stats holds the statistics of runs: medians with their intervals, slopes and change
// points. It is pure: same input, same answer, on every machine. The sample is the repetition or
// the one-second slice, never the event, so samples are small and exact methods are affordable.
package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// confidence of every interval in this package.
const confidence = 0.95

// Interval is a median with the order statistics around it. Ok is false where the sample is too
// small for an interval (n < 6) and Lo and Hi say nothing.
type Interval struct {
	Median float64
	Lo, Hi float64
	Level  float64 // probability that [Lo, Hi] covers the true median, at least 0.95
	N      int
	Ok     bool
}

// Median gives the median of a sample and the order-statistic interval x(l)..x(n+1-l), with l the
// largest that covers the true median with a probability of at least 95 %. No distribution is
// assumed. An empty sample has the median NaN.
func Median(xs []float64) Interval {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	v := Interval{Median: middle(s), N: n}
	for l := 1; 2*l <= n; l++ {
		level := 1 - 2*binomialBelow(l, n)
		if level < confidence {
			break
		}
		v.Lo, v.Hi, v.Level, v.Ok = s[l-1], s[n-l], level, true
	}
	return v
}

// binomialBelow is P(X < l) of X ~ Binomial(n, 1/2).
func binomialBelow(l, n int) float64 {
	return distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(l - 1))
}

// middle is the median of a sorted sample.
func middle(s []float64) float64 {
	n := len(s)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return s[n/2]
	}
	return s[n/2-1]/2 + s[n/2]/2
}

// Slope is how much y rises for each unit of x, with its 95 % interval.
type Slope struct {
	Value, Lo, Hi float64
}

// TheilSen gives the median of the slopes between all pairs of points, which a minority of
// outliers cannot move, and Sen's interval around it (P. K. Sen, Estimates of the regression
// coefficient based on Kendall's tau, 1968). Pairs of equal x are left out; with fewer than three
// points of different x the interval is infinite. It takes O(n² log n): thin series beyond some
// thousand points out first. It panics if x and y differ in length.
func TheilSen(x, y []float64) Slope {
	if len(x) != len(y) {
		panic("BUG: Theil-Sen slope of x and y of unequal length")
	}
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	slices.Sort(slopes)
	s := Slope{Value: middle(slopes), Lo: math.Inf(-1), Hi: math.Inf(1)}
	if len(x) < 3 || len(slopes) < 3 {
		return s
	}
	c := distuv.UnitNormal.Quantile(0.5+confidence/2) * math.Sqrt(kendallVariance(x, y))
	n := float64(len(slopes))
	if lo := int(math.Floor((n-c)/2)) - 1; lo >= 0 {
		s.Lo = slopes[lo]
	}
	if hi := int(math.Ceil((n + c) / 2)); hi < len(slopes) {
		s.Hi = slopes[hi]
	}
	return s
}

// kendallVariance is the variance of Kendall's S under no trend, corrected for ties in y and x.
func kendallVariance(x, y []float64) float64 {
	term := func(n float64) float64 { return n * (n - 1) * (2*n + 5) }
	v := term(float64(len(x)))
	for _, series := range [][]float64{x, y} {
		for _, t := range tieSizes(series) {
			v -= term(float64(t))
		}
	}
	return max(v, 0) / 18
}

func tieSizes(xs []float64) []int {
	s := slices.Sorted(slices.Values(xs))
	var sizes []int
	for from := 0; from < len(s); {
		to := from
		for to < len(s) && s[to] == s[from] {
			to++
		}
		if to-from > 1 {
			sizes = append(sizes, to-from)
		}
		from = to
	}
	return sizes
}

// midranks gives each value its rank from 1, ties the mean of theirs.
func midranks(xs []float64) []float64 {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(xs[a], xs[b]) })
	ranks := make([]float64, len(xs))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && xs[order[to]] == xs[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return ranks
}
