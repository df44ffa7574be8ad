package kafka

import (
	"os"
	"testing"
	"time"

	"github.com/streambench/streambench/workloads"
)

// BenchmarkDriver prints how many events a second the driver alone gets acknowledged: by the embedded
// broker, and by the one that STREAMBENCH_KAFKA names.
func BenchmarkDriver(b *testing.B) {
	for name, at := range map[string]string{
		"embedded": EmbeddedBroker, "real": os.Getenv("STREAMBENCH_KAFKA"),
	} {
		b.Run(name, func(b *testing.B) {
			if at == "" {
				b.Skip("no broker: set STREAMBENCH_KAFKA to HOST:PORT")
			}
			const n = 4_000_000
			w := newWorkload(b, "iot-telemetry", nil)
			var spent time.Duration
			var made int64
			for b.Loop() {
				job, _ := jobOf(b, at, w, n)
				job.Partitions = 8
				c, err := Transport{}.Deploy(b.Context(), job)
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				job.Load.Begin(start)
				if err := c.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				spent += time.Since(start)
				made += job.Load.Account(job.Load.NowNs()).DriverNs
				if err := c.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*n/spent.Seconds(), "events/s")
			b.ReportMetric(float64(made)/float64(b.N)/n, "driver-ns/event")
		})
	}
}

// BenchmarkBatch prints what writing and reading record batches costs a record of 56 bytes.
func BenchmarkBatch(b *testing.B) {
	w := newWorkload(b, "iot-telemetry", nil)
	codec := workloads.BinaryCodec(w.Schema)
	events := workloads.NewBatch(w.Schema, 1024)
	w.Events().Fill(events, workloads.Slots{Step: 1, N: 1024})
	var batch Batch
	write := func() []byte {
		batch.Reset()
		var value []byte
		for row := range events.N {
			value = codec.Append(value[:0], events, row)
			batch.Add(events.TS[row], nil, value, nil)
		}
		return batch.Seal(Identity{}, 0)
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			write()
		}
		b.ReportMetric(float64(b.N)*1024/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("read", func(b *testing.B) {
		src := write()
		var r Reader
		for b.Loop() {
			for r.Reset(src, 0, nil); r.Next(); {
			}
		}
		b.ReportMetric(float64(b.N)*1024/b.Elapsed().Seconds(), "records/s")
	})
}
