package engine

import (
	"errors"
	"fmt"

	"github.com/streambench/streambench/adapters/native/checkpoint"
)

// recorder takes a slot's part of checkpoints. At the barrier it encodes what is small and flags
// the pages that have changed; those it copies out turn by turn while events go on, and a goroutine
// writes what was copied to the disk.
//
//	slot: barrier: flags | turn: copy some | turn: copy some | … | all copied
//	scribe:          \-- open file, write, write, …, sync, rename --> Done
//
// A part holds the pages that changed since the one before, or from time to time, and after one
// that failed, all of them.
type recorder struct {
	slot    int
	checks  *Checkpoints
	now     func() int64
	regions []*region
	scribe  *scribe

	id     uint64 // of the part in hand; 0 for none
	full   bool
	report Report
	began  int64  // when copying did
	buf    []byte // pages that were copied and not handed on
	live   []*region
	// waiting is how many parts of the state are still to come beside the pages.
	waiting int

	since             int // parts since the last full one
	copied, fullPages int // pages in these, and in that one; -1 before the first
}

const (
	// copyPages is how many pages a turn copies: as long as it takes to fold a batch or two.
	copyPages = 64
	// fullEvery bounds the chain of files that a restart has to read.
	fullEvery = 8
	// mostAhead bounds what was copied and is not written yet: a page waits where it lies instead.
	mostAhead = 16 << 20
)

// Parts of a slot's state.
const (
	stateSlot  = 0
	stateJudge = 1
)

func newRecorder(e *Engine, slot int) *recorder {
	r := &recorder{slot: slot, checks: e.cfg.Checkpoints, now: e.now, since: -1}
	if r.checks.Store != nil {
		r.scribe = newScribe(r)
	}
	return r
}

// keeps reports whether state is written down, and not only the barriers passed on.
func (r *recorder) keeps() bool { return r != nil && r.scribe != nil }

// begin opens the part of a checkpoint. What the one before still has to copy is copied now: its
// pages are those of another moment.
func (r *recorder) begin(id uint64, mark []byte, alignNs int64) {
	r.finish()
	r.id, r.waiting = id, 1
	r.report = Report{Part: checkpoint.Part{Slot: r.slot, Mark: mark}, AlignNs: alignNs}
	r.began = r.now()
	if !r.keeps() {
		return
	}
	r.full = r.since < 0 || r.since >= fullEvery-1 || r.copied > 2*r.fullPages ||
		r.scribe.broken.Load()
	if r.since++; r.full {
		r.since, r.copied = 0, 0
	}
	r.report.Full = r.full
	r.live = r.live[:0]
	r.scribe.put(order{kind: orderBegin, id: id, full: r.full})
}

// capture takes the pages of a region into the part.
func (r *recorder) capture(g *region, used int) {
	g.capture(used, r.full)
	r.copied += g.pending
	r.live = append(r.live, g)
}

// state hands a part of the state on that is encoded.
func (r *recorder) state(part uint32, data []byte) {
	if r.keeps() {
		r.scribe.put(order{kind: orderState, part: part, buf: data})
	}
}

// captured ends the pause of the slot.
func (r *recorder) captured() {
	if r.full {
		r.fullPages = r.copied
		r.copied = 0
	}
	r.report.PauseNs = r.now() - r.began
	r.waiting--
}

// page takes a page into the part.
func (r *recorder) page(p checkpoint.Page, memory []byte) {
	if r.buf == nil {
		r.buf = r.scribe.buffer()
	}
	r.buf = checkpoint.AppendPage(r.buf, p, memory)
	if len(r.buf)+checkpoint.PageB+64 > cap(r.buf) {
		r.flush()
	}
}

func (r *recorder) flush() {
	if len(r.buf) > 0 {
		r.scribe.put(order{kind: orderPages, buf: r.buf})
	}
	r.buf = nil
}

// step copies some of what is pending and reports whether it did anything.
func (r *recorder) step() bool {
	if r.id == 0 || r.keeps() && r.scribe.ahead.Load() > mostAhead {
		return false
	}
	left := copyPages
	for len(r.live) > 0 && left > 0 {
		g := r.live[len(r.live)-1]
		if left -= g.copySome(left); g.pending == 0 {
			r.live = r.live[:len(r.live)-1]
		}
	}
	return r.end() || left < copyPages
}

// end closes the part once all of it was handed on.
func (r *recorder) end() bool {
	if r.id == 0 || len(r.live) > 0 || r.waiting > 0 {
		return false
	}
	id := r.id
	r.id = 0
	r.report.CopyNs = r.now() - r.began - r.report.PauseNs
	if !r.keeps() {
		r.done(id, r.report)
		return true
	}
	r.flush()
	r.scribe.put(order{kind: orderEnd, id: id, report: r.report})
	return true
}

// finish copies all that is pending. A part that waits for the judge cannot be ended and fails.
func (r *recorder) finish() {
	if r.id == 0 {
		return
	}
	for len(r.live) > 0 {
		g := r.live[len(r.live)-1]
		g.copySome(g.pages)
		r.live = r.live[:len(r.live)-1]
	}
	if !r.end() {
		r.abandon(errOvertaken)
	}
}

// abandon gives the part in hand up. The next one is a full one.
func (r *recorder) abandon(why error) {
	id := r.id
	if r.id = 0; id == 0 {
		return
	}
	if !r.keeps() {
		r.fail(id, why)
		return
	}
	r.since = -1
	r.buf = nil
	for _, g := range r.live {
		g.discard()
	}
	r.live = r.live[:0]
	r.scribe.put(order{kind: orderFail, id: id, why: why})
}

var (
	errOvertaken = errors.New("overtaken by the next checkpoint")
	errEnded     = errors.New("the slot has ended")
	errBase      = errors.New("it builds on one that failed")
)

// fail reports that the slot has no part in a checkpoint.
func (r *recorder) fail(id uint64, why error) {
	r.done(id, Report{
		Err:   fmt.Errorf("checkpoint %d of slot %d: %w", id, r.slot, why),
		Part:  checkpoint.Part{Slot: r.slot},
		Ended: errors.Is(why, errEnded),
	})
}

func (r *recorder) done(id uint64, report Report) {
	if r.checks.Done != nil {
		r.checks.Done(r.slot, id, report)
	}
}

// close ends the recording: the slot has ended, and goes no further with a part unless it is whole.
func (r *recorder) close(whole bool) {
	if whole {
		r.finish()
	}
	r.abandon(errEnded)
	if r.keeps() {
		r.scribe.close(whole)
	}
}

// release unmaps the flags.
func (r *recorder) release() {
	if r == nil {
		return
	}
	for _, g := range r.regions {
		g.release()
	}
	r.regions = nil
}
