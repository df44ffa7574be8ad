package engine

import "github.com/streambench/streambench/workloads"

// update folds the values of a block into the rows they belong to: one loop a fold, so that
// nothing is decided per event. at holds the first word of each event's row.
func (p *plan) update(rows []int64, at []uint32, b *block) {
	if p.query.SingleLevel() {
		seq := b.seq[:len(at)]
		for i, w := range at {
			r := rows[w : w+firstFold]
			r[wordCount]++
			r[wordSeqSum] += seq[i]
		}
	} else {
		for _, w := range at {
			rows[w+wordCount]++
		}
	}
	for _, f := range p.folds {
		if f.value >= 0 && f.fn != workloads.Distinct {
			f.update(rows, at, b)
		}
	}
}

// update folds one aggregate.
func (f fold) update(rows []int64, at []uint32, b *block) {
	v := b.values[f.value][:len(at)]
	if f.float {
		f.updateFloat(rows, at, v)
		return
	}
	word := uint32(f.word)
	switch f.fn {
	case workloads.Sum, workloads.Avg:
		for i, w := range at {
			rows[w+word] += v[i]
		}
	case workloads.SumSquares:
		for i, w := range at {
			rows[w+word] += v[i] * v[i]
		}
	case workloads.Min:
		for i, w := range at {
			r := &rows[w+word]
			*r = min(*r, v[i])
		}
	case workloads.Max:
		for i, w := range at {
			r := &rows[w+word]
			*r = max(*r, v[i])
		}
	case workloads.TopK:
		for i, w := range at {
			insertTop(rows[w+word:w+word+uint32(f.width)], v[i])
		}
	case workloads.First:
		for i, w := range at {
			keep(rows[w+word:w+word+3], [3]int64{b.ts[i], b.seq[i], v[i]}, true)
		}
	case workloads.Last:
		for i, w := range at {
			keep(rows[w+word:w+word+3], [3]int64{b.ts[i], b.seq[i], v[i]}, false)
		}
	}
}

// insertTop puts v into a list of the largest values, largest first.
func insertTop(top []int64, v int64) {
	i := len(top)
	for i > 0 && top[i-1] < v {
		i--
	}
	if i == len(top) {
		return
	}
	copy(top[i+1:], top[i:])
	top[i] = v
}

// keep replaces (ts, seq, value) by another that is earlier, or later, in the order of (ts, seq).
func keep(kept []int64, other [3]int64, earlier bool) {
	before := other[0] < kept[0] || other[0] == kept[0] && other[1] < kept[1]
	same := other[0] == kept[0] && other[1] == kept[1]
	if !same && before == earlier {
		copy(kept, other[:])
	}
}

// merge folds one row into another of the same key; Distinct is merged by its sets.
func (p *plan) merge(dst, src []int64) {
	dst[wordCount] += src[wordCount]
	dst[wordSeqSum] += src[wordSeqSum]
	for _, f := range p.folds {
		d, s := dst[f.word:], src[f.word:]
		if f.float {
			f.mergeFloat(&d[0], s[0])
			continue
		}
		switch f.fn {
		case workloads.Sum, workloads.Avg, workloads.SumSquares:
			d[0] += s[0]
		case workloads.Min:
			d[0] = min(d[0], s[0])
		case workloads.Max:
			d[0] = max(d[0], s[0])
		case workloads.TopK:
			for _, v := range s[:f.width] {
				insertTop(d[:f.width], v)
			}
		case workloads.First:
			keep(d[:3], [3]int64(s), true)
		case workloads.Last:
			keep(d[:3], [3]int64(s), false)
		}
	}
}

// subtract takes a row out of another; the plan is invertible.
func (p *plan) subtract(dst, src []int64) {
	dst[wordCount] -= src[wordCount]
	dst[wordSeqSum] -= src[wordSeqSum]
	for _, f := range p.folds {
		if f.fn != workloads.Count {
			dst[f.word] -= src[f.word]
		}
	}
}

// invertible reports whether what leaves a window can be subtracted from it. Of floats it cannot:
// what rounding took from a large sum would stay missing from the small ones after it.
func (p *plan) invertible() bool {
	for _, f := range p.folds {
		switch f.fn {
		case workloads.Count, workloads.Sum, workloads.Avg, workloads.SumSquares:
			if f.float {
				return false
			}
		default:
			return false
		}
	}
	return true
}
