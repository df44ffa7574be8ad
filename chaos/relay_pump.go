package chaos

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// pump moves the bytes of one connection along one edge.
//
//	src --> pipe (direct) --------------------> dst
//	    \-> queue (delayed, paced, held) ---->/
//
// What is in the pipe or the queue when the edge is cut stays there. The end of the stream, FIN or
// RST, travels in the queue behind the last byte, and is held like one.
type pump struct {
	board    *switchboard
	edge     Edge
	passage  *passage
	src, dst *net.TCPConn
	queue    *queue
	pipe     pipe
	lastDue  time.Time // of what is in the queue: order is kept

	// What follows is guarded by the board's mutex.
	stale     bool // it moves bytes by what a gate was before
	allowance int  // bytes it may still move while the other direction is cut
}

// unacknowledged is how many bytes a sender may have on their way without an acknowledgement. When
// one direction is cut, the acknowledgements that would travel along it are dropped too, so the
// other direction of a connection stands still after as many.
const unacknowledged = 64 << 10

// mode is how a pump may move bytes now.
type mode struct {
	shape   Shape
	most    int // bytes; -1 = any number
	changed <-chan struct{}
}

// errInterrupted says that a gate has changed.
var errInterrupted = os.ErrDeadlineExceeded

var past = time.Unix(1, 0)

// interrupt has a pump come back from what it is doing; the caller holds the mutex.
func (p *pump) interrupt() {
	_ = p.src.SetReadDeadline(past) // it fails on a closed one, which is what is wanted
	_ = p.dst.SetWriteDeadline(past)
}

// enter waits until bytes may be moved and says how; false once the passage is over.
func (p *pump) enter() (mode, bool) {
	s := p.board
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		g, back := s.gate(p.edge), s.gate(p.edge.reverse())
		if !back.cut {
			p.allowance = unacknowledged
		}
		switch {
		case p.passage.over:
			return mode{}, false
		case g.cut || (back.cut && p.allowance <= 0):
			s.moved.Wait()
			continue
		}
		m := mode{shape: g.shape, most: -1, changed: s.changed}
		if back.cut {
			m.most = p.allowance
		}
		_ = p.src.SetReadDeadline(time.Time{})
		_ = p.dst.SetWriteDeadline(time.Time{})
		s.pumps[p], p.stale = true, false
		return m, true
	}
}

// leave says that nothing is moved any more, but n bytes were since enter.
func (p *pump) leave(n int) {
	s := p.board
	s.mu.Lock()
	defer s.mu.Unlock()
	p.allowance -= n
	if !p.passage.over {
		s.pumps[p] = false
	}
	s.moved.Broadcast()
}

// run moves bytes until the stream has ended.
func (p *pump) run() {
	defer p.pipe.close()
	for {
		m, ok := p.enter()
		if !ok {
			return
		}
		n, err := p.move(m)
		p.leave(n)
		switch {
		case err == nil || errors.Is(err, errInterrupted):
		case errors.Is(err, errEnded):
			return
		default:
			// Whoever reads at the other end is gone: the news travels the other way.
			p.passage.broken(p)
			return
		}
	}
}

// errEnded says that the end of the stream was passed on.
var errEnded = errors.New("the stream has ended")

// move moves bytes as the mode says until something changes.
func (p *pump) move(m mode) (int, error) {
	switch {
	case m.shape.shaped():
		if err := p.pipe.empty(p.hold); err != nil {
			return 0, err
		}
		return p.slowly(m)
	case m.most >= 0:
		if err := p.pipe.empty(p.hold); err != nil {
			return 0, err
		}
		return p.sparingly(m)
	}
	if err := p.flush(); err != nil {
		return 0, err
	}
	err := p.pipe.splice(p.src, p.dst)
	var e *readError
	if errors.As(err, &e) && !errors.Is(err, errInterrupted) {
		p.end(e.err)
		return 0, p.flush()
	}
	return 0, err
}

// hold takes bytes that are due now.
func (p *pump) hold(b []byte) { p.queue.push(chunk{data: b, due: p.lastDue}) }

// end takes the end of the stream: FIN, or RST for anything else than an orderly end.
func (p *pump) end(err error) {
	p.queue.push(chunk{end: true, reset: !errors.Is(err, io.EOF), due: p.lastDue})
}

// flush writes all that is held, without regard to when it was due.
func (p *pump) flush() error {
	for {
		c, ok := p.queue.head()
		if !ok {
			return nil
		}
		if c.end {
			return p.pass(c.reset)
		}
		n, err := p.dst.Write(c.data)
		p.queue.took(n)
		if err != nil {
			return err
		}
	}
}

// pass passes the end of the stream on, unless the edge was cut just now.
func (p *pump) pass(reset bool) error {
	s := p.board
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gate(p.edge)
	switch {
	case p.passage.over: // the other end came first, and nothing was passed on here
		return errEnded
	case g.cut:
		return errInterrupted
	}
	g.ends++
	g.lastEndNs = monotonic()
	p.passage.pass(p, reset)
	return errEnded
}

// sparingly moves at most as many bytes as may be on their way without an acknowledgement.
func (p *pump) sparingly(m mode) (moved int, err error) {
	buf := make([]byte, 16<<10)
	for moved < m.most {
		if c, ok := p.queue.head(); ok {
			if c.end {
				return moved, p.pass(c.reset)
			}
			n, err := p.dst.Write(c.data[:min(len(c.data), m.most-moved)])
			p.queue.took(n)
			moved += n
			if err != nil {
				return moved, err
			}
			continue
		}
		n, err := p.src.Read(buf[:min(len(buf), m.most-moved)])
		if n > 0 {
			p.hold(append([]byte(nil), buf[:n]...))
		}
		if errors.Is(err, errInterrupted) {
			return moved, err
		}
		if err != nil {
			p.end(err)
		}
	}
	return moved, nil
}
