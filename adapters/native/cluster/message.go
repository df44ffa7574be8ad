package cluster

import (
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// The frames of the three kinds of connection.
//
//	runner --control--> every node:   start, begin, freeze, disk, …
//	       <----------                milestone, shards, stats, results, …
//	worker --member--> coordinator:   register, ready, part, …   <-- assign, checkpoint, …
//	worker --data--> worker:          blocks, credit, beat
const (
	kindHello kind = iota + 1
	kindBeat

	// From the runner.
	kindStart   // job: what to do
	kindBegin   // schedule
	kindFreeze  // stop where you are: kindFrozen
	kindDisk    // chaos.Disk
	kindTryDisk // kindTried
	kindFenced  // fenced: answer to kindFence
	kindSealed  // marker: answer to kindMarker

	// To the runner.
	kindMilestone
	kindShards // see shards.go
	kindStats
	kindResults // see outlet.go
	kindMarker
	kindFrozen
	kindTried
	kindFence
	kindCommit
	kindFailed

	// From a worker to the coordinator.
	kindRegister
	kindReady
	kindPart
	kindFinished
	kindUnreachable
	kindBroken
	kindShown

	// From the coordinator to a worker.
	kindAssign
	kindGo
	kindCheckpoint
	kindWarm
	kindShow

	// Between workers.
	kindBlock
	kindCredit
)

// hello says who opens a connection, and for what.
type hello struct {
	From    string `json:"from"` // node; empty: the runner
	Attempt uint64 `json:"attempt,omitempty"`
}

// schedule is what a load is told as it goes on. Times are CLOCK_MONOTONIC.
type schedule struct {
	T0Ns     int64  `json:"t0Ns"` // 0: not begun
	SteadyNs int64  `json:"steadyNs"`
	Limit    uint64 `json:"limit"` // slots; read if Sealed
	Sealed   bool   `json:"sealed"`
}

// fence raises the attempt at the runner: results of epochs below Done are visible, the rest of
// what older attempts have sent is dropped.
type fence struct {
	Attempt uint64 `json:"attempt"`
	Done    uint64 `json:"done"` // newest complete checkpoint; 0 = none
	// Owners are the workers of slots, by slot.
	Owners []string `json:"owners"`
}

// fenced is the runner's answer: how far the shards were.
type fenced struct {
	Attempt uint64   `json:"attempt"`
	Seen    []uint64 `json:"seen"` // by shard: end of its furthest slot
}

// commit makes results of epochs below a checkpoint visible; Final all of them.
type commit struct {
	Attempt uint64 `json:"attempt"`
	ID      uint64 `json:"id"`
	Final   bool   `json:"final,omitempty"`
}

// show asks a worker to make results of slots visible, where they do not go to the runner, and is
// the answer once they are. ID is math.MaxUint64 at the end.
type show struct {
	Attempt uint64 `json:"attempt"`
	ID      uint64 `json:"id"`
	Slots   []int  `json:"slots"`
	Error   string `json:"error,omitempty"`
}

// marker says that a slot's results of epochs below ID were all sent.
type marker struct {
	Attempt uint64 `json:"attempt"`
	Slot    int    `json:"slot"`
	ID      uint64 `json:"id"`
}

// tried is how a node's disk did.
type tried struct {
	TookNs int64  `json:"tookNs"`
	Error  string `json:"error,omitempty"`
}

// failure is why a node or a system cannot go on.
type failure struct {
	Attempt uint64 `json:"attempt,omitempty"`
	Error   string `json:"error"`
	// Unreadable is the checkpoint that could not be restored; 0 = it was something else.
	Unreadable uint64 `json:"unreadable,omitempty"`
}

// register is how a worker reports to a coordinator.
type register struct {
	Name    string `json:"name"`
	Attempt uint64 `json:"attempt"` // that it works on; 0 = none
	Slots   []int  `json:"slots,omitempty"`
	LastID  uint64 `json:"lastID,omitempty"` // newest checkpoint it knows of
	Done    bool   `json:"done,omitempty"`   // its slots have ended
}

// assign gives out slots for an attempt.
type assign struct {
	Attempt uint64 `json:"attempt"`
	From    uint64 `json:"from"` // checkpoint to restore; 0 = none
	// Owners are the workers of slots, by slot.
	Owners []string `json:"owners"`
	// Skip has the shards go on behind what they handed over, with nothing restored: at most once.
	Skip []uint64 `json:"skip,omitempty"`
	// Seen is how far the shards were.
	Seen []uint64 `json:"seen,omitempty"`
}

// attempt is a message that needs nothing else.
type attempt struct {
	Attempt uint64 `json:"attempt"`
}

// checkpointAt asks for a checkpoint.
type checkpointAt struct {
	Attempt uint64 `json:"attempt"`
	ID      uint64 `json:"id"`
}

// part says that a slot's part of a checkpoint is durable and its results were taken.
type part struct {
	Attempt uint64 `json:"attempt"`
	ID      uint64 `json:"id"`
	Slot    int    `json:"slot"`
	Bytes   uint64 `json:"bytes"`
	PauseNs int64  `json:"pauseNs"`

	Part  checkpoint.Part `json:"part"`
	Error string          `json:"error,omitempty"`
	// Ended says that there is no part as the slot has come to its end: nothing is wrong.
	Ended bool `json:"ended,omitempty"`
}

// unreachable says that a worker hears nothing from another.
type unreachable struct {
	Attempt uint64 `json:"attempt"`
	Peer    string `json:"peer"`
	Closed  bool   `json:"closed"` // the connection was closed; else nothing came for too long
}

// told is a milestone on its way to the runner; its time is CLOCK_MONOTONIC.
type told struct {
	record.Milestone
	MonoNs int64 `json:"monoNs"`
}

// diskSetting is a fault of a node's disk.
type diskSetting struct {
	chaos.Disk
}
