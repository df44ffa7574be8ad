package adapters

import "sync/atomic"

// acceptedBatches is how many of its newest batches a shard knows the time of: at one each lingerNs
// those of three seconds, and of more where batches are full.
const acceptedBatches = 1 << 14

// Acceptance is a batch of slots the transport took at once.
type Acceptance struct {
	first, until, step uint64
	AtNs               int64 // since T0
}

// Holds reports whether a slot is of the batch.
func (a Acceptance) Holds(slot uint64) bool {
	return slot >= a.first && slot < a.until && (slot-a.first)%a.step == 0
}

// acceptances are the newest batches of a shard in a ring with one writer. A reader sees a batch
// whole or not at all: it looks at the count again after it has read.
type acceptances struct {
	n    atomic.Uint64 // batches ever
	ring [acceptedBatches]struct{ first, until, atNs atomic.Int64 }
}

// add remembers a batch that was taken just now.
func (a *acceptances) add(first, until uint64, atNs int64) {
	n := a.n.Load()
	e := &a.ring[n%acceptedBatches]
	e.first.Store(int64(first))
	e.until.Store(int64(until))
	e.atNs.Store(atNs)
	a.n.Store(n + 1)
}

// find looks for the batch of a slot among those remembered, which ascend. It leaves out the
// oldest, in whose place the next is written.
func (a *acceptances) find(slot, step uint64) (Acceptance, bool) {
	n := a.n.Load()
	lo, hi := uint64(0), n // the first batch that ends beyond the slot
	if n >= acceptedBatches {
		lo = n - acceptedBatches + 1
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if uint64(a.ring[mid%acceptedBatches].until.Load()) > slot {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	e := &a.ring[lo%acceptedBatches]
	b := Acceptance{first: uint64(e.first.Load()), until: uint64(e.until.Load()), step: step,
		AtNs: e.atNs.Load()}
	overwritten := a.n.Load() >= lo+acceptedBatches
	return b, lo < n && !overwritten && b.Holds(slot)
}

// Accepted is the batch in which the transport took a slot. It is false where that is not known:
// it has not been taken yet, or its batch is not among the newest.
func (l *Load) Accepted(slot uint64) (Acceptance, bool) {
	s := l.shards[slot%uint64(len(l.shards))]
	if s.taken == nil {
		return Acceptance{}, false
	}
	return s.taken.find(slot, s.step)
}
