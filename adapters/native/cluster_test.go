package native

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// crew is a job on worker processes with the oracle behind it.
type crew struct {
	*cluster.System
	t     *testing.T
	job   adapters.Job
	judge *judge

	mu         sync.Mutex
	milestones []record.Milestone
	changed    chan struct{}
	done       chan struct{} // closed when the system has ended
}

// crewOf describes a crew.
type crewOf struct {
	workload  *workloads.Workload
	events    uint64
	rate      uint64 // 0: as fast as taken
	workers   int
	cpus      int
	guarantee string
	interval  time.Duration
	settings  map[string]string
	format    string
	memoryB   uint64 // 0: enough
	network   chaos.Network
	lease     chaos.Lease
}

// start deploys a crew whose load begins at once.
func (o crewOf) start(t *testing.T) *crew {
	t.Helper()
	c := o.prepare(t)
	var err error
	if c.System, err = cluster.Deploy(t.Context(), c.job); err != nil {
		c.explain()
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	c.watch()
	c.job.Load.Begin(time.Now())
	return c
}

// prepare makes a crew that is not deployed.
func (o crewOf) prepare(t *testing.T) *crew {
	t.Helper()
	checker, err := o.workload.NewChecker(t.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checker.Close() })
	var pacer workloads.Pacer
	if o.rate > 0 {
		pacer = workloads.Constant(o.rate)
	}
	cpus := max(o.cpus, 1)
	load := adapters.NewLoad(pacer, o.workers*cpus)
	if o.events > 0 {
		load.Limit(o.events)
	}
	c := &crew{t: t, judge: &judge{checker: checker}, changed: make(chan struct{})}
	c.job = adapters.Job{
		Network: o.network, Lease: o.lease,
		RunID: strings.ReplaceAll(t.Name(), "/", "-"), Workload: o.workload,
		Transport: adapters.Embedded, Format: o.format, Workers: o.workers, WorkerCPUs: cpus,
		MemoryB: cmp.Or(o.memoryB, 1<<30), Guarantee: o.guarantee, Checkpoint: o.interval,
		Settings: o.settings,
		Load:     load, Collector: c.judge, Broken: true, StateDir: t.TempDir(), Milestone: c.note,
	}
	return c
}

// watch notices that the system has ended.
func (c *crew) watch() {
	c.done = make(chan struct{})
	go func() {
		_ = c.Wait(context.Background())
		close(c.done)
	}()
}

// close ends a crew, and tells what happened if the test has failed.
func (c *crew) close() {
	if err := c.Close(); err != nil {
		c.t.Error(err)
	}
	if c.t.Failed() {
		c.explain()
	}
}

// explain tells what happened.
func (c *crew) explain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.milestones {
		c.t.Logf("%+v", m)
	}
	logs, _ := filepath.Glob(filepath.Join(c.job.StateDir, "*.log"))
	for _, path := range logs {
		body, _ := os.ReadFile(path)
		c.t.Logf("%s: %s", filepath.Base(path), body)
	}
}

func (c *crew) note(m record.Milestone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.milestones = append(c.milestones, m)
	close(c.changed)
	c.changed = make(chan struct{})
}

// await waits until there have been n milestones of a name.
func (c *crew) await(name string, n int) {
	c.t.Helper()
	c.until(fmt.Sprintf("%d milestones %q", n, name), func() bool { return c.count(name) >= n })
}

// until waits for something that comes with a milestone.
func (c *crew) until(what string, holds func() bool) {
	c.t.Helper()
	limit := time.After(60 * time.Second)
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-c.done:
			c.t.Fatalf("wait until there are %s: it has ended: %v", what, c.Wait(c.t.Context()))
		case <-limit:
			c.t.Fatalf("wait until there are %s: 60s are over", what)
		}
	}
}

// count is how many milestones of a name there have been.
func (c *crew) count(name string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.milestones {
		if m.Name == name {
			n++
		}
	}
	return n
}

// results waits for so many further results.
func (c *crew) results(n uint64) {
	c.t.Helper()
	until := c.judge.seen.Load() + n
	limit := time.After(60 * time.Second)
	for c.judge.seen.Load() < until {
		select {
		case <-time.After(time.Millisecond):
		case <-c.done:
			c.t.Fatalf("wait for results: it has ended: %v", c.Wait(c.t.Context()))
		case <-limit:
			c.t.Fatalf("wait for %d results: 60s are over", n)
		}
	}
}

// end waits for the end and returns the ledger.
func (c *crew) end() workloads.Ledger {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	if err := c.Wait(ctx); err != nil {
		c.t.Fatal(err)
	}
	l, err := c.judge.checker.Finish(c.t.Context(), workloads.Delivered{
		Events: c.events(), TooLate: -1,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return l
}

func (c *crew) events() uint64 { return c.job.Load.Account(0).Accepted }

func (c *crew) signal(node string, s syscall.Signal) {
	c.t.Helper()
	p, ok := c.Process(node)
	if !ok {
		c.t.Fatalf("%s has no process", node)
	}
	if err := syscall.Kill(p.PID, s); err != nil {
		c.t.Fatal(err)
	}
}

// restart starts a node again that was killed.
func (c *crew) restart(node string) {
	c.t.Helper()
	if err := c.Restart(c.t.Context(), node, true); err != nil {
		c.t.Fatal(err)
	}
}

// right fails the test if a ledger has anything but matches.
func right(t *testing.T, l workloads.Ledger) {
	t.Helper()
	if l.Matched != l.Expected || l.Matched == 0 ||
		l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 {
		t.Errorf("ledger %+v", l)
	}
}

func sensors(t *testing.T, keys string) *workloads.Workload {
	return workloadstest.Bind(t, "iot-telemetry", 100_000,
		map[string]string{"keys": keys, "window": "100ms"})
}

func TestWorkersAnswerAsOneProcessDoes(t *testing.T) {
	for _, v := range workloadstest.Golden {
		if testing.Short() && v.Name != "iot-telemetry" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			w := v.Bind(t)
			if (Adapter{}).Supports(adapters.Job{Workload: w, Workers: 1}) != nil {
				t.Skip("not a query of native")
			}
			workers := 3
			if w.Query.Late != nil {
				workers = 1 // what comes too late may count where shards drift apart
			}
			c := crewOf{
				workload: w, events: v.Events, workers: workers, guarantee: "exactly-once",
				interval: 50 * time.Millisecond, format: workloads.BinaryForm,
			}.start(t)
			v.Check(t, c.end())
		})
	}
}

func TestAKilledWorkerLosesNothing(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			c := crewOf{
				workload: sensors(t, "1000"), events: 400_000, rate: 100_000, workers: 3,
				guarantee: "exactly-once", interval: 100 * time.Millisecond,
				format: workloads.BinaryForm,
			}.start(t)
			c.await(record.MilestoneCommit, 3)
			c.signal("worker-2", syscall.SIGKILL)
			c.await(record.MilestoneResumed, 1)
			if restart {
				c.restart("worker-2")
				c.await(record.MilestoneRejoined, 1)
				c.signal("worker-1", syscall.SIGKILL)
				c.await(record.MilestoneResumed, 2)
			}
			right(t, c.end())
		})
	}
}
