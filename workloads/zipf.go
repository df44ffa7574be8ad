package workloads

import "math"

// zipf draws ranks 0..k-1 of which rank r comes (r+1)^-s times as often as rank 0, by Walker's
// alias method in the form of Vose (1991): a slot holds its own rank and, above a threshold,
// another one, so that a draw costs one look at a table of any size.
//
// Powers and sums are floating point, where another architecture may differ in a last bit. A
// threshold keeps the first 32 bits only, so that of a million slots a few may differ by one part
// in 2^32: no stream of a practical length shows it.
type zipf struct {
	// slots hold the threshold above and the alias below: one cache line a draw.
	slots []uint64
}

// newZipf makes the table of k ranks, which takes about 0.1 s for a million.
func newZipf(k int, s float64) *zipf {
	p := make([]float64, k)
	sum := 0.0
	for r := range p {
		p[r] = math.Pow(float64(r+1), -s)
		sum += p[r]
	}
	z := &zipf{slots: make([]uint64, k)}
	var small, large []uint32
	for r := range p {
		p[r] = float64(p[r] * float64(k) / sum)
		if p[r] < 1 {
			small = append(small, uint32(r))
		} else {
			large = append(large, uint32(r))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		a, b := small[len(small)-1], large[len(large)-1]
		small, large = small[:len(small)-1], large[:len(large)-1]
		z.set(a, uint32(p[a]*(1<<32)), b)
		p[b] = float64(p[b]+p[a]) - 1
		if p[b] < 1 {
			small = append(small, b)
		} else {
			large = append(large, b)
		}
	}
	// What is left is 1 but for rounding: it keeps its slot to itself.
	for _, r := range append(small, large...) {
		z.set(r, math.MaxUint32, r)
	}
	return z
}

func (z *zipf) set(slot, threshold, alias uint32) {
	z.slots[slot] = uint64(threshold)<<32 | uint64(alias)
}

// fill writes ranks by draws d and d+1 of every event number of seq.
func (z *zipf) fill(dst, seq []int64, key streamKey, d uint64) {
	if dst == nil {
		return
	}
	dst = dst[:len(seq)]
	k := uint64(len(z.slots))
	for i, n := range seq {
		slot := below(key.draw(uint64(n), d), k)
		rank := slot
		if e := z.slots[slot]; key.draw(uint64(n), d+1)>>32 >= e>>32 {
			rank = e & math.MaxUint32
		}
		dst[i] = int64(rank)
	}
}
