package native

import (
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/kafkatest"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// crewOnKafka deploys a crew that reads from and writes to brokers.
func (o crewOf) crewOnKafka(t *testing.T, at string) (*crew, adapters.Channel) {
	t.Helper()
	checker, err := o.workload.NewChecker(t.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checker.Close() })
	load := adapters.NewLoad(workloads.Constant(o.rate), 1)
	load.Limit(o.events)
	c := &crew{t: t, judge: &judge{checker: checker}, changed: make(chan struct{})}
	c.job, _ = onKafka(t, o.workload, o.events, at)
	c.job.Load, c.job.Collector, c.job.Workers = load, c.judge, o.workers
	c.job.Guarantee, c.job.Checkpoint = o.guarantee, o.interval
	c.job.Broken, c.job.StateDir, c.job.Milestone = true, t.TempDir(), c.note
	ch, err := kafka.Transport{}.Deploy(t.Context(), c.job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	c.job.Topics = ch.Topics()
	if c.System, err = cluster.Deploy(t.Context(), c.job); err != nil {
		c.System = nil
		c.explain()
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	c.watch()
	load.Begin(time.Now())
	return c, ch
}

func TestAKilledWorkerLosesNothingOverKafka(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		c, ch := crewOf{
			workload: sensors(t, "1000"), events: 300_000, rate: 100_000, workers: 3,
			guarantee: exactlyOnce, interval: 100 * time.Millisecond,
		}.crewOnKafka(t, at)
		for i, victim := range []string{"worker-2", "worker-1"} {
			c.await(record.MilestoneCommit, 3+3*i)
			c.signal(victim, syscall.SIGKILL)
			c.await(record.MilestoneResumed, i+1)
			if err := c.Restart(t.Context(), victim, true); err != nil {
				t.Fatal(err)
			}
		}
		if err := ch.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := ch.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		right(t, c.end())
	})
}
