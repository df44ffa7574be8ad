package workloads

import "strconv"

// Line appends the line of a result: its first Query.LineWidth columns in decimal, joined by '|'.
func Line(dst []byte, columns []int64) []byte {
	for c, v := range columns {
		if c > 0 {
			dst = append(dst, '|')
		}
		dst = strconv.AppendInt(dst, v, 10)
	}
	return dst
}
