package workloads

import "math/bits"

// phi is the increment of SplitMix64: 2^64 divided by the golden ratio, made odd.
const phi = 0x9e3779b97f4a7c15

// phi64 is the distance of two events in a stream of draws: 64*phi modulo 2^64.
const phi64 = phi * 64 & (1<<64 - 1)

// mix64 is the finaliser of SplitMix64, a bijection of 64-bit integers.
func mix64(z uint64) uint64 {
	z ^= z >> 30
	z *= 0xbf58476d1ce4e5b9
	z ^= z >> 27
	z *= 0x94d049bb133111eb
	return z ^ z>>31
}

// fnv1a64 hashes bytes or a string by FNV-1a.
func fnv1a64[S string | []byte](s S) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// streamKey is the key of a named stream of draws.
type streamKey uint64

func newStreamKey(seed uint64, name string) streamKey {
	return streamKey(mix64(seed + phi*fnv1a64(name)))
}

// draw is U(n, d): draw d = 0..63 of event n. Draws are read by position, so an event needs none of
// the events before it.
func (k streamKey) draw(n, d uint64) uint64 {
	return mix64(uint64(k) + phi*(64*n+d+1))
}

// at is the state whose mix64 is draw d of event 0; event n is phi64*n further.
func (k streamKey) at(d uint64) uint64 { return uint64(k) + phi*(d+1) }

// below maps a draw to [0, m); the bias is below m/2^64.
func below(x, m uint64) uint64 {
	hi, _ := bits.Mul64(x, m)
	return hi
}

// fillBelow writes below(U(n, d), m) for every event number of seq. A loop a column keeps the
// code of a workload as plain as its table in the manual, and leaves out columns nobody reads.
func (k streamKey) fillBelow(dst, seq []int64, d, m uint64) {
	if dst == nil {
		return
	}
	dst = dst[:len(seq)]
	base := k.at(d)
	for i, n := range seq {
		dst[i] = int64(below(mix64(base+phi64*uint64(n)), m))
	}
}
