package workloads

import "strconv"

// Line appends the line of a result: the columns of its fields in decimal, joined by '|'. A row is
// laid out as Query.Width says; count and seqsum behind the line are no part of it.
func Line(dst []byte, q Query, row []int64) []byte {
	for c, v := range row[:q.LineWidth()] {
		if c > 0 {
			dst = append(dst, '|')
		}
		dst = strconv.AppendInt(dst, v, 10)
	}
	return dst
}
