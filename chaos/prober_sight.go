package chaos

import (
	"math"
	"slices"
	"sync"
	"time"
)

// probe is one datagram on its way along an edge. Times here and below are CLOCK_MONOTONIC in ns.
type probe struct {
	seq       uint64
	sentNs    int64
	arrivedNs int64 // 0 = not, or not yet
}

// connect is one attempt to set up a connection along an edge.
type connect struct {
	beganNs int64
	ok      bool
}

// train is a row of datagrams sent at once: the time they take to arrive is the rate of the edge.
type train struct {
	id      uint64
	sentNs  int64
	n       int // datagrams of it
	arrived int
	firstNs int64
	lastNs  int64
	bytes   int // behind the first
}

// sight is what is seen of one edge.
type sight struct {
	edge Edge

	mu       sync.Mutex
	probes   [4096]probe // the last ones, by seq modulo their number
	next     uint64      // seq of the next probe
	connects []connect   // the last ones, in the order in which they ended
	trains   []train     // likewise, in the order in which they were sent
	tries    uint64      // trains so far
}

const (
	probeEvery   = 5 * time.Millisecond
	connectEvery = 100 * time.Millisecond
	// silence is for how long nothing has to arrive until that is no accident of a busy host.
	silence = 200 * time.Millisecond
)

func (s *sight) sent(nowNs int64) (seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq = s.next
	s.next++
	s.probes[seq%uint64(len(s.probes))] = probe{seq: seq, sentNs: nowNs}
	return seq
}

func (s *sight) arrived(seq uint64, nowNs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := &s.probes[seq%uint64(len(s.probes))]; p.seq == seq && p.sentNs != 0 && p.arrivedNs == 0 {
		p.arrivedNs = nowNs
	}
}

func (s *sight) connected(c connect) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connects = append(s.connects, c)
	s.connects = s.connects[max(0, len(s.connects)-64):]
}

// each calls f for the probes that are remembered, the oldest first; the caller holds the mutex.
func (s *sight) each(f func(probe)) {
	first := uint64(0)
	if n := uint64(len(s.probes)); s.next > n {
		first = s.next - n
	}
	for seq := first; seq < s.next; seq++ {
		f(s.probes[seq%uint64(len(s.probes))])
	}
}

// usual is how long probes sent before a time took: the shortest that is remembered, for what a
// busy host or an earlier fault adds is none of the edge's own, and the longest of the last
// second.
func (s *sight) usual(beforeNs int64) (shortest, longest time.Duration) {
	s.each(func(p probe) {
		took := time.Duration(p.arrivedNs - p.sentNs)
		if p.arrivedNs == 0 || p.sentNs >= beforeNs {
			return
		}
		if shortest == 0 || took < shortest {
			shortest = took
		}
		if p.sentNs > beforeNs-int64(time.Second) {
			longest = max(longest, took)
		}
	})
	return shortest, longest
}

// silentSince is since when nothing arrives along the edge: when the first probe was sent that
// should have arrived and did not. Its own time-out is the longest that probes took before. why
// says what speaks against silence.
func (s *sight) silentSince(sinceNs, nowNs int64) (atNs int64, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	missing := 0
	s.each(func(p probe) {
		switch {
		case p.arrivedNs != 0:
			atNs, missing = 0, 0
		case atNs == 0:
			atNs, missing = p.sentNs, 1
		default:
			missing++
		}
	})
	if atNs == 0 {
		return 0, "probes arrive"
	}
	atNs = max(atNs, sinceNs)
	_, longest := s.usual(atNs)
	patience := silence + min(2*longest, 2*time.Second)
	if quiet := time.Duration(nowNs - atNs); quiet < patience || missing < 10 {
		return 0, "no probe for only " + quiet.Round(time.Millisecond).String()
	}
	for _, c := range s.connects {
		if c.ok && c.beganNs > atNs {
			return 0, "a connection was set up"
		}
	}
	return atNs, ""
}

// openSince reports whether something sent after a time has arrived, and goes on arriving. both
// says that the other direction is open too, so that connections can be set up.
func (s *sight) openSince(sinceNs, nowNs int64, both bool) (ok bool, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lastNs int64
	s.each(func(p probe) {
		if p.sentNs > sinceNs && p.arrivedNs > lastNs {
			lastNs = p.arrivedNs
		}
	})
	switch {
	case lastNs == 0:
		return false, "no probe arrives"
	case time.Duration(nowNs-lastNs) > silence:
		return false, "no probe for " +
			time.Duration(nowNs-lastNs).Round(time.Millisecond).String()
	}
	if n := len(s.connects); both && n > 0 {
		if last := s.connects[n-1]; last.beganNs > sinceNs && !last.ok {
			return false, "a connection could not be set up"
		}
	}
	return true, ""
}

// delayed are the times that probes sent after a time took, until a train was sent, and when the
// first of them was sent that took longer than a time.
func (s *sight) delayed(sinceNs int64, over time.Duration) (took []time.Duration, firstNs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	untilNs := int64(math.MaxInt64)
	for _, t := range slices.Backward(s.trains) {
		if t.sentNs >= sinceNs {
			untilNs = t.sentNs
		}
	}
	s.each(func(p probe) {
		if p.sentNs < sinceNs || p.arrivedNs == 0 || p.arrivedNs > untilNs {
			return
		}
		d := time.Duration(p.arrivedNs - p.sentNs)
		if firstNs == 0 && d > over {
			firstNs = p.sentNs
		}
		if firstNs != 0 {
			took = append(took, d)
		}
	})
	return took, firstNs
}

// shareLost is how many of the datagrams of trains sent after a time have not arrived; those of the
// last train may still be under way.
func (s *sight) shareLost(sinceNs, nowNs int64) (lost, sent int, firstNs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trains {
		if t.sentNs >= sinceNs && nowNs-t.sentNs > int64(silence) {
			if firstNs == 0 {
				firstNs = t.sentNs
			}
			sent += t.n
			lost += t.n - t.arrived
		}
	}
	return lost, sent, firstNs
}

// rates are those of the trains sent after a time, in bits a second, and when the first was sent.
func (s *sight) rates(sinceNs int64) (bits []float64, firstNs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trains {
		if t.sentNs < sinceNs || t.arrived < t.n*9/10 || t.arrived < 2 || t.lastNs <= t.firstNs {
			continue
		}
		if firstNs == 0 {
			firstNs = t.sentNs
		}
		bits = append(bits, float64(t.bytes)*8/(float64(t.lastNs-t.firstNs)/1e9))
	}
	return bits, firstNs
}

// depart notes a train that is being sent.
func (s *sight) depart(n int, nowNs int64) (id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	s.trains = append(s.trains, train{id: s.tries, sentNs: nowNs, n: n})
	s.trains = s.trains[max(0, len(s.trains)-32):]
	return s.tries
}

// car notes one datagram of a train that has arrived.
func (s *sight) car(id uint64, size int, nowNs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.trains {
		t := &s.trains[i]
		if t.id != id {
			continue
		}
		if t.arrived == 0 {
			t.firstNs = nowNs
		} else {
			t.bytes += size
		}
		t.arrived++
		t.lastNs = nowNs
	}
}
