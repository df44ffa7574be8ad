package kafka

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka/kafkatest"
	"github.com/streambench/streambench/workloads"
)

// shared deploys a channel whose load others offer, and returns how one of n drivers does so.
func shared(t *testing.T, job adapters.Job, l limits) (
	c *channel, drive func(shard, n int) (adapters.Sent, error),
) {
	t.Helper()
	job.Elsewhere = true
	deployed, err := Transport{limits: l}.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deployed.Close() })
	c = deployed.(*channel)
	t0 := time.Now()
	job.Load.Begin(t0)
	return c, func(shard, n int) (adapters.Sent, error) {
		own := job
		own.Broker.At = strings.Join(c.at.bootstrap, ",")
		own.Load = adapters.NewLoad(job.Load.Pacer(), n)
		own.Load.Limit(job.Load.DueBy(1 << 60)) // all of it
		s, err := Transport{}.Share(t.Context(), own, shard)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		own.Load.Begin(t0)
		err = s.Run(t.Context())
		return s.Sent(), err
	}
}

// sharedJob is a paced job of n events.
func sharedJob(t *testing.T, at string, n uint64) adapters.Job {
	job, _ := jobOf(t, at, newWorkload(t, "iot-telemetry", nil), n)
	job.Load = adapters.NewLoad(workloads.Constant(50_000), 1)
	job.Load.Limit(n)
	return job
}

func TestTwoDriversOfferOneLoad(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		const n = 20_001
		c, drive := shared(t, sharedJob(t, at, n), limits{})
		second := make(chan error, 1)
		go func() {
			_, err := drive(1, 2)
			second <- err
		}()
		sent, err := drive(0, 2)
		if err = errors.Join(err, <-second); err != nil {
			t.Fatal(err)
		}
		if sent.Events != n/2+1 || sent.Unknown != 0 || sent.WorstNs <= 0 {
			t.Errorf("the first sent %+v", sent)
		}
		if err := c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := c.job.Load.Account(c.job.Load.NowNs()); a.Accepted != n {
			t.Errorf("%d of %d events have come", a.Accepted, n)
		}
		checkNumbers(t, c, n)
		checkClock(t, c)
	})
}

// checkNumbers looks whether the input holds each of n events once, and then an end in each
// partition.
func checkNumbers(t *testing.T, c *channel, n int) {
	t.Helper()
	var targets []Target
	for p := range c.topics.Partitions {
		targets = append(targets, Target{c.topics.Input, int32(p)})
	}
	in, err := NewConsumer(t.Context(), ConsumerConfig{Bootstrap: c.topics.Bootstrap, Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	codec := workloads.BinaryCodec(c.job.Workload.Schema)
	b, seen := workloads.NewBatch(c.job.Workload.Schema, 1), map[int64]int{}
	var r Reader
	for missing := n + len(targets); missing > 0; {
		f := <-in.C()
		for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); missing-- {
			if err := codec.Decode(r.Record().Value, b, 0); err != nil {
				t.Fatal(err)
			}
			seen[b.Seq[0]]++
		}
	}
	if len(seen) != n+1 || seen[-1] != len(targets) || seen[0] != 1 || seen[int64(n-1)] != 1 {
		t.Errorf("%d numbers, %d ends", len(seen), seen[-1])
	}
}

// checkClock looks whether the clock of a broker of this host is taken for this host's.
func checkClock(t *testing.T, c *channel) {
	t.Helper()
	span, err := c.Clock(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if span.FromNs > int64(time.Millisecond) || span.ToNs < -int64(time.Millisecond) ||
		span.FromNs >= span.ToNs {
		t.Errorf("the broker's clock is ahead by %+v", span)
	}
}

func TestAShardThatNobodySendsOrTwoDoIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		shards []int
		cause  error
	}{
		{"missing", []int{0}, errAbsent},
		{"twice", []int{0, 0, 1}, errForeign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			job := sharedJob(t, EmbeddedBroker, 1000)
			c, drive := shared(t, job, short)
			for _, m := range tt.shards {
				if _, err := drive(m, 2); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := c.Wait(ctx)
			if err == nil {
				err = c.Seal(ctx)
			}
			if !errors.Is(err, tt.cause) || !errors.Is(err, adapters.ErrNotReady) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestADriverWaitsForItsRunNoLongerThanItMay(t *testing.T) {
	c := cluster(t)
	job := sharedJob(t, strings.Join(c.ListenAddrs(), ","), 10)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("too late"))
	defer cancel()
	_, err := Transport{}.Share(ctx, job, 0)
	if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), "too late") ||
		!strings.Contains(err.Error(), job.RunID+".input") {
		t.Errorf("%v", err)
	}
}
