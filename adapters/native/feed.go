package native

import (
	"context"
	"fmt"
	"os"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/adapters/native/engine"
)

// openFeed opens what a worker's share of an attempt reads from and writes to.
func openFeed(
	job adapters.Job, attempt uint64, disk checkpoint.Disk,
) (cluster.Feed, error) {
	if job.Topics == nil {
		return made{job}, nil
	}
	f := &piped{job: job, graves: newGraves()}
	if job.Topics.Folder != "" {
		sink, err := newLogSink(job, attempt, disk, f.graves)
		if err != nil {
			return nil, err
		}
		f.sink = sink
		return f, nil
	}
	sink, err := newSink(job, attempt, disk, f.graves)
	if err != nil {
		return nil, err
	}
	f.sink = sink
	return f, nil
}

// made feeds a deployment with events of its own making; its results go to the collector.
type made struct{ job adapters.Job }

// Source stands where the shard of the load does.
func (f made) Source(_ context.Context, shard int, _ []byte) (engine.Source, error) {
	return newSource(f.job, shard)
}

// Sink is the collector.
func (made) Sink() cluster.Sink { return nil }

func (made) Close() {}

// closer is a sink that has something to let go of.
type closer interface {
	cluster.Sink
	close() error
}

// piped feeds a deployment from the topic of the input, and takes its results to theirs.
type piped struct {
	job     adapters.Job
	graves  *graves
	readers []*reader
	sink    closer
}

func (f *piped) Source(ctx context.Context, shard int, mark []byte) (engine.Source, error) {
	r, err := newReader(ctx, f.job, f.graves, shardOf{shard, mark})
	if err != nil {
		return nil, err
	}
	f.readers = append(f.readers, r)
	return r, nil
}

func (f *piped) Sink() cluster.Sink { return f.sink }

func (f *piped) Close() {
	for _, r := range f.readers {
		r.close()
	}
	if err := f.sink.close(); err != nil {
		fmt.Fprintf(os.Stderr, "close sink: %v\n", err) // what counts is durable already
	}
}
