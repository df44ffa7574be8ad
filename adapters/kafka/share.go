package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
)

// share is a driver that offers one shard to the input of another process's job.
type share struct {
	job      adapters.Job
	limits   limits
	admin    *kgo.Client
	driver   *Driver
	producer *Producer
	once     sync.Once
}

// sharePause is how long to wait before looking again whether a topic is there.
const sharePause = 100 * time.Millisecond

// Share waits until the input of a job is there, as long as ctx lasts, and connects a driver to it.
func (t Transport) Share(
	ctx context.Context, job adapters.Job, shard int,
) (adapters.Sharer, error) {
	s := &share{job: job, limits: t.limits.orUsual()}
	if err := s.connect(ctx, shard); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *share) connect(ctx context.Context, shard int) (err error) {
	at := strings.Split(s.job.Broker.At, ",")
	if s.admin, err = connect(ctx, s.job.Broker, at, s.limits); err != nil {
		return err
	}
	input := nameTopics(s.job, reach{}).Input
	if err := s.await(ctx, input); err != nil {
		return err
	}
	if s.driver, err = newDriver(s.job, shard); err != nil {
		return err
	}
	s.driver.endless = true
	targets := make([]Target, s.job.Partitions)
	for p := range targets {
		targets[p] = Target{input, int32(p)}
	}
	s.producer, err = NewProducer(ctx, ProducerConfig{
		Broker: s.job.Broker, Bootstrap: at, Targets: targets, Accepted: s.driver.Accept,
		limits: s.limits,
	})
	if err != nil {
		return err
	}
	s.driver.WriteTo(s.producer, s.producer.laneOf)
	return nil
}

// await waits for topics that the run makes, the one of the clock last.
func (s *share) await(ctx context.Context, input string) error {
	admin := kadm.NewClient(s.admin)
	clock := clockTopic(s.job.RunID)
	for {
		meta, err := admin.Metadata(ctx, input, clock)
		if err == nil && meta.Topics[input].Err == nil && meta.Topics[clock].Err == nil {
			if n := len(meta.Topics[input].Partitions); n != s.job.Partitions {
				return Unready("look at topic "+input, fmt.Errorf("it has %d %w, not %d", n,
					errPartitions, s.job.Partitions))
			}
			return nil
		}
		if err == nil {
			err = errors.Join(meta.Topics[input].Err, meta.Topics[clock].Err)
		}
		if err != nil && !kerr.IsRetriable(err) && !errors.Is(err, kerr.UnknownTopicOrPartition) &&
			ctx.Err() == nil {
			return Unready("look at topic "+input, err)
		}
		select {
		case <-ctx.Done():
			return Unready("wait for topic "+input+" of the run", context.Cause(ctx))
		case <-time.After(sharePause):
		}
	}
}

// Run offers the shard.
func (s *share) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.driver.Stop)()
	if err := s.driver.Run(); err != nil {
		return Unready("offer events", err)
	}
	return ctx.Err()
}

// Sent is what was offered so far.
func (s *share) Sent() adapters.Sent {
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	return adapters.Sent{
		Events:  s.job.Load.Account(0).Accepted,
		Unknown: s.producer.SendsUnknown(), WorstNs: s.driver.worstNs,
	}
}

// Clock tells how far the clock of a broker is ahead of this process's.
func (s *share) Clock(ctx context.Context, t0 time.Time) (adapters.ClockSpan, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limits.answer)
	defer cancel()
	return readClock(ctx, s.admin, clockTopic(s.job.RunID), t0)
}

// Close lets go of the brokers.
func (s *share) Close() error {
	s.once.Do(func() {
		if s.producer != nil {
			s.producer.Halt()
			s.producer.Close()
		}
		if s.admin != nil {
			s.admin.Close()
		}
	})
	return nil
}
