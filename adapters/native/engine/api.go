// Package engine is a columnar streaming engine in one process.
//
//	Source --Batch--> stage --scatter--> rings --> windows --> rank --> Output --> collector
//	 a shard          filter, lookup,    credit    keyed        over all  bounded
//	 per slot         late check                   state        slots     ring
//
// A slot is one locked thread with its own source shard and its own keyed shard. Slots share
// nothing but bounded rings of batches whose return ring is the credit.
package engine

import (
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// Source is one shard of the stream. A slot calls it from its own thread.
type Source interface {
	// Next overwrites b with the events to take now, at most b.Cap() of them, and sets b.N.
	Next(b *workloads.Batch) Pull
}

// Held is a Source that wants to know of the time in which its slot has no room for events: it is
// told again and again while that lasts, by the slot's thread.
type Held interface {
	Hold()
}

// Pull is what a source says beside its events.
type Pull struct {
	// Wait is how long nothing will be due; the slot may park that long. Only read if b.N is 0.
	Wait time.Duration
	// End says that no event will follow; the rows of this batch still count.
	End bool
	// Marks says that the source knows the watermark of its shard after this batch, WatermarkMs: of
	// a shard made of partitions it is the least of theirs. Otherwise the largest event time tells.
	Marks       bool
	WatermarkMs int64
	// Idle says that the shard has nothing to say of the watermark, which the others decide without
	// it until it does.
	Idle bool
	// Dead are events that could not be read, rows of the query's dead letters; the engine is done
	// with them when Next is called again. Nil for none.
	Dead *workloads.Results
	// Err is why the source can read no further; it ends the engine.
	Err error
	// ReadNs is the part of the call in which the source read events that had been handed to it:
	// unlike the rest of the call it is work of the system.
	ReadNs int64
}

// Config is what an engine is made of.
type Config struct {
	Workload *workloads.Workload
	Sources  []Source // one a slot
	// Slots are the numbers of this engine's slots, ascending, one a source; nil for all of them from
	// 0 on. All is how many slots the job has over all of its processes; 0 for those of this engine.
	Slots []int
	All   int
	// BatchRows is the size of a batch, 0 for 1024. OutputDepth is how many batches of results may
	// wait for the collector, a slot; 0 for 64.
	BatchRows, OutputDepth int
	// StateLimitB bounds the keyed state of each slot in bytes; 0 for no bound.
	StateLimitB uint64
	// NowMs is the clock of processing-time windows, milliseconds since 1970; nil for the wall clock.
	NowMs func() int64
	// Checkpoints is where the engine writes its state down when Checkpoint asks for it; nil for
	// nowhere, which costs nothing.
	Checkpoints *Checkpoints
	// Restore is a checkpoint to begin from, of any number of slots; nil to begin with nothing.
	Restore *checkpoint.Opened
	// Plant is for tests alone.
	Plant Plant
}

// Stats are counters of a running engine, summed over its slots. They may be read at any time.
type Stats struct {
	Events  uint64 // rows taken from sources
	Matched uint64 // rows that met the query's predicates
	Late    uint64 // rows whose window had closed (or, with allowed lateness, was dropped)
	Allowed uint64 // late rows inside the allowed lateness
	Results uint64
	// WatermarkMs is the least watermark over the slots.
	WatermarkMs int64
	// BusyNs is the time slots spent outside parking and outside their sources.
	BusyNs int64
	// BackpressureNs is the time slots waited for room: in their outputs, or in another slot.
	BackpressureNs int64
	// StateB is the memory keyed state occupies.
	StateB uint64
}
