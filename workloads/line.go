package workloads

import (
	"math"
	"strconv"
)

// Line appends the line of a result, the first Query.LineWidth columns of its row joined by '|':
// integers in decimal, floats in the shortest decimal that reads back as the same, strings as they
// are. Columns are Query.Columns; without them everything is an integer.
func Line(dst []byte, row []int64, columns ...ResultField) []byte {
	for c, v := range row {
		if c > 0 {
			dst = append(dst, '|')
		}
		if c >= len(columns) || columns[c].Kind == Int {
			dst = strconv.AppendInt(dst, v, 10)
			continue
		}
		switch f := &columns[c]; {
		case f.Kind == Float:
			dst = strconv.AppendFloat(dst, math.Float64frombits(uint64(v)), 'f', -1, 64)
		case f.Kind == Dict && uint64(v) < uint64(len(f.Dict)):
			dst = append(dst, f.Dict[v]...)
		default:
			dst = strconv.AppendInt(dst, v, 10) // no code of the Dict: garbage
		}
	}
	return dst
}

// nearly says whether two floats, given by their bits, are as good as equal: sums of the same
// numbers in another order differ in their last digits.
func nearly(a, b int64) bool {
	if a == b {
		return true
	}
	x, y := math.Float64frombits(uint64(a)), math.Float64frombits(uint64(b))
	off := math.Abs(x - y)
	return off <= 1e-9*max(math.Abs(x), math.Abs(y)) && !math.IsInf(off, 0)
}
