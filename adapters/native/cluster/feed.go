package cluster

import (
	"context"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// Opener opens what a worker's share of an attempt reads and writes; files go to the disk given.
type Opener func(job adapters.Job, attempt uint64, disk checkpoint.Disk) (Feed, error)

// Feed is what a deployment reads and, where its results do not go to the runner, writes.
type Feed interface {
	// Source makes the source of a shard. That of an embedded one stands where the shard of the
	// load does; another goes on at a mark of the source before it, empty for the beginning.
	Source(ctx context.Context, shard int, mark []byte) (engine.Source, error)
	// Sink is nil where results go to the runner.
	Sink() Sink
	Close()
}

// Sink writes results in two phases. A slot's results are taken and sealed in order by one
// goroutine; they are committed by another, which has recovered the slot first.
type Sink interface {
	Take(slot int, rs *workloads.Results) error
	// Seal returns when what was taken of a slot is durable; it is of the epochs below a
	// checkpoint.
	Seal(slot int, id uint64) error
	// Commit makes what was sealed up to a checkpoint visible; math.MaxUint64 is the end. Again
	// changes nothing.
	Commit(ctx context.Context, slot int, id uint64) error
	// Recover takes a slot over from whoever had it, and makes visible what that had sealed up to a
	// checkpoint, and nothing else of it.
	Recover(ctx context.Context, slot int, id uint64) error
}
