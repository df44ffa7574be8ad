package workloads

// Batch is a run of events in columns. Rows 0..N-1 are valid. The values a row has in the columns
// of a variant it does not belong to are unspecified.
type Batch struct {
	N   int
	Seq []int64 // event number; -1 for an end event
	TS  []int64 // event time, milliseconds since 1970
	// Cols are the columns of the schema; nil where nobody asked for the column.
	Cols [][]int64
}

// NewBatch makes an empty batch of every column of a schema with room for rows events.
func NewBatch(s Schema, rows int) *Batch {
	cols := make([]int, s.Width())
	for i := range cols {
		cols[i] = i
	}
	return NewBatchOf(s, cols, rows)
}

// NewBatchOf makes an empty batch of the named columns alone; a generator leaves the others out.
func NewBatchOf(s Schema, cols []int, rows int) *Batch {
	b := &Batch{
		Seq:  make([]int64, rows),
		TS:   make([]int64, rows),
		Cols: make([][]int64, s.Width()),
	}
	for _, c := range cols {
		if c >= 0 {
			b.Cols[c] = make([]int64, rows)
		}
	}
	return b
}

// Cap is the number of rows the batch has room for.
func (b *Batch) Cap() int { return len(b.Seq) }

// Column returns a column by the number Schema.Column gave.
func (b *Batch) Column(c int) []int64 {
	switch c {
	case seqColumn:
		return b.Seq
	case tsColumn:
		return b.TS
	}
	return b.Cols[c]
}

// Slots is an arithmetic sequence of places in the schedule: First, First+Step, … N of them.
type Slots struct {
	First, Step uint64
	N           int
}

// Generator writes events. Event contents are a pure function of the workload's settings and the
// slot, so any generator of the same workload writes the same bytes, from any slot, in any order.
type Generator interface {
	// Fill overwrites rows 0..s.N-1 of b, which has room for them, and sets b.N. It fills seq, ts
	// and those columns that b has. It does not allocate. One goroutine at a time.
	Fill(b *Batch, s Slots)
}
