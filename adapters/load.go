package adapters

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

// Load is the schedule of one repetition. The runner begins and limits it, the shards of a driver
// follow it, and neither waits for the other: all they share are atomics with a single writer.
type Load struct {
	pacer  workloads.Pacer
	t0     atomic.Pointer[time.Time]
	limit  atomic.Uint64 // slots in the stream; the largest number while that is open
	sealed atomic.Bool   // the limit will not change
	steady atomic.Int64  // nanoseconds since T0 at which events count as measured
	shards []*Shard
	remote Remote // nil where all shards are driven by this process
}

// LagRecorder keeps driver lag: n events handed over at atNs since T0 were lagNs behind.
type LagRecorder interface {
	RecordN(atNs, lagNs, n int64)
}

// open is the limit of a stream whose end is not known yet.
const open = math.MaxUint64

// NewLoad makes a load of some shards that follows a pacer; a nil pacer means as fast as taken.
// Nothing is due before Begin.
func NewLoad(pacer workloads.Pacer, shards int) *Load {
	l := &Load{pacer: pacer}
	l.limit.Store(open)
	l.steady.Store(math.MaxInt64)
	for i := range shards {
		l.shards = append(l.shards, newShard(l, uint64(i), uint64(shards)))
	}
	return l
}

// Paced reports whether events have due times.
func (l *Load) Paced() bool { return l.pacer != nil }

// Shards is the number of shards.
func (l *Load) Shards() int { return len(l.shards) }

// Shard is shard m of the load: it owns the slots i = m modulo the number of shards.
func (l *Load) Shard(m int) *Shard { return l.shards[m] }

// RecordLag gives shard m the recorder of its lag in the steady phase. It is called before Begin.
func (l *Load) RecordLag(m int, r LagRecorder) { l.shards[m].lag = r }

// Begin fixes T0, the instant every due time counts from. It is called once.
func (l *Load) Begin(t0 time.Time) {
	l.t0.Store(&t0)
	if l.remote != nil {
		l.remote.Begin(t0)
	}
}

// NowNs is the time since T0 in nanoseconds; before Begin it is 0.
func (l *Load) NowNs() int64 {
	t0 := l.t0.Load()
	if t0 == nil {
		return 0
	}
	return int64(time.Since(*t0))
}

// MeasureFrom says that events due at ns since T0 and later are of the steady phase: the driver
// lag of earlier ones is not kept.
func (l *Load) MeasureFrom(ns int64) {
	l.steady.Store(ns)
	if l.remote != nil {
		l.remote.MeasureFrom(ns)
	}
}

// Limit ends the stream before slot n. No shard may have passed it: n is given before Begin, or
// lies where nothing is due yet.
func (l *Load) Limit(n uint64) {
	l.limit.Store(n)
	l.sealed.Store(true)
	if l.remote != nil {
		l.remote.Limit(n)
	}
}

// LimitHere ends the stream where its most advanced shard stands, rounded up to a multiple of
// groups, and returns the number of slots. It never lengthens a stream.
//
// A shard claims slots first and reads the limit after, so with the first store below every claim
// is either clipped to that limit or seen by the second look; no shard ends before it is sealed.
func (l *Load) LimitHere(groups uint64) uint64 {
	was := l.limit.Load()
	if l.remote != nil {
		n := min(was, l.claimed(l.remote.Freeze(), groups))
		l.Limit(n)
		return n
	}
	l.sealed.Store(false)
	n := min(was, l.claimed(0, groups))
	l.limit.Store(n)
	n = min(was, l.claimed(n, groups))
	l.Limit(n)
	return n
}

// Freeze has no shard claim a slot beyond the furthest claim there is, until Limit says where the
// stream ends, and returns the end of that claim.
func (l *Load) Freeze() uint64 {
	l.sealed.Store(false)
	l.limit.Store(min(l.limit.Load(), l.claimed(0, 1)))
	return l.claimed(0, 1)
}

// final reads the limit and whether it will stay. The second look at the limit is for a seal that
// was broken and renewed between the first two.
func (l *Load) final() (limit uint64, sealed bool) {
	limit = l.limit.Load()
	sealed = l.sealed.Load()
	return limit, sealed && l.limit.Load() == limit
}

// claimed is the end of the furthest claim or n if that is further, in whole groups.
func (l *Load) claimed(n, groups uint64) uint64 {
	for _, s := range l.shards {
		n = max(n, s.claim.Load())
	}
	groups = max(groups, 1)
	return (n + groups - 1) / groups * groups
}

// DueBy is the number of slots due at ns since T0, that instant included.
func (l *Load) DueBy(ns int64) uint64 {
	if l.pacer == nil || ns < 0 {
		return 0
	}
	return min(l.pacer.Before(time.Duration(ns)+1), l.limit.Load())
}

// Has reports whether a slot is part of the stream, as far as its end is known.
func (l *Load) Has(slot uint64) bool { return slot < l.limit.Load() }

// DueNs is the time since T0 at which a slot is due; without due times it is 0.
func (l *Load) DueNs(slot uint64) int64 {
	if l.pacer == nil {
		return 0
	}
	return int64(l.pacer.Due(slot))
}

// Account is the state of a load at one instant, summed over its shards.
type Account struct {
	Due      uint64 // slots due; those accepted where there are no due times
	Accepted uint64 // slots the transport has taken
	// Blocked are slots due, not accepted, and kept waiting by the system and not by the driver:
	// those sent and not acknowledged, and those the driver alone would have sent by now.
	Blocked uint64
	// BlockedNs is the time in which the worst shard had an event due and the system no room.
	BlockedNs int64
	// DriverNs is the time the shards spent making events.
	DriverNs int64
}

// Account reads the state of every shard at ns since T0.
func (l *Load) Account(ns int64) Account {
	var a Account
	for _, s := range l.shards {
		accepted := s.accepted.Load() // before the state: it never exceeds what was handed over
		st := s.state()
		due := max(s.ownBelow(l.DueBy(ns)), accepted)
		handed := min(st.handed, due)
		if handed < accepted {
			panic("BUG: more slots were accepted than handed over")
		}
		dueNs := l.DueNs(st.next)
		a.Due += due
		a.Accepted += accepted
		if due > handed {
			a.Blocked += st.blockedOf(due-handed, ns, dueNs)
		}
		if l.Paced() {
			a.Blocked += handed - accepted
			a.BlockedNs = max(a.BlockedNs, st.blockedNs+st.waitedNs(ns, dueNs))
		}
		a.DriverNs += st.busyNs
	}
	return a
}
