package chaos

import (
	"bufio"
	"container/heap"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

const (
	tunName    = "shape0"
	shaperDone = "done"
	// longestPacketQueue is how long a packet may wait for a slow edge before it is dropped, as a
	// router does whose queue is full.
	longestPacketQueue = 300 * time.Millisecond
)

// shaperRequest is a line to the shaper.
type shaperRequest struct {
	Flows []shapedFlow `json:"flows"`
	Shape Shape        `json:"shape"`
}

// shapedFlow are the packets from one address to another.
type shapedFlow struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// packetFlow is the key of a flow.
type packetFlow [2]netip.Addr

// shaper delays, paces and loses the packets that come out of a tun device, and puts them back.
type shaper struct {
	mu    sync.Mutex
	flows map[packetFlow]*shapedPackets
	queue packets
	moved chan struct{} // has room for one: the head of the queue may be another
	put   func([]byte)
}

// shapedPackets is how the packets of a flow are treated.
type shapedPackets struct {
	shape   Shape
	free    time.Time // when the edge has sent what was paced so far
	lastDue time.Time
	dice    *rand.Rand
}

// packet waits until it is due.
type packet struct {
	data  []byte
	due   time.Time
	order uint64
	flow  packetFlow
}

// packets is a heap, the next one due first.
type packets struct {
	all   []packet
	count uint64
}

func (q *packets) Len() int { return len(q.all) }
func (q *packets) Less(i, j int) bool {
	a, b := q.all[i], q.all[j]
	return a.due.Before(b.due) || (a.due.Equal(b.due) && a.order < b.order)
}
func (q *packets) Swap(i, j int) { q.all[i], q.all[j] = q.all[j], q.all[i] }
func (q *packets) Push(x any)    { q.all = append(q.all, x.(packet)) }
func (q *packets) Pop() any {
	last := q.all[len(q.all)-1]
	q.all[len(q.all)-1] = packet{}
	q.all = q.all[:len(q.all)-1]
	return last
}

func newShaper(put func([]byte)) *shaper {
	return &shaper{
		flows: map[packetFlow]*shapedPackets{}, moved: make(chan struct{}, 1), put: put,
	}
}

// take takes a packet from the device.
func (s *shaper) take(data []byte, now time.Time) {
	if len(data) < 20 || data[0]>>4 != 4 {
		return // no packet of ours
	}
	flow := packetFlow{netip.AddrFrom4([4]byte(data[12:16])), netip.AddrFrom4([4]byte(data[16:20]))}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := packet{data: append([]byte(nil), data...), due: now, flow: flow, order: s.queue.count}
	s.queue.count++
	if f := s.flows[flow]; f != nil {
		due, lost := f.admit(now, len(data))
		if lost {
			return
		}
		p.due = due
	}
	heap.Push(&s.queue, p)
	tell(s.moved)
}

// admit says when a packet is due, or that it is lost. Packets keep their order.
func (f *shapedPackets) admit(now time.Time, size int) (due time.Time, lost bool) {
	if f.shape.Loss > 0 && f.dice.Float64() < float64(f.shape.Loss) {
		return now, true
	}
	due = now
	if f.shape.Rate > 0 {
		if f.free.Before(now) {
			f.free = now
		}
		if f.free.Sub(now) > longestPacketQueue {
			return now, true
		}
		bits := float64(size) * 8
		f.free = f.free.Add(time.Duration(bits / float64(f.shape.Rate) * float64(time.Second)))
		due = f.free
	}
	delay := f.shape.Delay
	if j := int64(f.shape.Jitter); j > 0 {
		delay += time.Duration(f.dice.Int64N(2*j+1) - j)
	}
	due = due.Add(max(delay, 0))
	if due.Before(f.lastDue) {
		due = f.lastDue
	}
	f.lastDue = due
	return due, false
}

// set treats flows as a shape says. What a flow that is no longer slowed has waiting is due now.
func (s *shaper) set(r shaperRequest) error {
	var flows []packetFlow
	for _, f := range r.Flows {
		from, err := netip.ParseAddr(f.From)
		if err != nil {
			return fmt.Errorf("shape %s to %s: %w", f.From, f.To, err)
		}
		to, err := netip.ParseAddr(f.To)
		if err != nil {
			return fmt.Errorf("shape %s to %s: %w", f.From, f.To, err)
		}
		flows = append(flows, packetFlow{from, to})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, flow := range flows {
		if r.Shape.shaped() {
			a, b := flow[0].As16(), flow[1].As16()
			s.flows[flow] = &shapedPackets{
				shape: r.Shape, dice: rand.New(rand.NewPCG(uint64(a[15]), uint64(b[15]))),
			}
			continue
		}
		delete(s.flows, flow)
		for i := range s.queue.all {
			if s.queue.all[i].flow == flow {
				s.queue.all[i].due = time.Time{}
			}
		}
	}
	heap.Init(&s.queue)
	tell(s.moved)
	return nil
}

// release puts back what is due and says how long the next one waits; less than 0 = there is none.
func (s *shaper) release(now time.Time) time.Duration {
	for {
		s.mu.Lock()
		if len(s.queue.all) == 0 {
			s.mu.Unlock()
			return -1
		}
		if wait := s.queue.all[0].due.Sub(now); wait > 0 {
			s.mu.Unlock()
			return wait
		}
		p := heap.Pop(&s.queue).(packet)
		s.mu.Unlock()
		s.put(p.data)
	}
}

// run puts back packets when they are due.
func (s *shaper) run() {
	timer := time.NewTimer(time.Hour)
	for {
		if wait := s.release(time.Now()); wait >= 0 {
			timer.Reset(wait)
		} else {
			timer.Reset(time.Hour)
		}
		select {
		case <-timer.C:
		case <-s.moved:
		}
	}
}

// serveShaper is the shaper's process.
func serveShaper(stdin io.Reader, stdout io.Writer) error {
	device, err := openTun(tunName)
	if err != nil {
		return fmt.Errorf("open tun device: %w", err)
	}
	s := newShaper(func(b []byte) { _, _ = device.Write(b) }) // one it does not take is lost
	go s.run()
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := device.Read(buf)
			if err != nil {
				return
			}
			s.take(buf[:n], time.Now())
		}
	}()
	if _, err := fmt.Fprintln(stdout, shaperDone); err != nil {
		return err
	}
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var r shaperRequest
		said := shaperDone
		err := json.Unmarshal(lines.Bytes(), &r)
		if err == nil {
			err = s.set(r)
		}
		if err != nil {
			said = err.Error()
		}
		if _, err := fmt.Fprintln(stdout, said); err != nil {
			return err
		}
	}
	return lines.Err()
}
