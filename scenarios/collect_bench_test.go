package scenarios

import (
	"io"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// BenchmarkCollector is the burst of a window's end: a hundred thousand results with one trigger.
func BenchmarkCollector(b *testing.B) {
	s, problems := Load("b.yaml", []byte("name: b\nworkload: iot-telemetry\n"), nil)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	w, err := s.Bind()
	if err != nil {
		b.Fatal(err)
	}
	checker, err := w.NewChecker(b.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer checker.Close()
	log, err := record.NewHistograms(io.Discard, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	series, err := openSeries(log, record.Repeat{System: "native", Rep: 1}, 1)
	if err != nil {
		b.Fatal(err)
	}
	load := adapters.NewLoad(workloads.Constant(1_500_000), 1)
	load.Begin(time.Now())
	c := newCollector(w, load, checker, series)
	rs := workloads.NewResults(w.Query, 1024)
	column, _ := w.Query.Anchor()
	rs.N = 1000
	n := int64(0)
	for b.Loop() {
		for range 100 {
			for i := range rs.N {
				rs.Cols[0][i] = n % 100_000
				rs.Cols[column][i] = workloads.EpochMs + n/100_000*10_000
				n++
			}
			if err := c.Collect(rs, n*1000); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/result")
}
