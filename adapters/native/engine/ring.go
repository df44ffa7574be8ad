package engine

import "sync/atomic"

// ring is a bounded queue between one producer and one consumer. Both counters only grow; each
// has a cache line of its own, so that the two threads do not fight over one.
type ring[T any] struct {
	slots []T
	mask  uint64
	_     [64]byte
	head  atomic.Uint64 // next to read, written by the consumer
	_     [56]byte
	tail  atomic.Uint64 // next to write, written by the producer
	_     [56]byte
}

// newRing makes a ring for at least depth elements.
func newRing[T any](depth int) *ring[T] {
	n := 1
	for n < depth {
		n *= 2
	}
	return &ring[T]{slots: make([]T, n), mask: uint64(n - 1)}
}

// push appends v and reports whether there was room.
func (r *ring[T]) push(v T) bool {
	tail := r.tail.Load()
	if tail-r.head.Load() == uint64(len(r.slots)) {
		return false
	}
	r.slots[tail&r.mask] = v
	r.tail.Store(tail + 1)
	return true
}

// pop removes the oldest element; ok is false if there is none.
func (r *ring[T]) pop() (v T, ok bool) {
	head := r.head.Load()
	if head == r.tail.Load() {
		return v, false
	}
	v = r.slots[head&r.mask]
	r.head.Store(head + 1)
	return v, true
}

// empty reports whether there was nothing to pop.
func (r *ring[T]) empty() bool { return r.head.Load() == r.tail.Load() }
