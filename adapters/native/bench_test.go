package native

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// BenchmarkDrain reads a topic that was filled before to its end: sums by key in tumbling windows,
// results in transactions. A round is four million events.
func BenchmarkDrain(b *testing.B) {
	at := map[string]string{"embedded": kafka.EmbeddedBroker}
	if real := os.Getenv("STREAMBENCH_KAFKA"); real != "" {
		at["real"] = real
	}
	for name, broker := range at {
		for slots := 1; slots <= 2; slots++ {
			b.Run(fmt.Sprintf("broker=%s/slots=%d", name, slots), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					drain(b, broker, slots, i)
				}
				b.ReportMetric(float64(b.N)*drained/b.Elapsed().Seconds()/1e6, "Mevents/s")
			})
		}
	}
}

const drained = 4_000_000

func drain(b *testing.B, broker string, slots, round int) {
	b.StopTimer()
	v := workloadstest.Vector{
		Workload: "iot-telemetry", Rate: 1_000_000, Params: map[string]string{"keys": "10k"},
	}
	job, j := onKafka(b, v.Bind(b), drained, broker)
	job.WorkerCPUs, job.Checkpoint = slots, time.Second
	job.RunID = fmt.Sprintf("drain-%d-%d-%d", os.Getpid(), slots, round)
	ch, err := kafka.Transport{}.Deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	defer ch.Close()
	job.Topics, job.Collector = ch.Topics(), j
	job.Load.Begin(time.Now())
	if err := ch.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	s, err := Adapter{}.Deploy(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := ch.Seal(b.Context()); err != nil {
		b.Fatal(err)
	}
}
