package workloads

import (
	"fmt"
	"math"
	"slices"
)

// An accumulator is a run of words: count and seqsum, then the words of each aggregate. Sets of
// Distinct lie beside them, because they grow.
const (
	wordCount = iota
	wordSeqSum
	firstFoldWord
)

// fold is an aggregate bound to the value it reads and to its words of an accumulator.
type fold struct {
	Aggregate
	reader
	word int
	set  int // Distinct: which of the accumulator's sets
	// float says that the values are floats, given by their bits.
	float bool
}

// contribution is an event as the folds see it.
type contribution struct {
	ts, seq int64
	slot    uint64
	vals    []bound // one a fold
	row     int
}

// bindFolds lays out the accumulator.
func (p *plan) bindFolds() error {
	p.state = firstFoldWord
	for _, a := range p.q.Aggregates {
		f := fold{Aggregate: a, reader: reader{col: noColumn}, word: p.state, set: -1}
		if a.Func != Count {
			var err error
			if f.reader, err = p.reader(a.Field); err != nil {
				return err
			}
			if f.float, err = p.arithmetic(a); err != nil {
				return err
			}
		}
		switch a.Func {
		case Count:
		case Distinct:
			f.set = p.sets
			p.sets++
		case Sum, Min, Max, Avg, SumSquares, Mean:
			p.state++
		case TopK:
			p.state += a.K
		case First, Last:
			p.state += 3 // ts, seq, value
		default:
			return fmt.Errorf("aggregate function %d is unknown", a.Func)
		}
		p.aggs = append(p.aggs, f)
	}
	p.fresh = p.start(nil)
	return nil
}

// arithmetic says whether an aggregate computes with floats. It refuses what has no order or sum.
func (p *plan) arithmetic(a Aggregate) (float bool, err error) {
	kind := p.q.field(p.w.Schema, a.Field).Kind
	switch a.Func {
	case Distinct, First, Last:
		return false, nil // values are taken as they are
	case TopK, Mean:
		if kind == Float {
			return false, fmt.Errorf("aggregate %s of field %q, which is not an integer", a.As, a.Field)
		}
	}
	if kind == Text {
		return false, fmt.Errorf("aggregate %s of field %q, which is not a number", a.As, a.Field)
	}
	return kind == Float, nil
}

// start appends the words of an empty accumulator.
func (p *plan) start(words []int64) []int64 {
	words = append(words, 0, 0)
	for _, f := range p.aggs {
		switch f.Func {
		case Sum, Avg, SumSquares, Mean:
			words = append(words, 0) // the bits of the float 0, too
		case Min:
			words = append(words, f.pick(math.MaxInt64, math.Inf(1)))
		case Max:
			words = append(words, f.pick(math.MinInt64, math.Inf(-1)))
		case TopK:
			for range f.K {
				words = append(words, math.MinInt64)
			}
		case First:
			words = append(words, math.MaxInt64, math.MaxInt64, 0)
		case Last:
			words = append(words, math.MinInt64, math.MinInt64, 0)
		}
	}
	if p.last > 0 {
		words = append(words, 0)
	}
	return words
}

// startSets makes the sets of an empty accumulator; nil if the query has no Distinct.
func (p *plan) startSets() []map[int64]struct{} {
	if p.sets == 0 {
		return nil
	}
	s := make([]map[int64]struct{}, p.sets)
	for i := range s {
		s[i] = map[int64]struct{}{}
	}
	return s
}

// add counts an event in an accumulator.
func (p *plan) add(acc []int64, sets []map[int64]struct{}, c *contribution) {
	acc[wordCount]++
	acc[wordSeqSum] += c.seq
	p.note(acc, int64(c.slot))
	for i := range p.aggs {
		p.addOne(i, acc, sets, c)
	}
}

// addOne counts an event in the words of one aggregate.
func (p *plan) addOne(agg int, acc []int64, sets []map[int64]struct{}, c *contribution) {
	f := &p.aggs[agg]
	if f.Func == Count {
		return
	}
	x := c.vals[agg].at(c.row)
	if f.float {
		f.addFloat(&acc[f.word], math.Float64frombits(uint64(x)))
		return
	}
	switch f.Func {
	case Sum, Avg, Mean:
		acc[f.word] += x
	case SumSquares:
		acc[f.word] += x * x
	case Min:
		acc[f.word] = min(acc[f.word], x)
	case Max:
		acc[f.word] = max(acc[f.word], x)
	case Distinct:
		sets[f.set][x] = struct{}{}
	case TopK:
		insertTop(acc[f.word:f.word+f.K], x)
	case First:
		takeIf(before(c.ts, c.seq, acc[f.word:]), acc[f.word:], [3]int64{c.ts, c.seq, x})
	case Last:
		later := before(acc[f.word], acc[f.word+1], []int64{c.ts, c.seq})
		takeIf(later, acc[f.word:], [3]int64{c.ts, c.seq, x})
	}
}

// merge adds accumulator b to a.
func (p *plan) merge(a, b []int64, aSets, bSets []map[int64]struct{}) {
	a[wordCount] += b[wordCount]
	a[wordSeqSum] += b[wordSeqSum]
	if p.last > 0 {
		a[p.last] = max(a[p.last], b[p.last])
	}
	for i := range p.aggs {
		f := &p.aggs[i]
		w := f.word
		if f.float {
			f.mergeFloat(&a[w], math.Float64frombits(uint64(b[w])))
			continue
		}
		switch f.Func {
		case Sum, Avg, SumSquares, Mean:
			a[w] += b[w]
		case Min:
			a[w] = min(a[w], b[w])
		case Max:
			a[w] = max(a[w], b[w])
		case Distinct:
			for x := range bSets[f.set] {
				aSets[f.set][x] = struct{}{}
			}
		case TopK:
			for _, x := range b[w : w+f.K] {
				insertTop(a[w:w+f.K], x)
			}
		case First:
			takeIf(before(b[w], b[w+1], a[w:]), a[w:], [3]int64(b[w:]))
		case Last:
			takeIf(before(a[w], a[w+1], b[w:]), a[w:], [3]int64(b[w:]))
		}
	}
}

// results appends what the aggregates yield, in their order.
func (p *plan) results(dst, acc []int64, sets []map[int64]struct{}) []int64 {
	for i := range p.aggs {
		f := &p.aggs[i]
		switch f.Func {
		case Count:
			dst = append(dst, acc[wordCount])
		case Avg:
			dst = append(dst, acc[f.word], acc[wordCount])
		case Mean:
			dst = append(dst, floorTo(acc[f.word], acc[wordCount])/acc[wordCount])
		case Distinct:
			dst = append(dst, int64(len(sets[f.set])))
		case TopK:
			dst = append(dst, acc[f.word:f.word+f.K]...)
		case First, Last:
			dst = append(dst, acc[f.word+2])
		default:
			dst = append(dst, acc[f.word])
		}
	}
	return dst
}

// insertTop keeps the largest values in descending order.
func insertTop(top []int64, x int64) {
	i, _ := slices.BinarySearchFunc(top, x, func(t, x int64) int {
		if t >= x {
			return -1
		}
		return 1
	})
	if i < len(top) {
		copy(top[i+1:], top[i:])
		top[i] = x
	}
}

// before compares (ts, seq) with the first two words of b.
func before(ts, seq int64, b []int64) bool {
	return ts < b[0] || ts == b[0] && seq < b[1]
}

// takeIf replaces (ts, seq, value).
func takeIf(ok bool, words []int64, by [3]int64) {
	if ok {
		copy(words, by[:])
	}
}
