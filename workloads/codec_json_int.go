package workloads

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// jsonInt reads an integer of JSON and returns the offset behind it, -1 if there is none or it
// does not fit 64 bits. The byte behind it is for the caller to check. Eight digits are read at a
// time: a loop over single digits is mispredicted at the end of nearly every number.
func jsonInt(src []byte, at int) (int64, int) {
	negative := at < len(src) && src[at] == '-'
	if negative {
		at++
	}
	first := at
	var v uint64
	for at+8 <= len(src) {
		eight, n := leadingDigits(binary.LittleEndian.Uint64(src[at:]))
		v = v*tens[n] + eight
		if at += n; n < 8 || at-first > 16 {
			break
		}
	}
	for at < len(src) && src[at]-'0' <= 9 && at-first < 20 {
		v = v*10 + uint64(src[at]-'0')
		at++
	}
	// Nineteen digits cannot pass 2^64, and a second digit cannot follow a zero.
	digits := at - first
	if digits == 0 || digits > 19 || digits > 1 && src[first] == '0' {
		return 0, -1
	}
	if negative {
		if v > 1<<63 {
			return 0, -1
		}
		return -int64(v), at
	}
	if v > math.MaxInt64 {
		return 0, -1
	}
	return int64(v), at
}

var tens = [9]uint64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// leadingDigits is the value and the number of the decimal digits eight bytes begin with.
func leadingDigits(x uint64) (value uint64, n int) {
	const ones = 0x0101010101010101
	// A byte that is no digit sets its top bit in one of the two; carries only reach bytes behind.
	foreign := ((x + 0x46*ones) | (x - '0'*ones)) & (0x80 * ones)
	n = bits.TrailingZeros64(foreign) / 8
	// The digits move to the end, zeros before them; then pairs, fours and eights are joined.
	x = (x ^ '0'*ones) << (64 - 8*n)
	x = x*10 + x>>8
	const pairs = 0x000000ff000000ff
	x = (x&pairs*(100+1_000_000<<32) + x>>16&pairs*(1+10_000<<32)) >> 32
	return x, n
}
