package native

import (
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// BenchmarkWorkers measures what workers do as fast as they can, exchange included, with and
// without checkpoints.
func BenchmarkWorkers(b *testing.B) {
	for _, of := range []struct {
		name     string
		workers  int
		interval time.Duration
	}{
		{"workers=2/checkpoints=off", 2, 0},
		{"workers=2/checkpoints=1s", 2, time.Second},
		{"workers=3/checkpoints=1s", 3, time.Second},
	} {
		b.Run(of.name, func(b *testing.B) {
			w := workloadstest.Bind(b, "iot-telemetry", 1_500_000, map[string]string{"window": "1s"})
			const events = 40_000_000
			for range b.N {
				load := adapters.NewLoad(nil, of.workers)
				load.Limit(events)
				s, err := cluster.Deploy(b.Context(), adapters.Job{
					RunID: "bench", Workload: w, Transport: adapters.Embedded,
					Format: workloads.BinaryForm, Workers: of.workers, WorkerCPUs: 1, MemoryB: 1 << 30,
					Guarantee: exactlyOnce, Checkpoint: of.interval, Load: load,
					Collector: &counter{}, StateDir: b.TempDir(),
				})
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				load.Begin(began)
				if err := s.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(events/time.Since(began).Seconds(), "events/s")
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
