package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/streambench/streambench/adapters"
)

// outlet is where the results of a second system go: topics of their own on the brokers of a
// channel, and a collector that reads nothing else.
//
//	driver --> input topic --> first system --> its topics --> the channel's collector
//	                      \--> second system --> topics of the outlet --> its collector
type outlet struct {
	channel   *channel
	topics    *adapters.Topics
	collector *Collector
	made      []string // topics that are ours to delete

	mu      sync.Mutex
	failure error // of the collector
	work    sync.WaitGroup
	closed  sync.Once
	closing error
}

// Shadow readies topics for a second job, which reads the input from its beginning.
func (c *channel) Shadow(ctx context.Context, job adapters.Job) (adapters.Outlet, error) {
	o := &outlet{channel: c, topics: nameTopics(job, c.at)}
	if o.topics.Input == c.topics.Input {
		panic("BUG: a second system under the run id of the first")
	}
	o.topics.Input = c.topics.Input
	if err := o.deploy(ctx, job); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

func (o *outlet) deploy(ctx context.Context, job adapters.Job) (err error) {
	o.made, err = createTopics(ctx, o.channel.admin, outputsOf(o.topics))
	if err != nil {
		return err
	}
	if o.collector, err = NewCollector(job, o.topics); err != nil {
		return err
	}
	from, err := NewConsumer(ctx, ConsumerConfig{
		Broker: job.Broker, Bootstrap: o.topics.Sink, Targets: o.collector.targets,
		limits: o.channel.limits,
	})
	if err != nil {
		return err
	}
	o.collector.consume(from)
	o.work.Go(func() {
		if err := o.collector.Run(); err != nil {
			o.mu.Lock()
			o.failure = err
			o.mu.Unlock()
		}
	})
	return nil
}

// Topics are the input of the first job and the outputs of the second.
func (o *outlet) Topics() *adapters.Topics { return o.topics }

// Seal returns once every visible result was handed on.
func (o *outlet) Seal(ctx context.Context) error {
	return o.collector.Seal(ctx, func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		return errors.Join(o.failure, o.channel.failedWith())
	})
}

// Close ends the collector and removes its topics.
func (o *outlet) Close() error {
	o.closed.Do(func() {
		if o.collector != nil {
			o.collector.close()
		}
		o.work.Wait()
		o.closing = o.channel.unmake(o.made)
		if o.closing != nil {
			o.closing = fmt.Errorf("close outlet: %w", o.closing)
		}
	})
	return o.closing
}
