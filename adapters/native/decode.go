package native

import (
	"fmt"

	"github.com/streambench/streambench/workloads"
)

// decoder reads events in their wire form into the rows of a batch, and sets aside as dead letters
// those nobody can read where the query has an output for them.
//
//	value --codec--> a row of the batch
//	         \-----> a dead letter: seq, partition, offset, reason, attempts
//
// One goroutine uses it.
type decoder struct {
	codec workloads.Codec
	maxB  int // the largest event accepted; 0 for no limit
	batch *workloads.Batch
	dead  *workloads.Results // nil where the query has no dead letters
	// told hears of every dead letter and why it is one; nil where nobody wants to know.
	told func(at place, why error)
}

// place says which event it is that cannot be read, and where it lay.
type place struct {
	seq       int64 // by the header; noSeq without one
	partition int
	offset    int64
}

// noSeq is the number of an event that does not tell its own.
const noSeq = -1

// newDecoder makes the decoder of a workload's events in a form, for batches of rows each.
func newDecoder(w *workloads.Workload, form string, rows int) (*decoder, error) {
	codec, err := workloads.NewCodec(w.Schema, form)
	if err != nil {
		return nil, err
	}
	d := &decoder{codec: codec, maxB: w.Query.MaxEventB}
	if w.Query.DeadLetters {
		d.dead = workloads.NewResultsOf(w.Query, workloads.DeadLetters, rows)
	}
	return d, nil
}

// begin has the events that follow go to a batch, which it empties.
func (d *decoder) begin(b *workloads.Batch) {
	d.batch, b.N = b, 0
	if d.dead != nil {
		d.dead.N = 0
	}
}

// room is how many events may be added before the next begin.
func (d *decoder) room() int {
	n := d.batch.Cap() - d.batch.N
	if d.dead != nil {
		n = min(n, d.dead.Cap()-d.dead.N)
	}
	return n
}

// add reads one event; there is room. It reports whether that is an end event, which goes nowhere.
// An error means that the event cannot be read and that the query does not say what to do then.
func (d *decoder) add(value []byte, at place) (end bool, err error) {
	if d.maxB > 0 && len(value) > d.maxB {
		// Nobody has to look at it, so it may hold anything.
		return false, d.bury(at, workloads.TooLarge,
			fmt.Errorf("%d bytes, where an event has at most %d", len(value), d.maxB))
	}
	b := d.batch
	if err := d.codec.Decode(value, b, b.N); err != nil {
		return false, d.bury(at, workloads.Unreadable, err)
	}
	if b.Seq[b.N] == endSeq {
		return true, nil
	}
	b.N++
	return false, nil
}

// endSeq is the number of an end event.
const endSeq = -1

// bury makes a dead letter of an event, tried once: what cannot be read now never can.
func (d *decoder) bury(at place, reason int64, why error) error {
	if d.dead == nil {
		return fmt.Errorf("read event at partition %d offset %d: %w", at.partition, at.offset, why)
	}
	rs := d.dead
	for c, v := range [...]int64{at.seq, int64(at.partition), at.offset, reason, 1} {
		rs.Cols[c][rs.N] = v
	}
	rs.N++
	if d.told != nil {
		d.told(at, why)
	}
	return nil
}

// letters are the dead letters since begin, nil for none.
func (d *decoder) letters() *workloads.Results {
	if d.dead == nil || d.dead.N == 0 {
		return nil
	}
	return d.dead
}
