package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"
)

// foot is where probes of some edges leave, and those of others arrive. On the relay's plane there
// is one for all, and what it sends comes back through the gate of the edge; on the netns plane
// every node has its own.
type foot struct {
	node      string
	namespace string // "" = the prober's own
	packets   *net.UDPConn
	dialer    net.Dialer
}

// trail is an edge as the prober walks it.
type trail struct {
	sight *sight
	foot  *foot // where its probes leave
	to    netip.AddrPort
	index uint32 // in the datagrams
}

// A datagram is kind, index of the edge, number of the probe or train, padding.
const (
	probeKind  = byte('p')
	carKind    = byte('t') // of a train
	headLength = 1 + 4 + 8
	probeSize  = 32
)

func head(kind byte, index uint32, number uint64, size int) []byte {
	b := make([]byte, size)
	b[0] = kind
	binary.LittleEndian.PutUint32(b[1:], index)
	binary.LittleEndian.PutUint64(b[5:], number)
	return b
}

// receive notes what arrives at a foot until that is closed.
func (f *foot) receive(trails []*trail) {
	buf := make([]byte, 64<<10)
	for {
		n, _, err := f.packets.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		nowNs := monotonic()
		if err != nil || n < headLength {
			continue
		}
		index := binary.LittleEndian.Uint32(buf[1:])
		number := binary.LittleEndian.Uint64(buf[5:])
		switch {
		case int64(index) >= int64(len(trails)):
		case buf[0] == probeKind:
			trails[index].sight.arrived(number, nowNs)
		case buf[0] == carKind:
			trails[index].sight.car(number, n, nowNs)
		}
	}
}

// pulse sends one probe along every edge, again and again.
func pulse(trails []*trail) {
	for range time.NewTicker(probeEvery).C {
		for _, t := range trails {
			seq := t.sight.sent(monotonic())
			// One that cannot be sent has not arrived.
			_, _ = t.foot.packets.WriteToUDPAddrPort(head(probeKind, t.index, seq, probeSize), t.to)
		}
	}
}

// longestConnect is how long a handshake may take before it counts as one that cannot be made.
const longestConnect = 500 * time.Millisecond

// knock sets up a connection along the edge, again and again.
func (t *trail) knock() {
	for range time.NewTicker(connectEvery).C {
		ctx, cancel := context.WithTimeout(context.Background(), longestConnect)
		began := monotonic()
		c, err := t.foot.dialer.DialContext(ctx, "tcp4", t.to.String())
		cancel()
		t.sight.connected(connect{beganNs: began, ok: err == nil})
		if err == nil {
			_ = c.(*net.TCPConn).SetLinger(0) // nothing is left behind, not even for a minute
			c.Close()
		}
	}
}

// sendTrain sends a row of datagrams as large and as many as an edge of a rate takes 60 ms for.
func (t *trail) sendTrain(rate Bandwidth) {
	size, n := wagons(rate)
	id := t.sight.depart(n, monotonic())
	b := head(carKind, t.index, id, size)
	for range n {
		_, _ = t.foot.packets.WriteToUDPAddrPort(b, t.to) // one that cannot be sent has not arrived
	}
}

func wagons(rate Bandwidth) (size, n int) {
	const most = 1200
	size = int(min(max(rate/8*3/1000, 64), most))
	if rate > 100_000_000 {
		size = 16_000
	}
	return size, int(min(max(uint64(rate)/8*60/1000/uint64(size), 20), 2000))
}

// sendSwarm sends so many datagrams that the share of them that is lost can be told.
func (t *trail) sendSwarm() {
	const n = 1000
	id := t.sight.depart(n, monotonic())
	b := head(carKind, t.index, id, probeSize)
	for i := range n {
		_, _ = t.foot.packets.WriteToUDPAddrPort(b, t.to) // one that cannot be sent has not arrived
		if i%50 == 49 {
			time.Sleep(time.Millisecond) // the receiver has room for a burst, not for all
		}
	}
}
