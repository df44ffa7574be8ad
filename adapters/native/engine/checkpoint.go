package engine

import "github.com/streambench/streambench/adapters/native/checkpoint"

// Replayable is a Source that can be read again from where it was.
type Replayable interface {
	// Mark appends to dst where the source is: behind everything Next has returned. The slot's
	// thread calls it between calls of Next.
	Mark(dst []byte) []byte
}

// Checkpoints is where an engine writes its state down, and who is told. The callbacks may come
// from any goroutine, and hold a slot up: they return at once. Either may be nil.
type Checkpoints struct {
	Store *checkpoint.Store
	// Begin is called when a slot has put the barrier into its shard.
	Begin func(slot int, id uint64)
	// Done is called once for every slot and id asked for: the slot's part is durable, or has failed.
	Done func(slot int, id uint64, r Report)
}

// Report is how a slot's part of a checkpoint went.
type Report struct {
	Err  error           // why it failed, nil if it is durable
	Part checkpoint.Part // for the manifest
	Full bool            // it does not build on an earlier one
	// Ended says that it failed because the slot has come to its end, or was stopped: no disk is to
	// blame.
	Ended bool
	// Bytes is the size of the file.
	Bytes int64
	// AlignNs is the time from the first barrier to the last, PauseNs what capturing the state then
	// held the slot up, CopyNs how long copying it took beside the events, and WriteNs how long it
	// then took until it was durable.
	AlignNs, PauseNs, CopyNs, WriteNs int64
}

// Plant is a defect planted on purpose, for tests that have to convict it.
type Plant struct {
	// EarlyBarrier captures the state at the first barrier that comes, before those of other shards.
	EarlyBarrier bool
	// DoubleRestore restores the state of a key in every slot, and not in its owner alone.
	DoubleRestore bool
}
