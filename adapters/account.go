package adapters

import "math/bits"

// mode is what a shard's slot is doing between two calls.
type mode int64

const (
	parked   mode = iota // told to park: an event due meanwhile waits for the driver
	making               // the driver makes events
	occupied             // the system has the slot: it processes, or has no credit
)

// state is a consistent copy of a shard's account.
type state struct {
	mode     mode
	sinceNs  int64  // since T0, when the mode began
	next     uint64 // first slot not accepted
	accepted uint64
	// driverNs and systemNs are how long each kept a due event waiting since the shard was last
	// level with the schedule.
	driverNs, systemNs int64
	blockedNs, busyNs  int64 // totals
}

// waitedBy is how long driver and system kept events waiting since the shard was last level, the
// mode that is under way at ns included. dueNs is when the next slot is due, behind whether it is.
func (s state) waitedBy(ns, dueNs int64, behind bool) (driverNs, systemNs int64) {
	late := max(0, ns-max(dueNs, s.sinceNs))
	switch {
	case !behind:
	case s.mode == occupied:
		return s.driverNs, s.systemNs + late
	default:
		return s.driverNs + late, s.systemNs
	}
	return s.driverNs, s.systemNs
}

// blockedShare is the system's part of a shortfall: driver and system answer for it in proportion
// to the time each kept the shard busy since it was last level with the schedule. If neither did,
// the driver overslept.
func blockedShare(shortfall uint64, driverNs, systemNs int64) uint64 {
	total := uint64(driverNs + systemNs)
	if total == 0 {
		return 0
	}
	hi, lo := bits.Mul64(shortfall, uint64(systemNs))
	q, _ := bits.Div64(hi, lo, total)
	return q
}
