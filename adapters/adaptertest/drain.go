package adaptertest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// drainVariable is the number of events of a drain, where it is set.
const drainVariable = "STREAMBENCH_DRAIN"

// Drain is a benchmark: a topic that is full already is read to its end by a host that has done so
// before, from the second time on. It is sums of 10 000 keys in windows of a second, 1M events in
// each, and every result goes through the oracle. STREAMBENCH_DRAIN is the number of events, or it
// is that of the caller.
//
//	events/s         from before the deployment of the job until no result can follow
//	µs-system/event  processor time of the nodes, once deployed; µs-broker/event likewise
//
// What is reported is the last round; every round is logged.
func Drain(b *testing.B, s Subject, events uint64) {
	b.Helper()
	if text := os.Getenv(drainVariable); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			b.Fatalf("%s: %v", drainVariable, err)
		}
		events = n
	}
	s.Job.Partitions = cmp.Or(s.Job.Partitions, 4)
	s.Job.Checkpoint = cmp.Or(s.Job.Checkpoint, time.Second)
	of := newBench(s, Options{Within: 10 * time.Minute}, b.TempDir())
	b.Cleanup(func() {
		if err := of.close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := of.open(b.Context()); err != nil {
		b.Fatal(err)
	}
	c := Case{Name: "drain", Workload: "iot-telemetry", Rate: 1_000_000, Events: events,
		Params: map[string]string{"keys": "10k", "window": "1s"}}
	for i := range b.N {
		d, err := of.drain(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("round %d: %s", i+1, d)
		if i == b.N-1 {
			d.report(b)
		}
	}
}

// drained is what a drain took.
type drained struct {
	events   uint64
	deployed time.Duration // until the job was
	whole    time.Duration
	nodesNs  int64 // processor time
	brokerNs int64
}

func (d drained) String() string {
	return fmt.Sprintf("%d events, %.0f/s, deployed in %s; an event took %.2f µs of the nodes, "+
		"%.2f of the brokers", d.events, d.rate(), d.deployed.Round(time.Millisecond),
		d.per(d.nodesNs), d.per(d.brokerNs))
}

func (d drained) rate() float64 { return float64(d.events) / d.whole.Seconds() }

func (d drained) per(ns int64) float64 { return float64(ns) / 1e3 / float64(d.events) }

func (d drained) report(b *testing.B) {
	b.ReportMetric(d.rate(), "events/s")
	b.ReportMetric(d.per(d.nodesNs), "µs-system/event")
	b.ReportMetric(d.per(d.brokerNs), "µs-broker/event")
	b.ReportMetric(0, "ns/op")
}

// drain fills a topic, drains it, and holds the results against the oracle's.
func (b *bench) drain(ctx context.Context, c Case) (d drained, err error) {
	w, err := c.bind()
	if err != nil {
		return d, err
	}
	checker, err := w.NewChecker(b.dir, workloads.CheckerOptions{})
	if err != nil {
		return d, err
	}
	defer checker.Close()
	job := b.job(c.Name, w)
	job.Collector, job.StateDir = &judge{checker: checker}, b.dir
	job.Load.Limit(c.Events)
	r := &running{job: job}
	defer func() { err = cmp.Or(err, r.close()) }()
	if r.channel, err = b.carrier.Deploy(ctx, job); err != nil {
		return d, fmt.Errorf("deploy transport: %w", err)
	}
	r.job.Topics = r.channel.Topics()
	job.Load.Begin(time.Now())
	if err := r.channel.Wait(ctx); err != nil {
		return d, fmt.Errorf("fill the topic: %w", err)
	}
	if d, err = b.timed(ctx, r); err != nil {
		return d, err
	}
	d.events = c.Events
	l, err := checker.Finish(ctx, r.delivered(c.Events))
	if err != nil {
		return d, err
	}
	return d, c.clean(l)
}

// timed runs a job on a topic that is full.
func (b *bench) timed(ctx context.Context, r *running) (d drained, err error) {
	start := time.Now()
	if r.system, err = b.host.Deploy(ctx, r.job); err != nil {
		return d, fmt.Errorf("deploy system: %w", err)
	}
	d.deployed = time.Since(start)
	before, err := r.used(ctx)
	if err != nil {
		return d, err
	}
	if err := r.system.Wait(ctx); err != nil {
		return d, err
	}
	if err := r.channel.Seal(ctx); err != nil {
		return d, fmt.Errorf("seal results: %w", err)
	}
	d.whole = time.Since(start)
	after, err := r.used(ctx)
	d.nodesNs, d.brokerNs = after[0]-before[0], after[1]-before[1]
	return d, err
}

// used is the processor time of nodes and brokers, 0 of those who do not tell.
func (r *running) used(ctx context.Context) (ns [2]int64, err error) {
	for i, of := range []any{r.system, r.channel} {
		if a, ok := of.(adapters.Accounted); ok {
			u, err := a.Used(ctx)
			if err != nil {
				return ns, fmt.Errorf("ask what was used: %w", err)
			}
			ns[i] = u.CPUNs
		}
	}
	return ns, nil
}
