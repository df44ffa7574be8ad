package workloads

import (
	"math"
	"math/bits"
	"slices"
	"sort"
	"time"
)

// Pacer says when slots are due, counted from the start of the schedule. It is a pure function of
// its settings: a schedule never drifts and never forgives, whatever the driver did.
type Pacer interface {
	// Due is when a slot is due; the largest Duration if that is beyond three centuries or never.
	Due(i uint64) time.Duration
	// Before is the number of slots due strictly before t: the least i with Due(i) >= t.
	Before(t time.Duration) uint64
}

// Piece is a stretch of a profile: a constant rate in events per second for some time. Rate 0 is a
// pause.
type Piece struct {
	For  time.Duration `json:"forNs"`
	Rate uint64        `json:"rate"`
}

// Constant offers rate events per second for ever: slot i is due at floor(i*10^9/rate) ns.
func Constant(rate uint64) Pacer { return constantPacer(rate) }

type constantPacer uint64

func (p constantPacer) Due(i uint64) time.Duration {
	hi, lo := bits.Mul64(i, uint64(time.Second))
	if p == 0 || hi >= uint64(p) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(p))
	return time.Duration(min(q, math.MaxInt64))
}

// Before rounds up: floor(i*10^9/rate) >= t, t being whole, says i >= t*rate/10^9.
func (p constantPacer) Before(t time.Duration) uint64 {
	if t <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(t), uint64(p))
	lo, carry := bits.Add64(lo, uint64(time.Second)-1, 0)
	if hi += carry; hi >= uint64(time.Second) {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, uint64(time.Second))
	return q
}

// Profile offers pieces one after the other; the last one goes on for ever, whatever its For. Each
// piece follows the law of Constant from its own start and first slot.
func Profile(pieces []Piece) Pacer {
	p := &profilePacer{made: slices.Clone(pieces)}
	var start time.Duration
	var first uint64
	for _, piece := range pieces {
		rate := constantPacer(piece.Rate)
		p.pieces = append(p.pieces, placedPiece{start, first, rate})
		start = satAdd(start, max(piece.For, 0))
		first += min(rate.Before(piece.For), math.MaxUint64-first)
	}
	if len(p.pieces) == 0 {
		p.pieces = []placedPiece{{}}
	}
	return p
}

type profilePacer struct {
	pieces []placedPiece
	made   []Piece // as they were given
}

// placedPiece is a piece with the time it starts and its first slot.
type placedPiece struct {
	start time.Duration
	first uint64
	rate  constantPacer
}

// Due asks the last piece that starts at or before the slot: of pieces without slots, which share
// their first slot with the next, the last one.
func (p *profilePacer) Due(i uint64) time.Duration {
	k := sort.Search(len(p.pieces), func(k int) bool { return p.pieces[k].first > i }) - 1
	piece := p.pieces[k]
	return satAdd(piece.start, piece.rate.Due(i-piece.first))
}

func (p *profilePacer) Before(t time.Duration) uint64 {
	if t <= 0 {
		return 0
	}
	k := sort.Search(len(p.pieces), func(k int) bool { return p.pieces[k].start >= t }) - 1
	piece := p.pieces[k]
	return piece.first + min(piece.rate.Before(t-piece.start), math.MaxUint64-piece.first)
}

// satAdd adds two durations that are not negative, staying at the largest.
func satAdd(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
