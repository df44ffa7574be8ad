package workloads

// Stream is one of the outputs of a query.
type Stream uint8

// The outputs of a query, in the order of their topics.
const (
	Answers     Stream = iota // what the query asks for
	LateEvents                // events whose window was dropped before they came
	DeadLetters               // events that could not be read
)

// deadLetterFields are the columns of a dead letter: the event's number, where it lay, a code of
// what is wrong with it and how often reading it was tried.
var deadLetterFields = []string{seqField, "partition", "offset", "reason", "attempts"}

// WidthOf is the number of columns of one of a query's outputs; 0 if it has no such output.
func (q Query) WidthOf(s Stream) int {
	switch {
	case s == Answers:
		return q.Width()
	case s == LateEvents && q.Late != nil:
		return len(q.Late.Fields)
	case s == DeadLetters && q.DeadLetters:
		return len(deadLetterFields)
	}
	return 0
}

// Results are results in columns, in the order of Query.Width: the fields of the line, then count
// and seqsum where the query has them. Rows 0..N-1 are valid.
type Results struct {
	Stream Stream // the output they belong to; the columns of others than Answers are its fields
	N      int
	Cols   [][]int64
}

// NewResults makes an empty batch of results of a query with room for rows of them.
func NewResults(q Query, rows int) *Results { return NewResultsOf(q, Answers, rows) }

// NewResultsOf makes an empty batch of one of a query's outputs, which it has.
func NewResultsOf(q Query, s Stream, rows int) *Results {
	r := &Results{Stream: s, Cols: make([][]int64, q.WidthOf(s))}
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
