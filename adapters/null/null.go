// Package null is a pass-through in the place of a system: it takes events from the load or, where
// a transport carries them, from their topic, and hands as many results on as the query would at
// most, none of them right. What driver, transport and collector reach beside it is the null
// ceiling: the most that can be measured of any system.
package null

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

// batchRows is that of the native engine.
const batchRows = 1024

// Adapter deploys the pass-through. Its zero value is ready.
type Adapter struct{}

// Supports says why a job has no ceiling; nil if it has one.
func (Adapter) Supports(job adapters.Job) error {
	switch job.Transport {
	case adapters.Embedded, adapters.Kafka, adapters.Log:
	default:
		return fmt.Errorf("pass events through transport %s: %w", job.Transport,
			errors.ErrUnsupported)
	}
	return nil
}

// Deploy starts a goroutine for each shard of the load, or one that reads the input topic. They
// wait for events.
func (a Adapter) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := a.Supports(job); err != nil {
		return nil, err
	}
	if job.Transport != adapters.Embedded {
		return deployBridge(ctx, job)
	}
	return deployShards(job), nil
}

// deployShards starts the pass-through of an embedded transport.
func deployShards(job adapters.Job) *system {
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &system{job: job, cancel: cancel, done: make(chan struct{})}
	var all sync.WaitGroup
	for m := range job.Load.Shards() {
		all.Go(func() {
			if err := s.pass(ctx, job.Load.Shard(m)); err != nil {
				cancel(err)
			}
		})
	}
	go func() {
		defer close(s.done)
		all.Wait()
		s.err = context.Cause(ctx)
	}()
	return s
}

// system is a running pass-through.
type system struct {
	job    adapters.Job
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when every shard has ended
	err    error         // read after done

	mu sync.Mutex // the collector is called by one goroutine at a time
}

// Nodes is the process itself.
func (s *system) Nodes() []chaos.Node {
	return []chaos.Node{{Name: "worker-1", Role: chaos.Worker}}
}

// Config says what this is.
func (s *system) Config(context.Context) (map[string]string, error) {
	return map[string]string{"engine": "none: a pass-through", "transport": s.job.Transport}, nil
}

// Wait returns when every shard has ended.
func (s *system) Wait(ctx context.Context) error {
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the shards and waits for them.
func (s *system) Close() error {
	s.cancel(context.Canceled)
	<-s.done
	return nil
}

// pass carries the events of a shard to the collector until its end.
func (s *system) pass(ctx context.Context, shard *adapters.Shard) error {
	w := s.job.Workload
	b, rs := workloads.NewBatch(w.Schema, batchRows), workloads.NewResults(w.Query, batchRows)
	gen := w.Events()
	var form wire
	if s.job.Format == workloads.JSONForm {
		form = wire{codec: workloads.JSONCodec(w.Schema), spoil: w.Spoil}
	}
	for ctx.Err() == nil {
		t := shard.Take(b.Cap())
		if t.Slots.N > 0 {
			gen.Fill(b, t.Slots)
			form.write(b)
			shard.Handed(t)
			answer(w.Query, b, rs)
			if err := s.collect(rs); err != nil {
				return err
			}
		}
		if t.End {
			return nil
		}
		if t.Slots.N == 0 {
			s.park(ctx, t)
		}
	}
	return nil
}

// wire writes events in the form json, which is the driver's part of a form where events do not
// leave the process; one without a codec leaves them in columns.
type wire struct {
	codec workloads.Codec
	spoil func(dst []byte, from int, n uint64) ([]byte, bool)
	bytes []byte
}

func (w *wire) write(b *workloads.Batch) {
	if w.codec == nil {
		return
	}
	for row := range b.N {
		w.bytes = w.codec.Append(w.bytes[:0], b, row)
		if w.spoil != nil {
			w.bytes, _ = w.spoil(w.bytes, 0, uint64(b.Seq[row]))
		}
	}
}

// park waits until something is due, or the system is closed.
func (s *system) park(ctx context.Context, t adapters.Take) {
	timer := time.NewTimer(t.Wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *system) collect(rs *workloads.Results) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.job.Collector.Collect(rs, s.job.Load.NowNs()); err != nil {
		return fmt.Errorf("collect results: %w", err)
	}
	return nil
}

// answer hands the columns of a batch on as results: a row an event where the query answers each,
// else one for the batch, as windows answer many events at once.
func answer(q workloads.Query, b *workloads.Batch, rs *workloads.Results) {
	n := min(b.N, 1)
	if q.OneEach() {
		n = b.N
	}
	copyColumns(b, rs, n)
}

// copyColumns makes n results of the columns of as many events.
func copyColumns(b *workloads.Batch, rs *workloads.Results, n int) {
	rs.N = n
	for c, col := range rs.Cols {
		copy(col[:n], b.Cols[c%len(b.Cols)][:n])
	}
}
