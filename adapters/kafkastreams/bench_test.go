package kafkastreams

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// tally is a collector that counts.
type tally struct{ n atomic.Uint64 }

func (c *tally) Collect(rs *workloads.Results, _ int64) error {
	c.n.Add(uint64(rs.N))
	return nil
}

// drainEvents are how many events a drain has: some seconds of them.
const drainEvents = 3_000_000

// BenchmarkDrain drains a topic that was filled before, on workers that have run the same before:
// keyed tumbling sums, 10 000 keys, exactly once. The third drain is the one reported. It runs in
// containers, or on plain processes where STREAMBENCH_KAFKA and STREAMBENCH_KAFKASTREAMS are set.
func BenchmarkDrain(b *testing.B) {
	at, classes := os.Getenv("STREAMBENCH_KAFKA"), os.Getenv("STREAMBENCH_KAFKASTREAMS")
	job := jobAt(b, "iot-telemetry", map[string]string{"keys": "10k"})
	if n, err := strconv.Atoi(os.Getenv("STREAMBENCH_SLOTS")); err == nil {
		job.WorkerCPUs = n
	}
	a, transport := Adapter{}, adapters.Transport(kafka.Transport{})
	if at != "" && classes != "" {
		job.Broker.At = at
		a.start = (&plain{classes: classes}).start
	} else if err := dockertest.Lacking(b, neededImages()...); err != nil {
		b.Skip(err)
	} else {
		c, err := kafka.Transport{}.Open(b.Context(), job)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		transport = c
	}
	var h *host
	for i := range 3 {
		job.RunID = fmt.Sprintf("drain-%d-%d", os.Getpid(), i)
		ch := filled(b, transport, &job)
		if h == nil {
			var err error
			if h, err = a.open(b.Context(), job); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { h.Close() })
		}
		drain(b, h, ch, job)
		if err := ch.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func jobAt(b *testing.B, workload string, params map[string]string) adapters.Job {
	return adapters.Job{
		Workload:  workloadstest.Bind(b, workload, 100_000, params),
		Transport: adapters.Kafka, Format: workloads.BinaryForm, Guarantee: exactlyOnce,
		Checkpoint: time.Second, Workers: 1, WorkerCPUs: 2, MemoryB: 1536 << 20, Partitions: 4,
		Broker: adapters.Broker{At: kafka.AtContainer}, Own: adapters.Own{Image: otherImage()},
	}
}

// filled is a channel whose input holds all events.
func filled(b *testing.B, transport adapters.Transport, job *adapters.Job) adapters.Channel {
	job.Load, job.Collector = adapters.NewLoad(nil, 1), &tally{}
	job.Load.Limit(drainEvents)
	ch, err := transport.Deploy(b.Context(), *job)
	if err != nil {
		b.Fatal(err)
	}
	job.Topics = ch.Topics()
	job.Load.Begin(time.Now())
	if err := ch.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	return ch
}

// drain runs a job to its end and reports how fast, from the first tenth of the events on.
func drain(b *testing.B, h *host, ch adapters.Channel, job adapters.Job) {
	before, err := h.fleet.used(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s, err := h.deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	broker := usedBy(b, ch)
	rate := s.pace(b)
	if err := s.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	after, err := h.fleet.used(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(rate, "events/s")
	b.ReportMetric(float64(after.CPUNs-before.CPUNs)/1e3/drainEvents, "µs-cpu/event")
	b.ReportMetric(float64(usedBy(b, ch)-broker)/1e3/drainEvents, "µs-broker/event")
	b.ReportMetric(float64(after.PeakB)/(1<<20), "MiB-peak")
	b.Logf("%s: %.0f events/s, %.2f µs of processor an event, %.2f of the broker's, %d MiB",
		job.RunID, rate, float64(after.CPUNs-before.CPUNs)/1e3/drainEvents,
		float64(usedBy(b, ch)-broker)/1e3/drainEvents, after.PeakB>>20)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func usedBy(b *testing.B, ch adapters.Channel) int64 {
	a, ok := ch.(adapters.Accounted)
	if !ok {
		return 0
	}
	u, err := a.Used(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return u.CPUNs
}

// pace is how many events a second the workers read, from the first tenth of them on.
func (s *system) pace(b *testing.B) float64 {
	var from int64
	var since time.Time
	for {
		var n int64
		for _, w := range s.host.fleet.workers() {
			st, err := s.look(b.Context(), w)
			if err != nil {
				b.Fatal(err)
			}
			n += st.Counters["processed"]
		}
		if from == 0 && n > drainEvents/10 {
			from, since = n, time.Now()
		}
		if n >= drainEvents {
			return float64(n-from) / time.Since(since).Seconds()
		}
		time.Sleep(20 * time.Millisecond)
	}
}
