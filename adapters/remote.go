package adapters

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

// Remote are the processes that follow a load in the place of shards of this one. Each of them has
// a load of its own made from the same schedule, and sends Reports of its shards, which are
// mirrored here.
//
//	Load --Begin, Limit, MeasureFrom--> Remote: Load, Shard --Report--> Mirror: Account
type Remote interface {
	Begin(t0 time.Time)
	MeasureFrom(ns int64)
	Limit(n uint64)
	// Freeze has every shard claim no more until the next Limit, and returns the end of the
	// furthest claim there was.
	Freeze() uint64
}

// Follow has a load led by this process followed elsewhere. It is called before Begin.
func (l *Load) Follow(r Remote) {
	l.remote = r
	if ns := l.steady.Load(); ns != math.MaxInt64 {
		r.MeasureFrom(ns)
	}
	if limit, sealed := l.final(); sealed {
		r.Limit(limit)
	}
}

// Report is the account of a shard as the process that drives it sends it.
type Report struct {
	State    [stateWords]int64
	Accepted uint64
	Claim    uint64
}

// stateWords is the size of a shard's published state.
const stateWords = 7

// Report is the shard's account now. Any goroutine may ask.
func (s *Shard) Report() Report {
	r := Report{Accepted: s.accepted.Load(), Claim: s.claim.Load()}
	st := s.state()
	r.State = st.words()
	return r
}

// Mirror takes the account another process sends of this shard. What was accepted once stays so: a
// shard that goes back to replay hands over the same slots again. One goroutine at a time.
func (s *Shard) Mirror(r Report) {
	st := stateOf(r.State)
	st.handed, st.next = max(st.handed, s.st.handed), max(st.next, s.st.next)
	st.blockedNs, st.busyNs = max(st.blockedNs, s.st.blockedNs), max(st.busyNs, s.st.busyNs)
	s.st = st
	s.publish()
	raise(&s.claim, r.Claim)
	raise(&s.accepted, min(r.Accepted, st.handed))
}

// Arrived says that the first n slots were handed over elsewhere and that the transport has them.
// One goroutine at a time.
func (s *Shard) Arrived(n uint64) {
	s.st.handed, s.st.next = max(s.st.handed, n), max(s.st.next, s.index+n*s.step)
	s.st.mode = occupied
	s.publish()
	raise(&s.accepted, n)
}

// Silent says that nothing is heard of a shard since a time: its system has the slot, as it has
// died or is out of reach.
func (s *Shard) Silent(sinceNs int64) {
	if s.st.mode == occupied {
		return
	}
	s.st.mode, s.st.sinceNs = occupied, sinceNs
	s.publish()
}

// Through says that a shard another process drives has handed over all of its slots: what is known
// of it may be older, and its own account may not come any more. One goroutine at a time, that of
// Mirror or another.
func (s *Shard) Through() {
	n := s.ownBelow(s.load.limit.Load())
	s.st.handed, s.st.next = max(s.st.handed, n), max(s.st.next, s.index+n*s.step)
	raise(&s.accepted, n)
	s.publish()
}

// Lag takes the driver lag of a shard another process drives: n events handed over at atNs since T0
// were lagNs behind. One goroutine at a time.
func (s *Shard) Lag(atNs, lagNs, n int64) {
	if s.lag != nil {
		s.lag.RecordN(atNs, lagNs, n)
	}
}

// raise stores a larger number.
func raise(v *atomic.Uint64, to uint64) {
	if to > v.Load() {
		v.Store(to)
	}
}

// Resume has a shard go on at one of its slots, before it was asked for any: what lies before it is
// no longer its concern. Slots below seen were handed over before, by the shard it takes the place
// of: their lag is that of the first time.
func (s *Shard) Resume(next, seen uint64) {
	for s.st.next < next {
		s.st.next += s.step
		s.st.handed++
	}
	s.seen = max(seen, s.st.next)
	s.st.mode, s.st.sinceNs = occupied, s.load.NowNs()
	if s.load.Paced() {
		s.st.twinNs = s.load.DueNs(s.st.next)
	}
	s.claim.Store(s.st.next)
	s.accepted.Store(s.st.handed)
	s.publish()
}

// Next is the first slot a shard has not handed over. The thread that drives it asks.
func (s *Shard) Next() uint64 { return s.st.next }

// Done is how many slots a shard has handed over, or left to the one before it.
func (s *Shard) Done() uint64 { return s.st.handed }

// Pacer is the schedule a load follows; nil for as fast as taken.
func (l *Load) Pacer() workloads.Pacer { return l.pacer }

// Handed are the next slots of all shards: what lies before one was handed over by its shard.
func (l *Load) Handed() []uint64 {
	next := make([]uint64, 0, len(l.shards))
	for _, s := range l.shards {
		st := s.state()
		next = append(next, st.next)
	}
	return next
}

// Seen is the end of the furthest slot any shard has claimed, by its last report.
func (l *Load) Seen() []uint64 {
	ends := make([]uint64, 0, len(l.shards))
	for _, s := range l.shards {
		ends = append(ends, s.claim.Load())
	}
	return ends
}
