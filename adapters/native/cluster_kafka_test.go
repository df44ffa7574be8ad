package native

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
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
	c.job.Guarantee, c.job.Checkpoint, c.job.Settings = o.guarantee, o.interval, o.settings
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
			workload: sensors(t, "1000"), events: 400_000, rate: 100_000, workers: 3,
			guarantee: exactlyOnce, interval: 100 * time.Millisecond,
		}.crewOnKafka(t, at)
		for i, victim := range []string{"worker-2", "worker-1"} {
			c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+2)
			c.signal(victim, syscall.SIGKILL)
			c.await(record.MilestoneResumed, i+1)
			c.restart(victim)
		}
		c.sealed(ch)
		right(t, c.end())
	})
}

// sealed waits until all was written to the topic of the input and read from those of results.
func (c *crew) sealed(ch adapters.Channel) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	for _, wait := range []func(context.Context) error{ch.Wait, c.Wait, ch.Seal} {
		if err := wait(ctx); err != nil {
			c.t.Fatal(err)
		}
	}
}

// TestFaultsLoseNothingOverKafka kills and pauses what is drawn while results travel in transactions.
func TestFaultsLoseNothingOverKafka(t *testing.T) {
	faults := 4
	if n, err := strconv.Atoi(os.Getenv(soakVariable)); err == nil {
		faults = n / 10
	}
	draw := rand.New(rand.NewPCG(11, 0))
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		before := holdings()
		t.Run("run", func(t *testing.T) {
			c, ch := crewOf{
				workload: sensors(t, "1000"), events: uint64(faults) * 60_000, rate: 20_000, workers: 3,
				guarantee: exactlyOnce, interval: 150 * time.Millisecond,
				settings: map[string]string{"heartbeat": "100ms", "heartbeat.timeout": "600ms"},
			}.crewOnKafka(t, at)
			for range faults {
				c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+1+draw.IntN(3))
				nodes := c.Nodes()
				victim := nodes[draw.IntN(len(nodes))].Name
				after := time.Duration(draw.IntN(1200)) * time.Millisecond
				if draw.IntN(2) == 0 {
					c.signal(victim, syscall.SIGKILL)
					time.Sleep(after / 4)
					c.restart(victim)
				} else {
					c.signal(victim, syscall.SIGSTOP)
					time.Sleep(after)
					c.signal(victim, syscall.SIGCONT)
				}
				t.Logf("%s, for %s", victim, after)
			}
			c.sealed(ch)
			right(t, c.end())
		})
		letGo(t, before)
	})
}
