package workloads

import (
	"iter"
	"maps"
	"math/bits"
	"slices"
)

// eventSet is a set of event numbers: a bit each in pages that are there where one is set.
type eventSet struct {
	pages map[uint64]*eventPage
	n     uint64
}

const eventPageN = 1 << 16

type eventPage [eventPageN / 64]uint64

func newEventSet() *eventSet { return &eventSet{pages: map[uint64]*eventPage{}} }

// add reports whether the event was not there yet.
func (s *eventSet) add(n uint64) bool {
	p := s.pages[n/eventPageN]
	if p == nil {
		p = new(eventPage)
		s.pages[n/eventPageN] = p
	}
	word, bit := &p[n%eventPageN/64], uint64(1)<<(n%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	s.n++
	return true
}

func (s *eventSet) has(n uint64) bool {
	p := s.pages[n/eventPageN]
	return p != nil && p[n%eventPageN/64]>>(n%64)&1 != 0
}

// near reports whether one of n events from first on may be in the set; where it says no, none is.
func (s *eventSet) near(first, n uint64) bool {
	for number := first / eventPageN; number <= (first+n-1)/eventPageN; number++ {
		if s.pages[number] != nil {
			return true
		}
	}
	return false
}

// all are the events of the set, ascending.
func (s *eventSet) all() iter.Seq[uint64] {
	return func(yield func(n uint64) bool) {
		for _, number := range slices.Sorted(maps.Keys(s.pages)) {
			for i, word := range s.pages[number] {
				for ; word != 0; word &= word - 1 {
					at := uint64(i*64 + bits.TrailingZeros64(word))
					if !yield(number*eventPageN + at) {
						return
					}
				}
			}
		}
	}
}
