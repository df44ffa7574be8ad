package kafkastreams

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// mortal are workers one of which can be killed.
type mortal interface {
	kill(ctx context.Context, i int) error
}

func (c *containers) kill(ctx context.Context, i int) error { return c.nodes[i].Kill(ctx) }

func (p *plain) kill(_ context.Context, i int) error { return p.nodes[i].cmd.Process.Kill() }

// judge is a collector that hands everything to the oracle.
type judge struct {
	mu      sync.Mutex
	checker workloads.Checker
}

func (j *judge) Collect(rs *workloads.Results, ns int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.checker.Add(rs, ns)
}

// A worker is killed in mid-stream, with windows open and behind a repartition: the other one takes
// its partitions, finds what they held in the changelogs, and nothing is lost or comes twice.
func TestAWorkerThatIsKilledCostsNothing(t *testing.T) {
	const rate, events = 5_000, 50_000 // ten seconds: the end comes while a transaction hangs
	a, transport, job := lossOf(t)
	job.Workload = workloadstest.Bind(t, "nexmark", rate, map[string]string{"query": "q5"})
	job.RunID = fmt.Sprintf("loss-%d", os.Getpid())
	checker, err := job.Workload.NewChecker(t.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer checker.Close()
	job.Collector = &judge{checker: checker}
	job.Load = adapters.NewLoad(workloads.Constant(rate), 1)
	job.Load.Limit(events)
	ch, err := transport.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	job.Topics = ch.Topics()
	deployed, err := a.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer deployed.Close()
	job.Load.Begin(time.Now())
	time.Sleep(7 * time.Second) // no event of the system's says that it is in the middle
	if err := deployed.(*system).host.fleet.(mortal).kill(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for _, wait := range []func(context.Context) error{ch.Wait, deployed.Wait, ch.Seal} {
		if err := wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	l, err := checker.Finish(t.Context(), workloads.Delivered{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	if l.Expected == 0 || l.Matched != l.Expected ||
		l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 {
		t.Errorf("ledger %+v", l)
	}
}

// lossOf is a job on two workers, in containers or on plain processes.
func lossOf(t *testing.T) (Adapter, adapters.Transport, adapters.Job) {
	job := inContainers(2).Job
	job.Transport, job.Format = adapters.Kafka, workloads.BinaryForm
	job.Guarantee, job.Checkpoint = exactlyOnce, 200*time.Millisecond
	job.WorkerCPUs, job.Profile, job.Broken = 1, "equal-detection", true
	at, classes := os.Getenv("STREAMBENCH_KAFKA"), os.Getenv("STREAMBENCH_KAFKASTREAMS")
	if at != "" && classes != "" {
		job.Broker.At = at
		return Adapter{start: (&plain{classes: classes}).start}, kafka.Transport{}, job
	}
	needImages(t)
	c, err := kafka.Transport{}.Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return Adapter{}, c, job
}
