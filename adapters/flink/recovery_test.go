package flink

import (
	"context"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// judge is a collector that hands everything to the oracle.
type judge struct {
	mu      sync.Mutex
	checker workloads.Checker
	seen    atomic.Int64
}

func (j *judge) Collect(rs *workloads.Results, ns int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen.Add(int64(rs.N))
	return j.checker.Add(rs, ns)
}

// A TaskManager that is killed in mid-stream, and again once the stream has ended, costs no result:
// watermarks are no part of a checkpoint, and yet every window closes.
func TestAKilledTaskManagerCostsNoResult(t *testing.T) {
	needImages(t)
	if os.Getenv("STREAMBENCH_KIT") == "" {
		t.Skip("STREAMBENCH_KIT is not set: this is for the larger forms of the kit")
	}
	const events, rate = 150_000, 20_000
	w := workloadstest.Bind(t, "iot-telemetry", 10_000, map[string]string{
		"keys": "100", "window": "1s"})
	checker, err := w.NewChecker(t.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer checker.Close()
	j := &judge{checker: checker}
	job := inContainers(1)
	job.RunID, job.Workload, job.Transport = "kill-"+pid(), w, adapters.Kafka
	job.Format, job.Guarantee, job.Checkpoint = workloads.BinaryForm, exactlyOnce, time.Second
	job.WorkerCPUs, job.Partitions, job.Broken, job.Collector = 1, 3, true, j
	job.Settings["restart-strategy.exponential-delay.initial-backoff"] = "100 ms"
	job.Settings["heartbeat.interval"], job.Settings["heartbeat.timeout"] = "1 s", "10 s"
	told := &milestones{}
	job.Milestone = told.tell
	job.Load = adapters.NewLoad(workloads.Constant(rate), 1)
	job.Load.Limit(events)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	ch, err := kafka.Transport{}.Deploy(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	job.Topics = ch.Topics()
	deployed, err := Adapter{}.Deploy(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	defer deployed.Close()
	s := inner(deployed)
	job.Load.Begin(time.Now())
	waitUntil(t, ctx, s, func() bool { return j.seen.Load() > 0 })
	again(t, ctx, s)
	if err := ch.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, ctx, s, func() bool { return s.progress.Behind() == 0 })
	again(t, ctx, s)
	if err := s.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ch.Seal(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := checker.Finish(ctx, workloads.Delivered{Events: events, TooLate: -1})
	if err != nil {
		t.Fatal(err)
	}
	if l.Expected == 0 || l.Matched != l.Expected || l.Received != l.Expected || l.Unexplained != 0 {
		t.Errorf("ledger %+v", l)
	}
	if names := told.names(); !strings.Contains(names, record.MilestoneDetected) ||
		!strings.Contains(names, record.MilestoneResumed) {
		t.Errorf("milestones %s", names)
	}
}

// again kills the TaskManager and starts it again.
func again(t *testing.T, ctx context.Context, s *system) {
	t.Helper()
	if err := s.host.workers[0].Kill(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.host.workers[0].Restart(ctx); err != nil {
		t.Fatal(err)
	}
}

func waitUntil(t *testing.T, ctx context.Context, s *system, done func() bool) {
	t.Helper()
	for !done() {
		if _, err := s.watch.state(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.progress.Done(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// milestones are those a system has told.
type milestones struct {
	mu  sync.Mutex
	all []record.Milestone
}

func (m *milestones) tell(one record.Milestone) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, one)
}

func (m *milestones) names() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, one := range m.all {
		if one.Checkpoint == 0 {
			names = append(names, one.Name)
		}
	}
	return strings.Join(names, " ")
}
