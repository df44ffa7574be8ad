package chaos

import (
	"errors"
	"time"
)

// mostHeld bounds what a pump holds of a slowed stream; behind it the sender waits, as it does for
// a full window.
const mostHeld = 4 << 20

// room is how many bytes a pump takes in advance on an edge of a shape: of a slow one as much as it
// sends in 100 ms, so that what is sent does not queue for seconds.
func (s Shape) room() int {
	if s.Rate == 0 {
		return mostHeld
	}
	inFlight := s.Delay + 100*time.Millisecond
	return int(min(max(float64(s.Rate)/8*inFlight.Seconds(), 64<<10), mostHeld))
}

// piece is how many bytes of a paced stream are written at once: what passes in a millisecond, so
// that streams and probes share the edge evenly.
func (s Shape) piece() int {
	if s.Rate == 0 {
		return mostHeld
	}
	return int(min(max(float64(s.Rate)/8/1000, 1448), 64<<10))
}

// slowly moves bytes with the delay and at the rate of the edge: one goroutine reads and stamps
// them, this one writes what is due.
func (p *pump) slowly(m mode) (moved int, err error) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p.fill(m, stop)
	}()
	defer func() {
		close(stop)
		_ = p.src.SetReadDeadline(past) // enter takes it back
		<-done
	}()
	for m.most < 0 || moved < m.most {
		c, ok := p.queue.head()
		if !ok {
			select {
			case <-p.queue.pushed:
			case <-m.changed:
				return moved, errInterrupted
			}
			continue
		}
		if !until(c.due, m.changed) {
			return moved, errInterrupted
		}
		if c.end {
			return moved, p.pass(c.reset)
		}
		piece := c.data[:min(len(c.data), m.shape.piece())]
		if !until(p.paced(len(piece)), m.changed) {
			return moved, errInterrupted
		}
		n, err := p.dst.Write(piece)
		p.queue.took(n)
		moved += n
		if err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// fill reads until there is no more or it is stopped.
func (p *pump) fill(m mode, stop <-chan struct{}) {
	buf := make([]byte, 64<<10)
	for {
		held, ended := p.queue.load()
		if ended {
			return
		}
		if held >= m.shape.room() {
			select {
			case <-p.queue.taken:
			case <-stop:
				return
			}
			continue
		}
		n, err := p.src.Read(buf)
		if n > 0 {
			p.queue.push(chunk{data: append([]byte(nil), buf[:n]...), due: p.due()})
		}
		if errors.Is(err, errInterrupted) {
			return
		}
		if err != nil {
			p.lastDue = p.due()
			p.end(err)
			return
		}
	}
}

// due is when what was read now has arrived; never before what was read earlier.
func (p *pump) due() time.Time {
	p.board.mu.Lock()
	d := p.board.gate(p.edge).delay()
	p.board.mu.Unlock()
	if at := time.Now().Add(d); at.After(p.lastDue) {
		p.lastDue = at
	}
	return p.lastDue
}

// paced reserves the edge for n bytes and says when they have left.
func (p *pump) paced(n int) time.Time {
	p.board.mu.Lock()
	defer p.board.mu.Unlock()
	return p.board.gate(p.edge).pace(time.Now(), n)
}

// until waits for a time; false if something changes before.
func until(at time.Time, changed <-chan struct{}) bool {
	left := time.Until(at)
	if left <= 0 {
		return true
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-changed:
		return false
	}
}
