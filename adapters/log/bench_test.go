package log

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// processor is the processor time this process has used: unlike the time that has gone by it does
// not count what others of the host do.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const benchmarked = 1_000_000 // records of a round

// BenchmarkDriver prints how many events a second the driver gets acknowledged: made, written in
// their wire form and durable.
func BenchmarkDriver(b *testing.B) {
	w := workloadstest.Bind(b, "iot-telemetry", 1_000_000, nil)
	var spent, used time.Duration
	for b.Loop() {
		load := adapters.NewLoad(nil, 1)
		load.Limit(benchmarked)
		c, err := Transport{}.Deploy(b.Context(), adapters.Job{
			RunID: "bench", Workload: w, Transport: adapters.Log, Format: workloads.BinaryForm,
			Partitions: 8, Load: load, StateDir: b.TempDir(),
		})
		if err != nil {
			b.Fatal(err)
		}
		start, before := time.Now(), processor(b)
		load.Begin(start)
		if err := c.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
		spent, used = spent+time.Since(start), used+processor(b)-before
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchmarked/spent.Seconds(), "events/s")
	b.ReportMetric(float64(used)/float64(b.N)/benchmarked, "cpu-ns/event")
}

// written fills some logs with records of 56 bytes.
func written(b *testing.B, folders []string) {
	b.Helper()
	w, err := NewWriter(WriterConfig{Folders: folders})
	if err != nil {
		b.Fatal(err)
	}
	value := make([]byte, 56)
	for i := range benchmarked {
		if err := w.Append(i%len(folders), kafka.Message{Value: value}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func folders(b *testing.B, n int) (all []string) {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		all = append(all, filepath.Join(dir, strconv.Itoa(i)))
	}
	return all
}

// BenchmarkAppend prints what appending records of 56 bytes reaches, until the last is durable.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run(strconv.Itoa(n)+" logs", func(b *testing.B) {
			used := processor(b)
			b.SetBytes(benchmarked * 64)
			for b.Loop() {
				written(b, folders(b, n))
			}
			b.ReportMetric(float64(b.N)*benchmarked/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(processor(b)-used)/float64(b.N)/benchmarked, "cpu-ns/record")
		})
	}
}

// BenchmarkFollow prints how fast records of 56 bytes are read, every one looked at.
func BenchmarkFollow(b *testing.B) {
	logs := folders(b, 8)
	written(b, logs)
	used := processor(b)
	b.SetBytes(benchmarked * 64)
	for b.Loop() {
		f := NewFollower(logs, nil)
		var r kafka.Reader
		for n := 0; n < benchmarked; {
			piece := <-f.C()
			for r.Reset(piece.Bytes, piece.From, nil); r.Next(); {
				n++
			}
		}
		f.Close()
	}
	b.ReportMetric(float64(b.N)*benchmarked/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(processor(b)-used)/float64(b.N)/benchmarked, "cpu-ns/record")
}
