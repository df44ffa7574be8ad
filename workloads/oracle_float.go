package workloads

import "math"

// addFloat folds a value into the word of an aggregate over floats, which holds their bits.
func (f *fold) addFloat(word *int64, x float64) {
	if f.Func == SumSquares {
		x *= x
	}
	f.mergeFloat(word, x)
}

// mergeFloat joins the word of an aggregate with another accumulator's.
func (f *fold) mergeFloat(word *int64, x float64) {
	acc := math.Float64frombits(uint64(*word))
	switch f.Func {
	case Min:
		acc = min(acc, x)
	case Max:
		acc = max(acc, x)
	default:
		acc += x
	}
	*word = int64(math.Float64bits(acc))
}

// pick is an integer, or the bits of a float where the aggregate is over floats.
func (f *fold) pick(x int64, float float64) int64 {
	if f.float {
		return int64(math.Float64bits(float))
	}
	return x
}
