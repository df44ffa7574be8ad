package engine

import (
	"sync"
	"sync/atomic"

	"github.com/streambench/streambench/adapters/native/checkpoint"
)

// scribe writes a slot's parts to the disk, one after the other, in a goroutine of its own.
type scribe struct {
	recorder *recorder
	broken   atomic.Bool  // the last part failed: the next one cannot build on it
	ahead    atomic.Int64 // bytes that were handed on and are not written
	dropped  atomic.Bool  // nobody wants what is left
	ended    chan struct{}

	mu     sync.Mutex
	wake   sync.Cond
	orders []order
	closed bool
	free   [][]byte

	// The goroutine's own.
	writer *checkpoint.Writer
	err    error
	base   uint64 // the last durable part
	chain  []checkpoint.Piece
}

// order is what a scribe is asked to do next.
type order struct {
	kind   orderKind
	id     uint64
	full   bool
	part   uint32
	buf    []byte
	report Report
	why    error
}

type orderKind uint8

const (
	orderBegin orderKind = iota
	orderPages
	orderState
	orderEnd
	orderFail
)

// bufferB is how much is written at once.
const bufferB = copyPages*(checkpoint.PageB+16) + 128

func newScribe(r *recorder) *scribe {
	s := &scribe{recorder: r, ended: make(chan struct{})}
	s.wake.L = &s.mu
	return s
}

// put hands an order on. It never waits for the disk.
func (s *scribe) put(o order) {
	s.ahead.Add(int64(len(o.buf)))
	s.mu.Lock()
	s.orders = append(s.orders, o)
	s.mu.Unlock()
	s.wake.Signal()
}

// buffer is an empty one for pages.
func (s *scribe) buffer() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, bufferB)
}

// mostFree bounds the buffers that are kept for the next part.
const mostFree = mostAhead / bufferB

// close says that nothing more comes, and whether what has come is still wanted.
func (s *scribe) close(wanted bool) {
	if !wanted {
		s.dropped.Store(true)
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wake.Signal()
}

func (s *scribe) run() {
	defer close(s.ended)
	var orders []order
	for {
		s.mu.Lock()
		for len(s.orders) == 0 && !s.closed {
			s.wake.Wait()
		}
		orders, s.orders = s.orders, orders[:0]
		s.mu.Unlock()
		if len(orders) == 0 {
			return
		}
		for i := range orders {
			s.obey(&orders[i])
		}
		clear(orders)
	}
}

func (s *scribe) obey(o *order) {
	if s.dropped.Load() && s.err == nil {
		s.err = errEnded
	}
	switch o.kind {
	case orderBegin:
		s.begin(o)
	case orderPages:
		if s.err == nil {
			s.err = s.writer.Pages(o.buf)
		}
		s.recycle(o.buf)
	case orderState:
		if s.err == nil {
			s.err = s.writer.State(o.part, o.buf)
		}
	case orderEnd:
		s.end(o)
	case orderFail:
		s.err = o.why
		s.end(o)
	}
	s.ahead.Add(-int64(len(o.buf)))
}

func (s *scribe) recycle(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < mostFree {
		s.free = append(s.free, b)
	}
}

func (s *scribe) begin(o *order) {
	if s.dropped.Load() {
		return
	}
	s.err = nil
	if o.full {
		s.base, s.chain = 0, nil
	} else if s.broken.Load() {
		s.err = errBase
		return
	}
	s.writer, s.err = s.recorder.checks.Store.Create(s.recorder.slot, o.id, s.base)
}

// end makes the part durable, or says why it is not.
func (s *scribe) end(o *order) {
	began := s.recorder.now()
	r := o.report
	var piece checkpoint.Piece
	if s.err == nil {
		piece, s.err = s.writer.Commit()
	} else if s.writer != nil {
		s.writer.Discard()
	}
	s.writer = nil
	s.broken.Store(s.err != nil)
	if s.err != nil {
		s.recorder.fail(o.id, s.err)
		return
	}
	s.base = o.id
	s.chain = append(s.chain[:len(s.chain):len(s.chain)], piece)
	r.Part.Files, r.Bytes = s.chain, piece.Bytes
	r.WriteNs = s.recorder.now() - began
	s.recorder.done(o.id, r)
}
