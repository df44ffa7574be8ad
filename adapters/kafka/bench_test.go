package kafka

import (
	"os"
	"syscall"
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
			var spent, cpu time.Duration
			var made int64
			for b.Loop() {
				job, _ := jobOf(b, at, w, n)
				job.Partitions = 8
				c, err := Transport{}.Deploy(b.Context(), job)
				if err != nil {
					b.Fatal(err)
				}
				start, used := time.Now(), processor(b)
				job.Load.Begin(start)
				if err := c.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				spent, cpu = spent+time.Since(start), cpu+processor(b)-used
				made += job.Load.Account(job.Load.NowNs()).DriverNs
				if err := c.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*n/spent.Seconds(), "events/s")
			b.ReportMetric(float64(cpu)/float64(b.N)/n, "cpu-ns/event")
			b.ReportMetric(float64(made)/float64(b.N)/n, "driver-ns/event")
		})
	}
}

// processor is the processor time this process has used: unlike the time that has gone by it does not
// count what others of the host do.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report prints what 1024 records a round have cost.
func report(b *testing.B, used time.Duration) {
	b.Helper()
	b.ReportMetric(float64(b.N)*1024/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(processor(b)-used)/float64(b.N)/1024, "cpu-ns/record")
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
			batch.Add(Message{TimeMs: events.TS[row], Value: value})
		}
		return batch.Seal(Identity{}, 0)
	}
	b.Run("write", func(b *testing.B) {
		used := processor(b)
		for b.Loop() {
			write()
		}
		report(b, used)
	})
	b.Run("read", func(b *testing.B) {
		src := write()
		var r Reader
		used := processor(b)
		for b.Loop() {
			for r.Reset(src, 0, nil); r.Next(); {
			}
		}
		report(b, used)
	})
}
