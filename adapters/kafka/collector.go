package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

const collectorRows = 1024

// Source is what a Collector reads from.
type Source interface {
	// C brings what is visible, and is closed when there will be no more; Err then says why.
	C() <-chan Fetched
	Err() error
	// Ends are where each target ends now: what is written, and what of it is visible.
	Ends(ctx context.Context) (written, visible []int64, err error)
}

// Collector reads the topics of a query's outputs and hands results to the job's collector, with
// the time at which they arrived and not that at which they were read.
type Collector struct {
	job      adapters.Job
	source   Source
	consumer *Consumer // the source, where that is one
	settle   time.Duration
	targets  []Target
	streams  []workloads.Stream // by target
	outputs  [workloads.DeadLetters + 1]output
	read     []atomic.Int64 // offset after what was handed on, by target
	reader   Reader
}

// output is how the results of one output are read. Dead letters have no codec: what they hold is
// the event nobody could read.
type output struct {
	codec workloads.ResultCodec
	rows  *workloads.Results
}

func (o *output) read(r *Record) error {
	if o.codec == nil {
		return readDeadLetter(r, o.rows)
	}
	return o.codec.Decode(r.Value, o.rows)
}

// NewCollector makes the collector of a job's results from their topics.
func NewCollector(job adapters.Job, topics *adapters.Topics) (*Collector, error) {
	c := &Collector{job: job, settle: usual.settle}
	for s, name := range topics.Outputs {
		stream := workloads.Stream(s)
		if name == "" {
			continue
		}
		var codec workloads.ResultCodec
		if stream != workloads.DeadLetters {
			var err error
			codec, err = workloads.NewResultCodec(job.Workload.Query, stream, job.Format)
			if err != nil {
				return nil, err
			}
		}
		rows := workloads.NewResultsOf(job.Workload.Query, stream, collectorRows)
		c.outputs[stream] = output{codec, rows}
		for partition := range topics.Partitions {
			c.targets = append(c.targets, Target{name, int32(partition)})
			c.streams = append(c.streams, stream)
		}
	}
	c.read = make([]atomic.Int64, len(c.targets))
	return c, nil
}

// Targets are the partitions of all topics, in the order in which a source is to number them.
func (c *Collector) Targets() []Target { return c.targets }

// ReadFrom says what to read. It is called before Run.
func (c *Collector) ReadFrom(s Source) { c.source = s }

// consume reads from a consumer.
func (c *Collector) consume(from *Consumer) {
	c.consumer, c.settle = from, from.config.limits.settle
	c.ReadFrom(from)
}

// close ends the consumer.
func (c *Collector) close() {
	if c.consumer != nil {
		c.consumer.Close()
	}
}

// Run hands on results until the source is closed.
func (c *Collector) Run() error {
	for f := range c.source.C() {
		if err := c.take(f); err != nil {
			return err
		}
	}
	if err := c.source.Err(); err != nil {
		return Unready("collect results", err)
	}
	return nil
}

// take hands on what one fetch brought.
func (c *Collector) take(f Fetched) error {
	o := &c.outputs[c.streams[f.Target]]
	receivedNs := c.job.Load.NowNs() - int64(time.Since(f.At))
	at := c.targets[f.Target]
	c.reader.Reset(f.Bytes, f.From, f.Aborted)
	for c.reader.Next() {
		r := c.reader.Record()
		if err := o.read(r); err != nil {
			return fmt.Errorf("collect results: %s partition %d offset %d is no result of this "+
				"run: %w", at.Topic, at.Partition, r.Offset, err)
		}
		if o.rows.N == o.rows.Cap() {
			if err := c.handOn(o, receivedNs); err != nil {
				return err
			}
		}
	}
	if err := c.reader.Err(); err != nil {
		where := fmt.Sprintf("collect results: %s partition %d", at.Topic, at.Partition)
		if errors.Is(err, errCorrupt) {
			return Unready(where, err)
		}
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := c.handOn(o, receivedNs); err != nil {
		return err
	}
	c.read[f.Target].Store(c.reader.NextOffset())
	return nil
}

func (c *Collector) handOn(o *output, receivedNs int64) error {
	if o.rows.N == 0 {
		return nil
	}
	if err := c.job.Collector.Collect(o.rows, receivedNs); err != nil {
		return fmt.Errorf("collect results: %w", err)
	}
	o.rows.N = 0
	return nil
}

// Seal returns once everything visible was handed on, or failed says why it never will be.
func (c *Collector) Seal(ctx context.Context, failed func() error) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	deadline := time.Now().Add(c.settle)
	var ends []int64
	for {
		if ends == nil {
			var err error
			ends, err = c.closed(ctx)
			if err != nil && ctx.Err() == nil && time.Now().After(deadline) {
				return err
			}
		}
		if ends != nil && c.hasRead(ends) {
			return nil
		}
		if err := failed(); err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), adapters.ErrUnsealed)
		}
	}
}

// closed are the ends of all targets, once no transaction is open; until then why there are none.
func (c *Collector) closed(ctx context.Context) (ends []int64, err error) {
	written, committed, err := c.source.Ends(ctx)
	if err != nil {
		return nil, Unready("collect the last results", err)
	}
	if at := firstBelow(committed, written); at >= 0 {
		t := c.targets[at]
		return nil, fmt.Errorf("%s partition %d: a transaction is open at offset %d of %d: %w",
			t.Topic, t.Partition, committed[at], written[at], adapters.ErrUnsealed)
	}
	return written, nil
}

// firstBelow is the first index at which a lies below b, -1 if there is none.
func firstBelow(a, b []int64) int {
	for i := range a {
		if a[i] < b[i] {
			return i
		}
	}
	return -1
}

func (c *Collector) hasRead(ends []int64) bool {
	for i, end := range ends {
		if c.read[i].Load() < end {
			return false
		}
	}
	return true
}
