package workloads

import (
	"encoding/binary"
	"fmt"
)

// Router says in which partition of a topic an event travels and under which record key. We choose
// the partition and not the client of a broker, so the same stream lies in the same partitions
// whatever sends it.
type Router struct {
	partitions uint64
	tagged     bool
	columns    []routeColumn // by variant
}

// routeColumn is the column of a variant's key.
type routeColumn struct {
	column int
	dict   []string // of a Dict, and the hashes of its strings
	hashes []uint64
	text   func(dst []byte, code int64) []byte
}

// NewRouter makes the router of a workload's events. It panics if the key is a field that a variant
// does not have.
func (w *Workload) NewRouter(partitions int) *Router {
	r := &Router{partitions: uint64(partitions), tagged: w.Schema.Tag != ""}
	for v, variant := range w.Schema.Variants {
		name := w.RouteBy
		if name == "" {
			name = variant.Fields[0].Name
		}
		column, err := w.Schema.Column(v, name)
		if err != nil {
			panic(fmt.Sprintf("BUG: route events of %s: %v", w.Name, err))
		}
		c := routeColumn{column: column}
		if column >= 0 {
			f := variant.Fields[column-w.Schema.Offset(v)]
			c.dict, c.text = f.Dict, f.Text
			for _, s := range f.Dict {
				c.hashes = append(c.hashes, fnv1a64(s))
			}
		}
		r.columns = append(r.columns, c)
	}
	return r
}

// Route appends the record key of an event to dst and returns the event's partition. The key is the
// field's form in `binary`: eight bytes, little-endian, or the bytes of a string.
func (r *Router) Route(dst []byte, b *Batch, row int) (key []byte, partition int) {
	c := &r.columns[0]
	if r.tagged {
		c = &r.columns[b.Cols[0][row]]
	}
	v := b.Column(c.column)[row]
	hash := uint64(v)
	switch {
	case c.dict != nil:
		dst, hash = append(dst, c.dict[v]...), c.hashes[v]
	case c.text != nil:
		from := len(dst)
		dst = c.text(dst, v)
		hash = fnv1a64(dst[from:])
	default:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return dst, PartitionOf(int64(hash), int(r.partitions))
}

// PartitionOf is the partition of an integer key among so many.
func PartitionOf(key int64, partitions int) int {
	return int(below(mix64(uint64(key)), uint64(partitions)))
}

// EndTS is the event time of the events that end a stream whose largest event time is maxTS: so
// late that every window, timer and lateness is over.
func (w *Workload) EndTS(maxTS int64) int64 {
	q := &w.Query
	span := max(q.Window.SizeMs, q.Window.GapMs)
	if q.Process != nil {
		span = max(span, q.Process.TimerMs)
	}
	return maxTS + span + q.BoundMs + q.LatenessMs + endMarginMs
}

// endMarginMs makes an end event late enough for every rounding.
const endMarginMs = 60_000

// FillEnd writes the end event into a row: number -1, the time EndTS gives, the tag one above the
// last variant's, every other field zero.
func (w *Workload) FillEnd(b *Batch, row int, ts int64) {
	b.Seq[row], b.TS[row] = -1, ts
	for _, col := range b.Cols {
		if col != nil {
			col[row] = 0
		}
	}
	if w.Schema.Tag != "" {
		b.Cols[0][row] = int64(len(w.Schema.Variants))
	}
}
