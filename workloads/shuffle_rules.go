package workloads

import (
	"cmp"
	"math/bits"
	"slices"
)

// Events and rules lie on a circle of 2^63 places, of which ringMask cuts a number to its own.
const (
	ringBits = 63
	ringMask = 1<<ringBits - 1
)

// rules match events by arcs of the circle: an event matches every rule whose arc holds its hash.
// Arcs are of one width and overlap where rules match the same events.
type rules struct {
	offsets []uint64 // by rule: where its arc begins
	width   uint64
	arcs    []arc // in order of their starts
	// first is, for each stretch of the circle, the first arc that can hold a place in it.
	first []int32
	shift int // makes a stretch of a place
}

// arc is the arc of a rule. One that reaches over the end of the circle is there twice, the second
// time a whole circle earlier, so that no place needs to look beyond the end.
type arc struct {
	start int64
	rule  int64
}

// newRules draws n rules that together match ppm of a million events.
func newRules(seed uint64, n int, ppm uint64) *rules {
	r := &rules{offsets: make([]uint64, n)}
	hi, lo := bits.Mul64(ppm, 1<<ringBits)
	r.width, _ = bits.Div64(hi, lo, million*uint64(n))
	key := newStreamKey(seed, shuffleName+"-rules")
	for i := range r.offsets {
		r.offsets[i] = key.draw(uint64(i), 0)
		a := arc{int64(r.offsets[i] & ringMask), int64(i)}
		r.arcs = append(r.arcs, a)
		if uint64(a.start)+r.width > 1<<ringBits {
			r.arcs = append(r.arcs, arc{a.start - ringMask - 1, a.rule})
		}
	}
	slices.SortFunc(r.arcs, func(a, b arc) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.rule, b.rule))
	})
	r.index()
	return r
}

// index cuts the circle into about as many stretches as there are rules.
func (r *rules) index() {
	stretches := 1 << bits.Len(uint(len(r.offsets)-1))
	r.shift = ringBits - bits.Len(uint(stretches-1))
	at := 0
	for k := range stretches {
		for at < len(r.arcs) && r.arcs[at].start <= int64(k)<<r.shift-int64(r.width) {
			at++
		}
		r.first = append(r.first, int32(at))
	}
}

// place is where an event lies on the circle: a hash of its first sixteen bytes.
func place(high, low int64) uint64 {
	return mix64(uint64(high)^bits.RotateLeft64(uint64(low), 32)) & ringMask
}

// matching appends the rules an event matches, in order of their arcs.
func (r *rules) matching(dst, values []int64) []int64 {
	at := int64(place(values[shuffleHigh], values[shuffleLow]))
	for _, a := range r.arcs[r.first[at>>r.shift]:] {
		if a.start > at {
			break
		}
		if uint64(at-a.start) < r.width {
			dst = append(dst, a.rule)
		}
	}
	return dst
}

// matchingOneByOne does the same by asking every rule.
func (r *rules) matchingOneByOne(dst, values []int64) []int64 {
	at := place(values[shuffleHigh], values[shuffleLow])
	for rule, offset := range r.offsets {
		if (at-offset)&ringMask < r.width {
			dst = append(dst, int64(rule))
		}
	}
	return dst
}
