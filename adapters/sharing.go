package adapters

import (
	"context"
	"time"
)

// Sharing is a Transport to which drivers of several processes can offer one load, each a shard of
// it. The process that runs the system deploys it with Job.Elsewhere; the others share.
//
//	driver 0/2 --slots 0, 2, 4 …--\
//	                               input topic --> system --> results --> collector, oracle
//	driver 1/2 --slots 1, 3, 5 …--/
type Sharing interface {
	Transport
	// Share connects a driver to the input of a job that another process deploys, and waits until
	// that is there. job.Load has as many shards as there are drivers.
	Share(ctx context.Context, job Job, shard int) (Sharer, error)
}

// Sharer is a driver without a system.
type Sharer interface {
	Clocked
	// Run offers the shard at its due times, once job.Load has begun, and returns when all of it is
	// acknowledged.
	Run(ctx context.Context) error
	// Sent may be called at any time.
	Sent() Sent
	// Close lets go of the brokers; twice is harmless.
	Close() error
}

// Sent is what a driver has offered so far.
type Sent struct {
	Events  uint64 // written
	Unknown uint64 // of those, neither acknowledged nor refused
	// WorstNs is the longest time from the due time of an event to its acknowledgement.
	WorstNs int64
}

// Clocked is what several processes can hold their clocks against.
type Clocked interface {
	// Clock tells how far another clock, the same for all who ask, is ahead of the caller's, by which
	// T0 was at t0.
	Clock(ctx context.Context, t0 time.Time) (ClockSpan, error)
}

// ClockSpan holds the offset of a clock: it lies between the two.
type ClockSpan struct {
	FromNs int64 `json:"fromNs"`
	ToNs   int64 `json:"toNs"`
}

// Hull is the span that holds two others.
func (s ClockSpan) Hull(o ClockSpan) ClockSpan {
	return ClockSpan{min(s.FromNs, o.FromNs), max(s.ToNs, o.ToNs)}
}

// Bound is the most that two processes can be apart which hold their clocks against the same one.
func (s ClockSpan) Bound(o ClockSpan) time.Duration {
	return time.Duration(max(s.ToNs-o.FromNs, o.ToNs-s.FromNs))
}
