package workloads

// Results are results in columns, in the order of Query.Width: the fields of the line, then count
// and seqsum where the query has them. Rows 0..N-1 are valid.
type Results struct {
	N    int
	Cols [][]int64
}

// NewResults makes an empty batch of results of a query with room for rows of them.
func NewResults(q Query, rows int) *Results {
	r := &Results{Cols: make([][]int64, q.Width())}
	for i := range r.Cols {
		r.Cols[i] = make([]int64, rows)
	}
	return r
}

// Cap is the number of rows there is room for.
func (r *Results) Cap() int { return len(r.Cols[0]) }

// Row copies row i into dst, which has room for it, and returns it.
func (r *Results) Row(dst []int64, i int) []int64 {
	dst = dst[:len(r.Cols)]
	for c, col := range r.Cols {
		dst[c] = col[i]
	}
	return dst
}
