package workloads

import "math/bits"

// EpochMs is the event time of event 0 less its disorder: 2026-01-01T00:00:00Z.
const EpochMs = 1_767_225_600_000

// stride of the permutation inside a group of slots, and why Groups must not be a multiple of it.
const groupStride = 953

// Timeline orders a stream: which event stands in which slot, and when it happened.
type Timeline struct {
	EventRate uint64 // events per second of event time
	Groups    uint64 // slots are permuted inside groups of this many; 1 = in order
	LeadMs    int64  // the most by which an event time can lie ahead of its place
	BoundMs   int64  // watermark bound B of the query
	Silence   Silence
}

// Silence is a time in mid-stream in which nothing happens: event At and all after it are dated Ms
// later than they would be. They are due as if there were none.
type Silence struct {
	At uint64 // number of the first event after it
	Ms int64
}

// Event is the number of the event in a slot.
func (t Timeline) Event(slot uint64) uint64 {
	if t.Groups <= 1 {
		return slot
	}
	start := slot / t.Groups * t.Groups
	return start + (slot-start)*groupStride%t.Groups
}

// Slot is the slot of an event: the inverse of Event.
func (t Timeline) Slot(event uint64) uint64 {
	if t.Groups <= 1 {
		return event
	}
	start := event / t.Groups * t.Groups
	return start + mulMod(event-start, inverse(groupStride%t.Groups, t.Groups), t.Groups)
}

// PlaceMs is the event time of event n before its disorder.
func (t Timeline) PlaceMs(n uint64) int64 {
	hi, lo := bits.Mul64(n, 1000)
	q, _ := bits.Div64(hi%t.EventRate, lo, t.EventRate)
	return EpochMs + int64(q) + t.silenceMs(n)
}

// silenceMs is what the silence has added to the event time of event n.
func (t Timeline) silenceMs(n uint64) int64 {
	if n < t.Silence.At {
		return 0
	}
	return t.Silence.Ms
}

// FirstAt is the least event number whose place is at or after an event time in milliseconds.
func (t Timeline) FirstAt(ms int64) uint64 {
	if n := t.firstAt(ms); n < t.Silence.At {
		return n
	}
	return max(t.Silence.At, t.firstAt(ms-t.Silence.Ms))
}

// firstAt is FirstAt of the stream without its silence.
func (t Timeline) firstAt(ms int64) uint64 {
	if ms <= EpochMs {
		return 0
	}
	hi, lo := bits.Mul64(uint64(ms-EpochMs), t.EventRate)
	lo, carry := bits.Add64(lo, 999, 0)
	q, _ := bits.Div64((hi+carry)%1000, lo, 1000)
	return q
}

func mulMod(a, b, m uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	_, r := bits.Div64(hi%m, lo, m)
	return r
}

// inverse is a^-1 modulo m by the extended Euclidean algorithm; a and m are coprime.
func inverse(a, m uint64) uint64 {
	r0, r1, s0, s1 := int64(m), int64(a), int64(0), int64(1)
	for r1 != 0 {
		q := r0 / r1
		r0, r1 = r1, r0-q*r1
		s0, s1 = s1, s0-q*s1
	}
	if s0 < 0 {
		s0 += int64(m)
	}
	return uint64(s0) % m
}
