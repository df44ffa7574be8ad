package cluster

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters/native/engine"
)

// link joins the slots of two workers by one connection. Blocks go to where there is credit, which
// the other end gives as its slots consume, so that none of them waits behind those of another.
//
//	port --Next--> frames --conn--> Deliver --> port
//	     <-Credit--        <-------  Freed
type link struct {
	peer  string
	conn  *conn
	ports map[[2]int]*engine.Port // by (local, remote)
	order []*engine.Port
	batch []byte // frames that are not handed to the connection yet
	heard atomic.Int64
	told  bool        // that the peer is out of reach
	over  atomic.Bool // this side is done with it
}

func newLink(peer string, c *conn, d *deployment) *link {
	l := &link{peer: peer, conn: c, ports: map[[2]int]*engine.Port{}}
	for _, p := range d.engine.Ports() {
		if d.Owners[p.Remote()] == peer {
			l.ports[[2]int{p.Local(), p.Remote()}] = p
			l.order = append(l.order, p)
		}
	}
	l.heard.Store(monotonicNs())
	return l
}

// portHeadB is what stands before a block or a credit: the slots of sender and receiver.
const portHeadB = 8

// send encodes what the ports have, as far as the connection takes it, and reports whether there
// was anything.
func (l *link) send() (moved bool) {
	for _, p := range l.order {
		if n := p.Freed(); n > 0 {
			moved = true
			l.batch = appendFrame(l.batch, kindCredit, func(b []byte) []byte {
				return binary.LittleEndian.AppendUint32(head(b, p), uint32(n))
			})
		}
		for len(l.batch) < batchB {
			from, ok := len(l.batch), false
			l.batch = append(l.batch, 0, 0, 0, 0, 0, 0, 0, 0, byte(kindBlock))
			l.batch, ok = p.Next(head(l.batch, p))
			if !ok {
				l.batch = l.batch[:from]
				break
			}
			sealFrame(l.batch[from:])
			moved = true
		}
	}
	l.hand()
	return moved
}

func head(b []byte, p *engine.Port) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Local()))
	return binary.LittleEndian.AppendUint32(b, uint32(p.Remote()))
}

// hand gives what is encoded to the connection, if that has room.
func (l *link) hand() {
	if len(l.batch) > 0 && l.conn.offer(l.batch) {
		l.batch = newBatch()
	}
}

// receive takes what the peer sends until the connection ends.
func (l *link) receive(d *deployment) {
	for {
		k, body, err := l.conn.read()
		if err == nil {
			l.heard.Store(monotonicNs())
			err = l.take(k, body)
		}
		if err == nil {
			continue
		}
		if !l.over.Load() {
			d.w.toCoordinator(kindUnreachable,
				unreachable{Attempt: d.Attempt, Peer: l.peer, Closed: true})
		}
		return
	}
}

func (l *link) take(k kind, body []byte) error {
	if k == kindBeat {
		return nil
	}
	if len(body) < portHeadB {
		return fmt.Errorf("%w: %d bytes of kind %d", errDamaged, len(body), k)
	}
	remote, local := binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint32(body[4:])
	p := l.ports[[2]int{int(local), int(remote)}]
	if p == nil {
		return fmt.Errorf("%w: for slots %d and %d", errDamaged, local, remote)
	}
	body = body[portHeadB:]
	switch {
	case k == kindBlock:
		return p.Deliver(body)
	case k == kindCredit && len(body) == 4:
		return p.Credit(int(binary.LittleEndian.Uint32(body)))
	}
	return fmt.Errorf("%w: kind %d", errDamaged, k)
}

// pump carries blocks, credit and results away, until the deployment is over.
func (d *deployment) pump(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := d.w.job.Settings
	last, beat := time.Now(), time.Now()
	for ctx.Err() == nil {
		moved := false
		for _, l := range d.links {
			moved = l.send() || moved
		}
		if d.feed.Sink() == nil {
			moved = d.outlet.send() || moved
		}
		now := time.Now()
		if now.Sub(last) > s.Timeout/2 {
			for _, l := range d.links {
				l.heard.Store(monotonicNs()) // this process was held up itself
			}
		}
		last = now
		if now.Sub(beat) >= s.Heartbeat {
			beat = now
			d.watch()
		}
		if !moved {
			engine.Doze(pumpDoze)
		}
	}
}

// pumpDoze is how long a pump sleeps when there was nothing to carry: it is part of the latency
// reported, and shorter costs more of a core than it saves.
const pumpDoze = 100 * time.Microsecond

// watch sends a heartbeat to every peer, and tells of those that send none.
func (d *deployment) watch() {
	for _, l := range d.links {
		l.conn.offer(message(kindBeat, struct{}{}))
		silent := monotonicNs() - l.heard.Load()
		if silent > int64(d.w.job.Settings.Timeout) && !l.told {
			l.told = true
			fmt.Fprintf(os.Stderr, "%s: nothing heard of %s\n", d.w.cfg.Name, l.peer)
			d.w.toCoordinator(kindUnreachable, unreachable{Attempt: d.Attempt, Peer: l.peer})
		}
	}
}
