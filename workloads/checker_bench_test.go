package workloads

import (
	"context"
	"testing"
)

// BenchmarkChecker takes the results of a million events and accounts for them.
func BenchmarkChecker(b *testing.B) {
	for _, i := range []int{3, 7, 9} {
		b.Run(vectorName(i), func(b *testing.B) {
			v := vectors[i]
			w := build(b, v.name, v.rate, v.params)
			rows := answers(b, w, 1_000_000)
			var batches []*Results
			for at := 0; at < len(rows); at += 1000 {
				rs := NewResults(w.Query, 1000)
				for _, row := range rows[at:min(at+1000, len(rows))] {
					for c, x := range row {
						rs.Cols[c][rs.N] = x
					}
					rs.N++
				}
				batches = append(batches, rs)
			}
			var ledger Ledger
			for b.Loop() {
				c, err := w.NewChecker(b.TempDir(), CheckerOptions{})
				if err != nil {
					b.Fatal(err)
				}
				for _, rs := range batches {
					if err := c.Add(rs, 0); err != nil {
						b.Fatal(err)
					}
				}
				if v.params["query"] != "q0" { // checked as they arrive
					b.StopTimer()
				}
				if ledger, err = c.Finish(context.Background(), Delivered{Events: 1_000_000}); err != nil {
					b.Fatal(err)
				}
				if err = c.Close(); err != nil || !ledger.clean() {
					b.Fatal(ledger, err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.N*len(rows))/b.Elapsed().Seconds()/1e6, "Mresults/s")
		})
	}
}

// BenchmarkFinish accounts for a right run of iot-telemetry with a hundred thousand keys at 1.5M
// events/s: what a run waits for after its drain, the last event inside each result included.
func BenchmarkFinish(b *testing.B) {
	const events = 45_000_000
	w := build(b, "iot-telemetry", 1_500_000, nil)
	for b.Loop() {
		b.StopTimer()
		c, err := w.NewChecker(b.TempDir(), CheckerOptions{LastEvents: true})
		if err != nil {
			b.Fatal(err)
		}
		rs := NewResults(w.Query, 1000)
		rs.N = 1
		_, err = w.Expect(context.Background(), events, func(e *Expected) error {
			for col, x := range e.Row {
				rs.Cols[col][0] = x
			}
			return c.Add(rs, 0)
		})
		if err != nil {
			b.Fatal(err)
		}
		told := 0
		d := Delivered{Events: events, TooLate: -1, Timed: func(Timing) { told++ }}
		b.StartTimer()
		l, err := c.Finish(context.Background(), d)
		if err != nil || !l.clean() || told == 0 {
			b.Fatal(l, told, err)
		}
		b.StopTimer()
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds()/1e6, "Mevents/s")
}
