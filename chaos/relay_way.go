package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// way is where one node connects to reach another: a port for each pair, so that the relay knows
// whose bytes it moves.
type way struct {
	board    *switchboard
	edge     Edge
	backend  string // where the node that is reached listens
	listener *net.TCPListener
	packets  *net.UDPConn // of the same number: probes
	deaf     bool         // guarded by the board's mutex
}

// probeAddress is where probes come from: an address of loopback that no node has. What comes from
// there the relay reflects, behind the same gate as everything else on the edge.
var probeAddress = netip.MustParseAddr("127.83.66.1")

// longestDial bounds how long the relay waits for a node of this host to answer.
const longestDial = 3 * time.Second

// open makes the way of an edge, or finds it.
func (s *switchboard) open(e Edge, backend string) (address string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.ways[e]; w != nil {
		return w.listener.Addr().String(), nil
	}
	w := &way{board: s, edge: e, backend: backend}
	for try := 0; ; try++ {
		if err = w.listen(); err == nil {
			break
		}
		if try == 20 {
			return "", fmt.Errorf("open the way from %s: %w", e, err)
		}
	}
	s.ways[e] = w
	if err := s.filter([]Edge{e}); err != nil {
		return "", err
	}
	go w.accept()
	go w.reflect()
	return w.listener.Addr().String(), nil
}

// listen takes a port for both protocols.
func (w *way) listen() error {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // such a socket has neither filters nor splice
	l, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := l.Addr().(*net.TCPAddr).Port
	packets, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		l.Close()
		return err
	}
	_ = packets.SetReadBuffer(2 << 20) // a smaller one loses probes of a busy host, no more
	w.listener, w.packets = l.(*net.TCPListener), packets
	return nil
}

func (w *way) setDeaf(deaf bool) error {
	if w.deaf == deaf {
		return nil
	}
	if err := setDeaf(w.listener, deaf); err != nil {
		return err
	}
	w.deaf = deaf
	return nil
}

func (w *way) accept() {
	for {
		c, err := w.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(time.Millisecond) // out of descriptors: those that end give theirs back
			continue
		}
		from := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
		if from == probeAddress {
			_ = c.SetLinger(0)
			c.Close()
			continue
		}
		go w.carry(c)
	}
}

// carry connects to the node that is reached. One that does not listen is seen by the other as a
// connection that is reset at once: the kernel has answered before the relay could know.
func (w *way) carry(a *net.TCPConn) {
	if !w.board.whole(context.Background(), w.edge) {
		a.Close()
		return
	}
	c, err := net.DialTimeout("tcp4", w.backend, longestDial)
	if err != nil {
		_ = a.SetLinger(0)
		a.Close()
		return
	}
	w.board.join(w.edge, a, c.(*net.TCPConn))
}

// longestQueue is how long a datagram may wait for a slow edge before it is dropped.
const longestQueue = 2 * time.Second

// reflect sends probes back to where they came from, once they have passed the gate.
func (w *way) reflect() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := w.packets.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || from.Addr().Unmap() != probeAddress {
			continue
		}
		after, cut := w.admit(n)
		switch {
		case cut || after > longestQueue:
		case after <= 0:
			_, _ = w.packets.WriteToUDPAddrPort(buf[:n], from)
		default:
			data := append([]byte(nil), buf[:n]...)
			time.AfterFunc(after, func() {
				if _, cut := w.admit(0); !cut {
					_, _ = w.packets.WriteToUDPAddrPort(data, from)
				}
			})
		}
	}
}

// admit says whether a datagram is dropped now, and else how long it is under way.
func (w *way) admit(n int) (after time.Duration, cut bool) {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	g := w.board.gate(w.edge)
	if g.cut || n == 0 {
		return 0, g.cut
	}
	if !g.shape.shaped() {
		return 0, false
	}
	now := time.Now()
	return g.pace(now, n).Sub(now) + g.delay(), false
}
