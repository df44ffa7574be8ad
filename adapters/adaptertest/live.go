package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
)

// liveRate is offered where a check is not about speed.
const liveRate = 20_000

// prompt is a case whose first window closes half a second after the load began.
var prompt = simple.with("prompt", "disorder", "0ms", "bound", "100ms")

// live closes a system in mid-run, once it has answered: results come while events still do, not
// only at the end of the stream, and a Close returns soon.
func (b *bench) live(ctx context.Context) error { return b.untilAnswered(ctx, prompt) }

// emptyPartition does the same where all events are of one key, and so of one partition.
func (b *bench) emptyPartition(ctx context.Context) error {
	if b.carrier == nil || b.subject.Job.Partitions < 2 {
		return fmt.Errorf("%w: there is one partition", errSkipped)
	}
	return b.untilAnswered(ctx, prompt.with("one key", "keys", "1"))
}

func (b *bench) untilAnswered(ctx context.Context, c Case) error {
	job, seen, err := b.counted(c)
	if err != nil {
		return err
	}
	return b.during(ctx, "wait for a result of a stream without end", job,
		func(ctx context.Context, r *running) error {
			job.Load.Begin(time.Now())
			if err := r.await(ctx, func() bool { return seen.n.Load() > 0 }); err != nil {
				return err
			}
			start := time.Now()
			err := r.close()
			if took := time.Since(start); took > b.options.Prompt {
				err = errors.Join(err, fmt.Errorf("a close in mid-run took %s, which may take %s", took,
					b.options.Prompt))
			}
			return err
		})
}

// counted is a job of a stream without end whose results are only counted.
func (b *bench) counted(c Case) (adapters.Job, *counter, error) {
	w, err := c.bind()
	if err != nil {
		return adapters.Job{}, nil, err
	}
	job, seen := b.job(c.Name, w), new(counter)
	job.Load = adapters.NewLoad(workloads.Constant(liveRate), job.Load.Shards())
	job.Collector = seen
	return job, seen, b.supports(job)
}

// await returns once done says so, or with the reason why it never will.
func (r *running) await(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		err := r.system.Wait(ctx)
		if err == nil {
			err = errors.New("the system has ended, the stream has not")
		}
		cancel(err)
	}()
	for ctx.Err() == nil && !done() {
		time.Sleep(2 * time.Millisecond)
	}
	err := context.Cause(ctx)
	cancel(nil)
	<-waited
	return err
}

// foreignEvent writes what is no event into the input of a query that has no place for it: the
// system has to end and to say why.
func (b *bench) foreignEvent(ctx context.Context) error {
	if b.carrier == nil {
		return fmt.Errorf("%w: nobody else can write to an embedded transport", errSkipped)
	}
	job, _, err := b.counted(simple)
	if err != nil {
		return err
	}
	return b.during(ctx, "wait for a system that cannot read its input to end", job,
		func(ctx context.Context, r *running) error {
			job.Load.Begin(time.Now())
			if err := intrude(ctx, r.job.Topics); err != nil {
				return err
			}
			err := r.system.Wait(ctx)
			switch {
			case err == nil:
				return errors.New("an event that cannot be read: the system has ended and says nothing")
			case ctx.Err() != nil:
				return errors.New("an event that cannot be read: the system goes on")
			}
			b.log("an event that cannot be read: %v", err)
			return nil
		})
}

// intrude writes a value that is no event.
func intrude(ctx context.Context, topics *adapters.Topics) error {
	p, err := kafka.NewProducer(ctx, kafka.ProducerConfig{
		Broker: topics.Brokers, Bootstrap: topics.Bootstrap,
		Targets: []kafka.Target{{Topic: topics.Input, Partition: 0}},
	})
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Append(0, kafka.Message{Value: []byte("hello")}); err != nil {
		return err
	}
	return p.Flush(ctx)
}
