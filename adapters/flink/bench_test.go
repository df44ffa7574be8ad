package flink

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// sink counts results.
type sink struct{ n int }

func (s *sink) Collect(rs *workloads.Results, _ int64) error {
	s.n += rs.N
	return nil
}

// BenchmarkDrain reads a topic that is full already: keyed tumbling sums of 10k keys, exactly-once,
// a checkpoint a second. The cluster is warm from the second time on:
//
//	go test ./adapters/flink -run XXX -bench Drain -benchtime 3x
//
// STREAMBENCH_DRAIN is the number of events, ten million unless it says otherwise.
// STREAMBENCH_FLINK and STREAMBENCH_KAFKA name a cluster and a broker that run already.
func BenchmarkDrain(b *testing.B) {
	events := uint64(10_000_000)
	if s := os.Getenv("STREAMBENCH_DRAIN"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		events = n
	}
	d := newDrain(b, events)
	for i := range b.N {
		took, used, broker := d.once(b, i)
		b.Logf("%d: %.0f events/s; CPU µs an event: system %.2f, broker %.2f", i,
			float64(events)/took.Seconds(), used, broker)
		if i == b.N-1 {
			b.ReportMetric(float64(events)/took.Seconds(), "events/s")
			b.ReportMetric(used, "µs-system/event")
			b.ReportMetric(broker, "µs-broker/event")
			b.ReportMetric(0, "ns/op")
		}
	}
}

// drain is a cluster and brokers that stay up.
type drain struct {
	job     adapters.Job
	events  uint64
	carrier adapters.Transport
	host    adapters.Host
}

func newDrain(b *testing.B, events uint64) *drain {
	b.Helper()
	d := &drain{events: events, carrier: kafka.Transport{}}
	d.job = inContainers(1)
	d.job.Transport, d.job.Format, d.job.Guarantee = adapters.Kafka, workloads.BinaryForm, exactlyOnce
	d.job.Checkpoint, d.job.WorkerCPUs, d.job.Partitions = time.Second, 2, 8
	d.job.MemoryB = 2048 * mebi
	d.job.RunID = "drain-" + pid()
	d.job.Workload = workloadstest.Bind(b, "iot-telemetry", 1_000_000,
		map[string]string{"keys": "10000", "window": "1s"})
	if at := os.Getenv("STREAMBENCH_FLINK"); at != "" {
		d.job.Own.At, d.job.Broker.At = at, os.Getenv("STREAMBENCH_KAFKA")
		d.job.Settings = nil
	} else {
		needImages(b)
		c, err := kafka.Transport{}.Open(b.Context(), d.job)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		d.carrier = c
	}
	return d
}

// once fills a topic and drains it.
func (d *drain) once(b *testing.B, i int) (took time.Duration, used, broker float64) {
	b.Helper()
	job := d.job
	job.RunID += "-" + strconv.Itoa(i)
	job.Load = adapters.NewLoad(nil, 1)
	job.Load.Limit(d.events)
	job.Collector = &sink{}
	ch, err := d.carrier.Deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	defer ch.Close()
	job.Topics = ch.Topics()
	job.Load.Begin(time.Now())
	if err := ch.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	if d.host == nil {
		if d.host, err = (Adapter{program: os.Getenv("STREAMBENCH_FLINK_JOB")}).Open(b.Context(),
			job); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { d.host.Close() })
	}
	before := usedBy(b, d.host, ch)
	start := time.Now()
	s, err := d.host.Deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("deployed in %s", time.Since(start))
	if err := s.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := ch.Seal(b.Context()); err != nil {
		b.Fatal(err)
	}
	took = time.Since(start)
	after := usedBy(b, d.host, ch)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	perEvent := func(i int) float64 { return float64(after[i]-before[i]) / 1000 / float64(d.events) }
	return took, perEvent(0), perEvent(1)
}

// usedBy is the processor time of the cluster and of the brokers, 0 where nobody tells.
func usedBy(b *testing.B, h adapters.Host, ch adapters.Channel) (ns [2]int64) {
	b.Helper()
	if d := h.(*host).deployment; d != nil {
		u, err := d.Used(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		ns[0] = u.CPUNs
	}
	if a, ok := ch.(adapters.Accounted); ok {
		u, err := a.Used(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		ns[1] = u.CPUNs
	}
	return ns
}
