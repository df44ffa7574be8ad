package adapters

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

const (
	// lingerNs is the shortest time between two batches that are not full. Shorter costs a wake-up
	// more often than the latency it saves is worth; it is driver lag, so it shows.
	lingerNs = 200_000
	// maxWait bounds how long a shard is told to park, so that a limit set meanwhile is seen.
	maxWait = 20 * time.Millisecond
	// idleWait is the wait for T0 or for the seal of a limit.
	idleWait = time.Millisecond
)

// Shard is one thread's part of a load. Take and Handed are called by that thread alone and in
// turn; the rest of the load reads the account it publishes.
type Shard struct {
	load        *Load
	index, step uint64
	st          state
	handedNs    int64 // when the last batch was handed over
	custody     custody
	lag         LagRecorder // nil where nobody wants to know

	claim atomic.Uint64 // end of the slots taken or being taken

	// The published copy of st. version is odd while it is being written.
	version atomic.Uint64
	shared  [8]atomic.Int64
}

func newShard(l *Load, index, step uint64) *Shard {
	s := &Shard{load: l, index: index, step: step, handedNs: math.MinInt64 / 2}
	s.st.next = index
	s.publish()
	return s
}

// Take is what a shard is to do now.
type Take struct {
	// Slots are to be made and handed over; then Handed is called. None if N is 0.
	Slots workloads.Slots
	// Wait is how long nothing will be due. Only read if there are no slots.
	Wait time.Duration
	// End says that no slot will follow these.
	End bool

	calledNs int64
}

// Take says which of the shard's slots to hand over now, at most room of them.
func (s *Shard) Take(room int) Take {
	t0 := s.load.t0.Load()
	if t0 == nil {
		return Take{Wait: idleWait}
	}
	now := int64(time.Since(*t0))
	limit, sealed := s.load.final()
	s.settle(now, limit)
	if s.st.mode == occupied {
		s.custody.change(now, true)
	}
	t := Take{calledNs: now}
	due := s.due(now, limit)
	n := min(due, uint64(room))
	if s.lingers(now, n, room) && s.st.next+due*s.step < limit {
		return s.park(t, s.handedNs+lingerNs)
	}
	n = s.claimed(n)
	if n == due {
		s.st.driverNs, s.st.systemNs = 0, 0
	}
	t.End = sealed && s.st.next+n*s.step >= limit
	if n == 0 {
		return s.park(t, s.nextCall(now, limit))
	}
	t.Slots = workloads.Slots{First: s.st.next, Step: s.step, N: int(n)}
	s.st.mode, s.st.sinceNs = making, now
	s.publish()
	return t
}

// lingers reports whether a batch of n is too small and too soon after the last one.
func (s *Shard) lingers(now int64, n uint64, room int) bool {
	return s.load.Paced() && n > 0 && n < uint64(room) && now-s.handedNs < lingerNs
}

// Handed says that the slots of a take were handed to the transport.
func (s *Shard) Handed(t Take) {
	now := s.load.NowNs()
	s.record(t, now)
	s.custody.change(now, false)
	spent := now - t.calledNs
	s.st.busyNs += spent
	s.st.driverNs += spent
	s.st.accepted += uint64(t.Slots.N)
	s.st.next += uint64(t.Slots.N) * s.step
	s.st.mode, s.st.sinceNs, s.handedNs = occupied, now, now
	s.publish()
}

// record keeps the driver lag of a batch: in at most eight runs of rows, each at the lag of its
// oldest row, so that it is never understated.
func (s *Shard) record(t Take, now int64) {
	if !s.load.Paced() || s.lag == nil {
		return
	}
	steady, driver := s.load.steady.Load(), s.custody.driverNs(now)
	n := t.Slots.N
	size := (n + 7) / 8
	for i := 0; i < n; i += size {
		due := int64(s.load.pacer.Due(t.Slots.First + uint64(i)*t.Slots.Step))
		if due >= steady {
			s.lag.RecordN(now, driver-s.custody.driverNs(due), int64(min(size, n-i)))
		}
	}
}

// settle accounts the time since the last call: whoever had the slot kept a due event waiting.
func (s *Shard) settle(now int64, limit uint64) {
	if !s.load.Paced() || s.st.next >= limit {
		return
	}
	before := s.st.systemNs
	s.st.driverNs, s.st.systemNs = s.st.waitedBy(now, s.load.DueNs(s.st.next), true)
	s.st.blockedNs += s.st.systemNs - before
}

// due is the number of the shard's slots that are due and not accepted.
func (s *Shard) due(now int64, limit uint64) uint64 {
	below := limit
	if s.load.Paced() {
		below = min(limit, s.load.pacer.Before(time.Duration(now)+1))
	}
	return max(s.ownBelow(below), s.st.accepted) - s.st.accepted
}

// ownBelow is the number of the shard's slots below a slot.
func (s *Shard) ownBelow(slot uint64) uint64 {
	if slot <= s.index {
		return 0
	}
	return (slot-s.index-1)/s.step + 1
}

// claimed announces n slots and returns how many of them the limit leaves: it may have been lowered
// since it was read.
func (s *Shard) claimed(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	before := s.claim.Load()
	s.claim.Store(s.st.next + (n-1)*s.step + 1)
	left := s.ownBelow(s.load.limit.Load()) - s.st.accepted
	if left == 0 {
		s.claim.Store(before)
	}
	return min(n, left)
}

// nextCall is when to look again after nothing was due.
func (s *Shard) nextCall(now int64, limit uint64) int64 {
	if s.st.next >= limit || !s.load.Paced() {
		return now + int64(idleWait)
	}
	return s.load.DueNs(s.st.next)
}

// park ends a take that hands nothing over.
func (s *Shard) park(t Take, untilNs int64) Take {
	t.Wait = min(max(time.Duration(untilNs-t.calledNs), time.Microsecond), maxWait)
	s.st.mode, s.st.sinceNs = parked, t.calledNs
	s.publish()
	return t
}

// publish copies the account to where other goroutines read it.
func (s *Shard) publish() {
	s.version.Add(1)
	for i, v := range [...]int64{
		int64(s.st.mode), s.st.sinceNs, int64(s.st.next), int64(s.st.accepted),
		s.st.driverNs, s.st.systemNs, s.st.blockedNs, s.st.busyNs,
	} {
		s.shared[i].Store(v)
	}
	s.version.Add(1)
}

// state reads the published account, again if it was being written.
func (s *Shard) state() state {
	for {
		before := s.version.Load()
		v := [8]int64{}
		for i := range v {
			v[i] = s.shared[i].Load()
		}
		if before%2 == 0 && s.version.Load() == before {
			return state{
				mode: mode(v[0]), sinceNs: v[1], next: uint64(v[2]), accepted: uint64(v[3]),
				driverNs: v[4], systemNs: v[5], blockedNs: v[6], busyNs: v[7],
			}
		}
	}
}
