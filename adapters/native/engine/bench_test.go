package engine

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// recording is a stream generated beforehand. Its batches share its columns, so that a benchmark
// pays for the engine and not for the generator.
type recording struct {
	events *workloads.Batch
	first  int // of the shard, in batches
	step   int
}

func (r *recording) Next(b *workloads.Batch) Pull {
	lo := r.first * b.Cap()
	hi := min(lo+b.Cap(), r.events.N)
	r.first += r.step
	if lo >= hi {
		b.N = 0
		return Pull{End: true}
	}
	b.N = hi - lo
	share(&b.Seq, r.events.Seq, lo, hi)
	share(&b.TS, r.events.TS, lo, hi)
	for c, col := range r.events.Cols {
		if col != nil {
			share(&b.Cols[c], col, lo, hi)
		}
	}
	return Pull{}
}

// share lets a batch's column show a part of another; its capacity stays that of a batch.
func share(dst *[]int64, src []int64, lo, hi int) {
	*dst = src[lo : lo+cap(*dst) : lo+cap(*dst)]
}

// record generates n events of a workload with the columns its query reads, and a batch more of
// room behind them.
func record(tb testing.TB, name string, rate uint64, params map[string]string, n int) (*workloads.Workload, *workloads.Batch) {
	tb.Helper()
	w := workloadstest.Bind(tb, name, rate, params)
	p, err := newPlan(w)
	if err != nil {
		tb.Fatal(err)
	}
	cols := append([]int{}, p.values...)
	if p.key >= 0 {
		cols = append(cols, p.key)
	}
	if p.lookup != nil {
		cols = append(cols, p.lookupCol)
	}
	for _, c := range p.filter {
		cols = append(cols, c.col)
	}
	for _, o := range p.out {
		if o.kind == fromColumn {
			cols = append(cols, o.col)
		}
	}
	if p.join != nil {
		for _, side := range p.join.sides {
			cols = append(append(cols, side.key), side.values...)
			for _, c := range append(side.filter, side.where...) {
				cols = append(cols, c.col)
			}
		}
	}
	b := workloads.NewBatchOf(w.Schema, cols, n+4096)
	w.Events().Fill(b, workloads.Slots{First: 0, Step: 1, N: n})
	return w, b
}

// drain runs an engine and counts what it delivers.
func drain(tb testing.TB, e *Engine) (results int) {
	tb.Helper()
	done := make(chan error, 1)
	go func() { done <- e.Run(context.Background()) }()
	for open := len(e.Outputs()); open > 0; {
		open = 0
		idle := true
		for _, o := range e.Outputs() {
			if rs := o.Pop(); rs != nil {
				results += rs.N
				o.Free(rs)
				idle = false
			}
			if !o.Done() {
				open++
			}
		}
		if idle {
			time.Sleep(50 * time.Microsecond)
		}
	}
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
	return results
}

// BenchmarkEngine prints events a second through the whole engine, watermarks, late check and
// counters on, from columns in memory. "slots" is the number of threads.
func BenchmarkEngine(b *testing.B) {
	for _, c := range []struct {
		name, workload string
		rate           uint64
		events         int
		slots          int
		params         map[string]string
	}{
		{"iot-telemetry-100k-keys", "iot-telemetry", 400_000, 8_000_000, 1, nil},
		{"tumbling-count-sum-10k-keys", "iot-count-sum", 400_000, 8_000_000, 1, map[string]string{"keys": "10k"}},
		{"tumbling-count-sum-1m-keys", "iot-count-sum", 400_000, 16_000_000, 1, map[string]string{"keys": "1M"}},
		{"ysb", "ysb", 400_000, 8_000_000, 1, nil},
		{"nexmark-q5-10s-1s-10k-keys", "nexmark", 16_600, 8_000_000, 1,
			map[string]string{"query": "q5", "slide": "1s"}},
		{"nexmark-q7", "nexmark", 400_000, 8_000_000, 1, map[string]string{"query": "q7"}},
		{"sessions-1m-keys", "iot-sessions", 1_000_000, 16_000_000, 1, map[string]string{"keys": "1M"}},
		{"uc2-100k-keys", "uc2", 100_000, 8_000_000, 1, nil},
		{"sliding-average", "sliding-average", 100_000, 4_000_000, 1, nil},
		{"fraud-1m-keys", "fraud", 500_000, 16_000_000, 1, nil},
		{"cqrs-100k-keys", "cqrs", 200_000, 8_000_000, 1, nil},
		{"nexmark-q3", "nexmark", 100_000, 8_000_000, 1, map[string]string{"query": "q3"}},
		{"nexmark-q4", "nexmark", 100_000, 8_000_000, 1, map[string]string{"query": "q4"}},
		{"nexmark-q8", "nexmark", 100_000, 8_000_000, 1, map[string]string{"query": "q8"}},
		{"nexmark-q9", "nexmark", 100_000, 8_000_000, 1, map[string]string{"query": "q9"}},
		{"nexmark-q18", "nexmark", 100_000, 8_000_000, 1, map[string]string{"query": "q18"}},
		{"nexmark-q20", "nexmark", 100_000, 8_000_000, 1, map[string]string{"query": "q20"}},
		{"karimov-join", "karimov", 100_000, 4_000_000, 1, map[string]string{"query": "join"}},
		{"exchange-2-slots-10k-keys", "iot-count-sum", 400_000, 8_000_000, 2,
			map[string]string{"keys": "10k"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w, events := recorded(b, c.workload, c.rate, c.params, c.events)
			b.ReportAllocs()
			before := processorTime()
			for b.Loop() {
				var sources []Source
				for i := range c.slots {
					sources = append(sources, &recording{events: events, first: i, step: c.slots})
				}
				e, err := New(Config{Workload: w, Sources: sources})
				if err != nil {
					b.Fatal(err)
				}
				if drain(b, e) == 0 {
					b.Fatal("no results")
				}
			}
			total := float64(c.events) * float64(b.N)
			b.ReportMetric(total/b.Elapsed().Seconds()/1e6, "Mevents/s")
			b.ReportMetric(float64(processorTime()-before)/total, "cpu-ns/event")
		})
	}
}

// processorTime is what the process has used of all processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// recorded is record, and beside it iot-telemetry asked for a count and a sum alone (its maximum is
// last), and for sessions of a million sensors: a gap of
// three times the mean spacing of a sensor's events makes sessions of about twenty of them.
func recorded(tb testing.TB, name string, rate uint64, params map[string]string, n int) (*workloads.Workload, *workloads.Batch) {
	switch name {
	default:
		return record(tb, name, rate, params, n)
	case "iot-count-sum":
		w, b := record(tb, "iot-telemetry", rate, params, n)
		w.Query.Aggregates = w.Query.Aggregates[:2]
		w.Query.Output.Fields = w.Query.Output.Fields[:4]
		return w, b
	case "iot-sessions":
	}
	w, b := record(tb, "iot-telemetry", rate, params, n)
	w.Query.Window = workloads.Window{Kind: workloads.Session, GapMs: 3000}
	w.Query.Aggregates = []workloads.Aggregate{{Func: workloads.Count, As: "count"}}
	w.Query.Output.Fields = []workloads.ResultField{
		{Name: w.Query.Key, Identity: true}, {Name: workloads.SessionFrom, Identity: true},
		{Name: workloads.WindowEnd}, {Name: "count"},
	}
	return w, b
}
