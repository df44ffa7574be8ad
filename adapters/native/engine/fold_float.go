package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// Floats travel and are kept by their bits, so that a row stays a run of integers. A sum of them
// depends on the order of its events in the last digits: results are compared to one part in 10^9.

func floatOf(word int64) float64 { return math.Float64frombits(uint64(word)) }

func bitsOf(x float64) int64 { return int64(math.Float64bits(x)) }

// updateFloat folds a column of floats into one aggregate.
func (f fold) updateFloat(rows []int64, at []uint32, v []int64) {
	to, v := uint32(f.word), v[:len(at)]
	switch f.fn {
	case workloads.Sum, workloads.Avg:
		for i, w := range at {
			rows[w+to] = bitsOf(floatOf(rows[w+to]) + floatOf(v[i]))
		}
	case workloads.SumSquares:
		for i, w := range at {
			x := floatOf(v[i])
			rows[w+to] = bitsOf(floatOf(rows[w+to]) + x*x)
		}
	case workloads.Min:
		for i, w := range at {
			rows[w+to] = bitsOf(min(floatOf(rows[w+to]), floatOf(v[i])))
		}
	case workloads.Max:
		for i, w := range at {
			rows[w+to] = bitsOf(max(floatOf(rows[w+to]), floatOf(v[i])))
		}
	}
}

// mergeFloat folds one word of another row of the same key into this one.
func (f fold) mergeFloat(to *int64, from int64) {
	a, b := floatOf(*to), floatOf(from)
	switch f.fn {
	case workloads.Min:
		a = min(a, b)
	case workloads.Max:
		a = max(a, b)
	default:
		a += b
	}
	*to = bitsOf(a)
}

// start is the word of an empty aggregate: what leaves any other value as it is.
func (f fold) start() int64 {
	switch {
	case f.fn == workloads.Min && f.float:
		return bitsOf(math.Inf(1))
	case f.fn == workloads.Max && f.float:
		return bitsOf(math.Inf(-1))
	case f.fn == workloads.Min:
		return math.MaxInt64
	case f.fn == workloads.Max:
		return math.MinInt64
	}
	return 0 // a sum, of floats too
}
