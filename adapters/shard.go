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

// Shard is one thread's part of a load. Take and then Handed or Sent are called by that thread
// alone; the rest of the load reads the account it publishes.
type Shard struct {
	load        *Load
	index, step uint64
	st          state
	handedNs    int64        // when the last batch was handed over
	lag         LagRecorder  // nil where nobody wants to know
	taken       *acceptances // nil where events have no due times
	seen        uint64       // slots below were handed over before the shard was resumed

	claim    atomic.Uint64 // end of the slots taken or being taken
	accepted atomic.Uint64 // slots the transport has taken; at most those handed over

	// The published copy of st. version is odd while it is being written.
	version atomic.Uint64
	shared  [stateWords]atomic.Int64
}

func newShard(l *Load, index, step uint64) *Shard {
	s := &Shard{load: l, index: index, step: step, handedNs: math.MinInt64 / 2}
	s.st.next = index
	if l.Paced() {
		s.taken = &acceptances{}
	}
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
	// Frozen says that nothing may be handed over until it is known where the stream ends. Only read
	// if there are no slots.
	Frozen bool

	calledNs int64
}

// Take says which of the shard's slots to hand over now, at most room of them. With a room of 0 the
// system keeps the shard waiting; a shard that was told to wait and has no room when it is woken
// says so by it.
func (s *Shard) Take(room int) Take {
	t0 := s.load.t0.Load()
	if t0 == nil {
		return Take{Wait: idleWait}
	}
	now := int64(time.Since(*t0))
	limit, sealed := s.load.final()
	t := Take{calledNs: now}
	due := s.due(now, limit)
	s.arrive(now, due)
	if due > 0 && room == 0 {
		return s.wait(t, occupied, now+int64(idleWait))
	}
	n := min(due, uint64(room))
	if s.lingers(now, n, room) && s.st.next+due*s.step < limit {
		return s.wait(t, parked, s.handedNs+lingerNs)
	}
	n = s.claimed(n)
	t.End = sealed && s.st.next+n*s.step >= limit
	if n == 0 {
		t.Frozen = !sealed && s.st.next >= limit
		return s.wait(t, parked, s.nextCall(now, limit))
	}
	t.Slots = workloads.Slots{First: s.st.next, Step: s.step, N: int(n)}
	s.st.mode, s.st.sinceNs = making, now
	s.publish()
	return t
}

// arrive moves the twin to where it begins with what is due now.
func (s *Shard) arrive(now int64, due uint64) {
	if !s.load.Paced() || due == 0 {
		return
	}
	dueNs := s.load.DueNs(s.st.next)
	s.st.blockedNs += s.st.waitedNs(now, dueNs)
	s.st.twinNs = s.st.twinAt(now, dueNs)
}

// lingers reports whether a batch of n is too small and too soon after the last one.
func (s *Shard) lingers(now int64, n uint64, room int) bool {
	return s.load.Paced() && n > 0 && n < uint64(room) && now-s.handedNs < lingerNs
}

// Handed says that the slots of a take were handed to the transport, and that it has them: where
// the transport acknowledges later, Sent and Accept say so.
func (s *Shard) Handed(t Take) {
	s.Sent(t)
	s.accept(t.Slots, s.handedNs)
}

// Sent says that the slots of a take were handed to a transport that acknowledges later.
func (s *Shard) Sent(t Take) {
	now := s.load.NowNs()
	spent := now - t.calledNs
	s.record(t, now, spent)
	s.st.twinNs += spent
	s.st.busyNs += spent
	s.st.handed += uint64(t.Slots.N)
	s.st.next += uint64(t.Slots.N) * s.step
	s.st.mode, s.st.sinceNs, s.handedNs = occupied, now, now
	s.publish()
}

// Accept says that slots which were sent were acknowledged, all of them by now. They follow on
// those of the call before. Any goroutine may call it, one at a time.
func (s *Shard) Accept(slots workloads.Slots) { s.accept(slots, s.load.NowNs()) }

func (s *Shard) accept(slots workloads.Slots, ns int64) {
	if s.taken != nil && slots.N > 0 {
		s.taken.add(slots.First, slots.First+uint64(slots.N)*slots.Step, ns)
	}
	s.accepted.Add(uint64(slots.N))
}

// record keeps the driver lag of a batch: in at most eight runs of rows, each at the lag of its
// oldest row, so that it is never understated. The twin begins with a row when it begins with the
// batch or, if that is later, when the row is due, and takes no longer than the batch did.
func (s *Shard) record(t Take, now, spent int64) {
	if !s.load.Paced() || s.lag == nil {
		return
	}
	steady := s.load.steady.Load()
	n := t.Slots.N
	size := (n + 7) / 8
	for i := 0; i < n; i += size {
		due := int64(s.load.pacer.Due(t.Slots.First + uint64(i)*t.Slots.Step))
		if due >= steady && t.Slots.First+uint64(i)*t.Slots.Step >= s.seen {
			s.lag.RecordN(now, max(0, s.st.twinNs-due)+spent, int64(min(size, n-i)))
		}
	}
}

// due is the number of the shard's slots that are due and not handed over.
func (s *Shard) due(now int64, limit uint64) uint64 {
	below := limit
	if s.load.Paced() {
		below = min(limit, s.load.pacer.Before(time.Duration(now)+1))
	}
	return max(s.ownBelow(below), s.st.handed) - s.st.handed
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
	left := s.ownBelow(s.load.limit.Load()) - s.st.handed
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

// wait ends a take that hands nothing over.
func (s *Shard) wait(t Take, as mode, untilNs int64) Take {
	t.Wait = min(max(time.Duration(untilNs-t.calledNs), time.Microsecond), maxWait)
	s.st.mode, s.st.sinceNs = as, t.calledNs
	s.publish()
	return t
}

// publish copies the account to where other goroutines read it.
func (s *Shard) publish() {
	s.version.Add(1)
	for i, v := range s.st.words() {
		s.shared[i].Store(v)
	}
	s.version.Add(1)
}

// state reads the published account, again if it was being written.
func (s *Shard) state() state {
	for {
		before := s.version.Load()
		v := [stateWords]int64{}
		for i := range v {
			v[i] = s.shared[i].Load()
		}
		if before%2 == 0 && s.version.Load() == before {
			return stateOf(v)
		}
	}
}
