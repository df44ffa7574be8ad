package adapters

import "math/bits"

// mode is what a shard's slot is doing between two calls.
type mode int64

const (
	parked   mode = iota // told to park: an event due meanwhile waits for the driver
	making               // the driver makes events
	occupied             // the system has the slot: it processes, or has no room
)

// state is a consistent copy of a shard's account.
//
// The driver is judged by its twin: the same driver beside a system that always has room. The twin
// needs the time the driver was seen to need (to make a batch, to wake up late), never the time the
// system had the slot, and has a clock of its own:
//
//	real  |make 1|   the system has the slot    |make 2| ...
//	twin  |make 1|  |make 2|                         twin's clock = when it is done with batch 2
//	      due 1     due 2
//
// An event's driver lag is how far the twin is behind its due time. The rest of its delay is the
// system's, and so are the events the twin would have handed over by now.
type state struct {
	mode    mode
	sinceNs int64  // since T0, when the mode began
	next    uint64 // first slot not handed over
	handed  uint64 // to the transport
	// twinNs is when the twin is done with the slots handed over; while a batch is in the making,
	// when it begins that.
	twinNs            int64
	blockedNs, busyNs int64 // totals: the system kept a due event waiting; the driver made events
}

// words are the state as it is published, and stateOf reads them back.
func (s *state) words() [stateWords]int64 {
	return [...]int64{
		int64(s.mode), s.sinceNs, int64(s.next), int64(s.handed), s.twinNs, s.blockedNs, s.busyNs,
	}
}

func stateOf(v [stateWords]int64) state {
	return state{
		mode: mode(v[0]), sinceNs: v[1], next: uint64(v[2]), handed: uint64(v[3]),
		twinNs: v[4], blockedNs: v[5], busyNs: v[6],
	}
}

// waitedNs is how long the system kept a due event waiting in the mode that is under way at ns.
// dueNs is when the next slot is due.
func (s *state) waitedNs(ns, dueNs int64) int64 {
	if s.mode != occupied {
		return 0
	}
	return max(0, ns-max(dueNs, s.sinceNs))
}

// twinAt is the twin's clock at ns, where it begins or would begin with the slot due at dueNs. A
// shard that parks with nothing due wakes its twin when it wakes up itself, late or not; what it
// parks while something is due, to fill a batch, it takes of the twin's time too.
func (s *state) twinAt(ns, dueNs int64) int64 {
	switch s.mode {
	case making:
		return s.twinNs + ns - s.sinceNs
	case parked:
		return max(s.twinNs, dueNs) + max(0, ns-max(dueNs, s.sinceNs))
	}
	return max(s.twinNs, dueNs)
}

// blockedOf is how many of short slots, due by ns and not handed over, the twin would have handed
// over: as many as it has had time for at its mean pace since T0.
func (s *state) blockedOf(short uint64, ns, dueNs int64) uint64 {
	spare := ns - s.twinAt(ns, dueNs)
	if spare <= 0 {
		return 0
	}
	if s.handed == 0 || s.busyNs == 0 {
		return short
	}
	hi, lo := bits.Mul64(uint64(spare), s.handed)
	if hi >= uint64(s.busyNs) {
		return short
	}
	able, _ := bits.Div64(hi, lo, uint64(s.busyNs))
	return min(short, able)
}
