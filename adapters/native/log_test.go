package native

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// onLog is a job that travels by logs in files, with the oracle behind it.
func onLog(t testing.TB, w *workloads.Workload, events uint64) (adapters.Job, *judge) {
	t.Helper()
	job, j := onKafka(t, w, events, "")
	job.Transport, job.StateDir = adapters.Log, t.TempDir()
	return job, j
}

// joined deploys a transport and a system on it, which the end of the test closes.
func joined(t testing.TB, job *adapters.Job) (adapters.Channel, adapters.System) {
	t.Helper()
	ch, err := log.Transport{}.Deploy(t.Context(), *job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	job.Topics = ch.Topics()
	s, err := Adapter{}.Deploy(t.Context(), *job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return ch, s
}

// settled waits for the end of a job and returns its ledger.
func settled(
	t testing.TB, ch adapters.Channel, s adapters.System, end func() workloads.Ledger,
) workloads.Ledger {
	t.Helper()
	if err := ch.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ch.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	return end()
}

// TestTheGoldenVectorsComeThroughALog runs each through driver, logs, engine and collector, with
// forms, slots, guarantees and workers in turn.
func TestTheGoldenVectorsComeThroughALog(t *testing.T) {
	for i, v := range workloadstest.Golden {
		t.Run(v.Name, func(t *testing.T) {
			if testing.Short() && i%4 != 0 {
				t.Skip("short: one vector in four")
			}
			job, j := onLog(t, v.Bind(t), v.Events)
			job.WorkerCPUs = 1 + i%2
			if i%4 < 2 {
				job.Format = workloads.JSONForm
			}
			if i%3 == 1 {
				job.Guarantee = "at-least-once"
			}
			if i%5 == 2 {
				job.Workers = 3
				job.Load = adapters.NewLoad(workloads.Constant(1_000_000), 1)
				job.Load.Limit(v.Events)
			}
			if job.Workload.Query.Late != nil {
				job.Partitions, job.Workers, job.WorkerCPUs = 1, 1, 1 // of several there are several answers
			}
			ch, s := joined(t, &job)
			job.Load.Begin(time.Now())
			v.Check(t, settled(t, ch, s, func() workloads.Ledger {
				l, err := j.checker.Finish(t.Context(), workloads.Delivered{
					Events: v.Events, TooLate: int64(s.(adapters.Metered).Meter().Late),
				})
				if err != nil {
					t.Fatal(err)
				}
				return l
			}))
			if err := ch.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(job.StateDir, "log")); !os.IsNotExist(err) {
				t.Errorf("the logs are left: %v", err)
			}
		})
	}
}

// crewOnLog deploys a crew that reads from and writes to logs.
func (o crewOf) crewOnLog(t *testing.T) (*crew, adapters.Channel) {
	t.Helper()
	job, j := onLog(t, o.workload, o.events)
	c := &crew{t: t, judge: j, changed: make(chan struct{})}
	job.Load = adapters.NewLoad(workloads.Constant(o.rate), 1)
	job.Load.Limit(o.events)
	job.Workers, job.Guarantee, job.Checkpoint = o.workers, o.guarantee, o.interval
	job.Broken, job.Milestone = true, c.note
	ch, err := log.Transport{}.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	job.Topics = ch.Topics()
	c.job = job
	if c.System, err = cluster.Deploy(t.Context(), job); err != nil {
		c.System = nil
		c.explain()
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	job.Load.Begin(time.Now())
	return c, ch
}

// killTwice kills two workers with kill -9 and starts them again.
func (c *crew) killTwice() {
	c.t.Helper()
	for i, victim := range []string{"worker-2", "worker-1"} {
		if c.job.Guarantee == exactlyOnce {
			c.await(record.MilestoneCommit, 3+3*i)
		} else {
			c.await(record.MilestoneCompleted, 3+3*i)
		}
		c.signal(victim, syscall.SIGKILL)
		c.await(record.MilestoneResumed, i+1)
		if err := c.Restart(c.t.Context(), victim, true); err != nil {
			c.t.Fatal(err)
		}
	}
}

func TestAKilledWorkerLosesNothingOverALog(t *testing.T) {
	c, ch := crewOf{
		workload: sensors(t, "1000"), events: 300_000, rate: 100_000, workers: 3,
		guarantee: exactlyOnce, interval: 100 * time.Millisecond,
	}.crewOnLog(t)
	c.killTwice()
	right(t, settled(t, ch, c.System, c.end))
}

// What a killed worker had appended since the last checkpoint is appended again, and nothing is
// lost.
func TestAKilledWorkerRepeatsResultsThatWereAppended(t *testing.T) {
	c, ch := crewOf{
		workload: bound(t, "nexmark", map[string]string{"query": "q1"}), events: 100_000,
		rate: 50_000, workers: 3, guarantee: "at-least-once", interval: 200 * time.Millisecond,
	}.crewOnLog(t)
	c.killTwice()
	l := settled(t, ch, c.System, c.end)
	if l.Lost+l.Wrong+l.Phantom+l.Corrupt != 0 || l.Duplicated == 0 {
		t.Errorf("ledger %+v", l)
	}
}
