package native

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// BenchmarkDrain reads a topic that was filled before to its end: sums by key in tumbling windows,
// results in transactions. A round is four million events. Beside the rate it prints the processor
// time of an event: of this process, which is the system with its fetches and the collector, and of
// a broker in a container. The container is used where STREAMBENCH_REQUIRE asks for docker.
func BenchmarkDrain(b *testing.B) {
	brokers := []drainBroker{{"embedded", kafka.EmbeddedBroker, kafka.Transport{}}}
	if real := os.Getenv("STREAMBENCH_KAFKA"); real != "" {
		brokers = append(brokers, drainBroker{"real", real, kafka.Transport{}})
	}
	if os.Getenv("STREAMBENCH_REQUIRE") == "docker" {
		brokers = append(brokers, drainBroker{"container", kafka.AtContainer, inContainer(b)})
	}
	for _, from := range brokers {
		for slots := 1; slots <= 2; slots++ {
			b.Run(fmt.Sprintf("broker=%s/slots=%d", from.name, slots), func(b *testing.B) {
				var spent drainSpent
				for i := 0; b.Loop(); i++ {
					drain(b, from, slots, &spent)
				}
				n := float64(b.N) * drained
				b.ReportMetric(n/b.Elapsed().Seconds()/1e6, "Mevents/s")
				b.ReportMetric(float64(spent.process)/n, "cpu-ns/event")
				b.ReportMetric(float64(spent.brokers)/n, "broker-cpu-ns/event")
			})
		}
	}
}

const drained = 4_000_000

// drainBroker is a broker that is drained, and how it is reached.
type drainBroker struct {
	name, at string
	by       adapters.Transport
}

// drainSpent is processor time in nanoseconds.
type drainSpent struct{ process, brokers int64 }

// since adds what was spent since a moment.
func (s *drainSpent) since(b *testing.B, ch adapters.Channel) (done func()) {
	b.Helper()
	brokers := func() int64 {
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
	process, was := processNs(b), brokers()
	return func() {
		s.process += processNs(b) - process
		s.brokers += brokers() - was
	}
}

func processNs(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func drain(b *testing.B, from drainBroker, slots int, spent *drainSpent) {
	b.StopTimer()
	v := workloadstest.Vector{
		Workload: "iot-telemetry", Rate: 1_000_000, Params: map[string]string{"keys": "10k"},
	}
	job, j := onKafka(b, v.Bind(b), drained, from.at)
	job.WorkerCPUs, job.Checkpoint = slots, time.Second
	job.RunID = fmt.Sprintf("drain-%d-%d-%d", os.Getpid(), slots, time.Now().UnixNano())
	ch, err := from.by.Deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	defer ch.Close()
	job.Topics, job.Collector = ch.Topics(), j
	job.Load.Begin(time.Now())
	if err := ch.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	done := spent.since(b, ch)
	b.StartTimer()
	s, err := Adapter{}.Deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	done()
	b.StartTimer()
	if err := ch.Seal(b.Context()); err != nil {
		b.Fatal(err)
	}
}
