package chaos

import (
	"net"
)

// passage is one connection between two nodes: two, in truth, with the relay between them.
type passage struct {
	board *switchboard
	to    *pump // from the node that connected to the other one
	back  *pump

	// What follows is guarded by the board's mutex.
	over  bool
	done  map[*pump]bool // its stream has ended
	reset map[*pump]bool // the end of its stream is an RST, whatever was read
}

// join makes a passage of two connections and moves bytes until both streams have ended.
func (s *switchboard) join(e Edge, a, b *net.TCPConn) {
	p := &passage{board: s, done: map[*pump]bool{}, reset: map[*pump]bool{}}
	p.to = &pump{board: s, edge: e, passage: p, src: a, dst: b, queue: newQueue()}
	p.back = &pump{board: s, edge: e.reverse(), passage: p, src: b, dst: a, queue: newQueue()}
	// It was set up while the edge was whole, even if that was cut just now.
	p.to.allowance, p.back.allowance = unacknowledged, unacknowledged
	s.mu.Lock()
	s.pumps[p.to], s.pumps[p.back] = false, false
	s.mu.Unlock()
	go p.back.run()
	p.to.run()
}

func (p *passage) other(one *pump) *pump {
	if one == p.to {
		return p.back
	}
	return p.to
}

// pass ends a stream at the node that reads it; the caller holds the mutex, and has seen the gate
// open and the passage not over.
func (p *passage) pass(one *pump, reset bool) {
	if reset || p.reset[one] {
		_ = one.dst.SetLinger(0) // close sends RST
		p.end()
		return
	}
	_ = one.dst.CloseWrite()
	p.done[one] = true
	if p.done[p.other(one)] {
		p.end()
	}
}

// broken is told that the reader of one stream is gone. That news travels the other way, behind
// what the reader has sent before, and is held where the other way is cut.
func (p *passage) broken(one *pump) {
	s := p.board
	s.mu.Lock()
	defer s.mu.Unlock()
	other := p.other(one)
	p.done[one], p.reset[other] = true, true
	if !p.done[other] {
		return // it finds the end of its stream itself
	}
	for s.gate(other.edge).cut && !p.over {
		s.moved.Wait()
	}
	if !p.over {
		p.pass(other, true)
	}
}

// end closes both connections; the caller holds the mutex.
func (p *passage) end() {
	p.over = true
	for _, one := range []*pump{p.to, p.back} {
		_ = one.dst.Close() // there is nothing left to lose
		delete(p.board.pumps, one)
	}
	p.board.moved.Broadcast()
}
