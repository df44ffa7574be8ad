package cluster

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// outlet carries the results of a deployment to the runner, each with the attempt, the epoch and
// the slot it is of. A marker follows the last result of an epoch of a slot, when that has passed
// the marker on all of its outputs.
type outlet struct {
	d       *deployment
	outputs []slotOutputs
	batch   []byte
	handed  time.Time // when the last batch was handed over
}

// slotOutputs are those of one slot.
type slotOutputs struct {
	slot    int
	outputs []*engine.Output
	markers map[uint64]int // by checkpoint: outputs that have passed it
	ended   bool
}

func newOutlet(d *deployment) *outlet {
	o := &outlet{d: d}
	all := d.engine.Outputs()
	each := len(all) / len(d.slots)
	for i, s := range d.slots {
		o.outputs = append(o.outputs, slotOutputs{
			slot: s, outputs: all[i*each : (i+1)*each], markers: map[uint64]int{},
		})
	}
	return o
}

// send takes what the slots have handed over, as far as the connection takes it.
func (o *outlet) send() (moved bool) {
	for i := range o.outputs {
		s := &o.outputs[i]
		done := true
		for _, out := range s.outputs {
			for len(o.batch) < batchB {
				h, ok := out.Take()
				if !ok {
					break
				}
				moved = true
				o.take(s, out, h)
			}
			done = done && out.Done()
		}
		if done && !s.ended && len(o.batch) < batchB {
			s.ended = true
			o.mark(s.slot, math.MaxUint64)
		}
	}
	o.hand()
	return moved
}

// heldBack is how long a planted mistake keeps results, their checkpoint being declared complete.
const heldBack = 700 * time.Millisecond

// hand gives what is encoded to the connection, if that has room.
func (o *outlet) hand() {
	if len(o.batch) == 0 {
		return
	}
	if o.d.w.job.Plant == plantCommitBeforeFlush && time.Since(o.handed) < heldBack {
		return
	}
	if o.d.w.toolConn().offer(o.batch) {
		o.batch = newBatch()
		o.handed = time.Now()
	}
}

// passed notes that one of a slot's outputs has passed a marker, and reports whether all have.
func (s *slotOutputs) passed(id uint64) bool {
	s.markers[id]++
	if s.markers[id] < len(s.outputs) {
		return false
	}
	delete(s.markers, id)
	return true
}

func (o *outlet) take(s *slotOutputs, out *engine.Output, h engine.Handed) {
	if h.Results == nil {
		if s.passed(h.Epoch) {
			o.mark(s.slot, h.Epoch)
		}
		return
	}
	r := results{attempt: o.d.Attempt, epoch: h.Epoch, slot: s.slot, rs: h.Results}
	o.batch = appendFrame(o.batch, kindResults, r.append)
	out.Free(h.Results)
}

// mark says that a slot's results up to a checkpoint have been sent.
func (o *outlet) mark(slot int, id uint64) {
	o.batch = append(o.batch, message(kindMarker,
		marker{Attempt: o.d.Attempt, Slot: slot, ID: id})...)
}

// results are a batch of results on its way to the runner.
//
//	| attempt, 8 bytes | epoch, 8 | slot, 4 | stream, 1 | columns, 2 | rows, 4 | column by column |
type results struct {
	attempt, epoch uint64
	slot           int
	rs             *workloads.Results
}

const resultsHeadB = 27

func (r results) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(le.AppendUint64(b, r.attempt), r.epoch)
	b = append(le.AppendUint32(b, uint32(r.slot)), byte(r.rs.Stream))
	b = le.AppendUint32(le.AppendUint16(b, uint16(len(r.rs.Cols))), uint32(r.rs.N))
	for _, col := range r.rs.Cols {
		for _, v := range col[:r.rs.N] {
			b = le.AppendUint64(b, uint64(v))
		}
	}
	return b
}

// readResults reads a batch into results made by make for so many rows.
func readResults(
	b []byte, q workloads.Query, make func(of workloads.Stream, rows int) *workloads.Results,
) (r results, err error) {
	le := binary.LittleEndian
	if len(b) < resultsHeadB {
		return r, fmt.Errorf("%w: results of %d bytes", errDamaged, len(b))
	}
	r = results{attempt: le.Uint64(b), epoch: le.Uint64(b[8:]), slot: int(le.Uint32(b[16:]))}
	of, cols, n := workloads.Stream(b[20]), int(le.Uint16(b[21:])), int(le.Uint32(b[23:]))
	b = b[resultsHeadB:]
	if of > workloads.DeadLetters || cols != q.WidthOf(of) || cols == 0 || len(b) != cols*n*8 {
		return r, fmt.Errorf("%w: %d rows of %d columns", errDamaged, n, cols)
	}
	r.rs = make(of, n)
	r.rs.N = n
	for _, col := range r.rs.Cols {
		for i := range col[:n] {
			col[i] = int64(le.Uint64(b[i*8:]))
		}
		b = b[n*8:]
	}
	return r, nil
}
