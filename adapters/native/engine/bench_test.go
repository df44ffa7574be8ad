package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
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

// BenchmarkCheckpoint prints what checkpoints cost: events a second and processor time without and
// with one every four million events, and the longest 1 % of pauses. A million keys are 64 MB of
// rows in all.
func BenchmarkCheckpoint(b *testing.B) {
	for _, keys := range []string{"100k", "1M"} {
		params := map[string]string{"keys": keys, "window": "10s"}
		w, events := record(b, "iot-telemetry", 2_000_000, params, 16_000_000)
		for _, on := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s-keys/checkpoints=%v", keys, on), func(b *testing.B) {
				checkpointed(b, w, events, on)
			})
		}
	}
}

func checkpointed(b *testing.B, w *workloads.Workload, events *workloads.Batch, on bool) {
	var mu sync.Mutex
	var pauses []int64
	var bytes int64
	before := processorTime()
	for b.Loop() {
		disk, err := checkpoint.Folder(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		c := Config{Workload: w, Sources: []Source{
			&recording{events: events, step: 2}, &recording{events: events, first: 1, step: 2},
		}}
		if on {
			c.Checkpoints = &Checkpoints{Store: checkpoint.NewStore(disk), Done: func(_ int, _ uint64, r Report) {
				mu.Lock()
				defer mu.Unlock()
				if r.Err == nil {
					pauses = append(pauses, r.PauseNs)
					bytes += r.Bytes
				}
			}}
		}
		e, err := New(c)
		if err != nil {
			b.Fatal(err)
		}
		stop := make(chan struct{})
		go func() {
			for id := uint64(1); on; {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
				if e.Stats().Events >= id*4_000_000 {
					e.Checkpoint(id)
					id++
				}
			}
		}()
		if drain(b, e) == 0 {
			b.Fatal("no results")
		}
		close(stop)
	}
	total := float64(events.N) * float64(b.N)
	b.ReportMetric(total/b.Elapsed().Seconds()/1e6, "Mevents/s")
	b.ReportMetric(float64(processorTime()-before)/total, "cpu-ns/event")
	if slices.Sort(pauses); len(pauses) > 0 {
		b.ReportMetric(float64(pauses[len(pauses)*99/100])/1e3, "us-pause-p99")
		b.ReportMetric(float64(pauses[len(pauses)/2])/1e3, "us-pause-p50")
		b.ReportMetric(float64(bytes)/float64(len(pauses))/1e6, "MB/part")
	}
}

// BenchmarkRestore prints how long a restart reads the state of a million keys in two slots.
func BenchmarkRestore(b *testing.B) {
	params := map[string]string{"keys": "1M", "window": "100s"}
	w, events := record(b, "iot-telemetry", 2_000_000, params, 4_000_000)
	disk, err := checkpoint.Folder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	store := checkpoint.NewStore(disk)
	parts := make(chan Report, 2)
	sources := func(silent bool) (all []Source) {
		for i := range 2 {
			if silent {
				all = append(all, &endless{silent: true})
			} else {
				all = append(all, &neverEnding{&recording{events: events, first: i, step: 2}})
			}
		}
		return all
	}
	e, err := New(Config{Workload: w, Sources: sources(false), Checkpoints: &Checkpoints{
		Store: store, Done: func(_ int, _ uint64, r Report) { parts <- r },
	}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	for e.Stats().Events < uint64(events.N-4096)/2*2 {
		time.Sleep(time.Millisecond)
	}
	e.Checkpoint(1)
	m := checkpoint.Manifest{ID: 1, Slots: 2}
	for range 2 {
		r := <-parts
		if r.Err != nil {
			b.Fatal(r.Err)
		}
		m.Parts = append(m.Parts, r.Part)
	}
	cancel()
	<-ended
	if err := store.Complete(m); err != nil {
		b.Fatal(err)
	}
	before := processorTime()
	for b.Loop() {
		o, _, err := store.Latest()
		if err != nil {
			b.Fatal(err)
		}
		e, err := New(Config{Workload: w, Sources: sources(true), Restore: o})
		if err != nil {
			b.Fatal(err)
		}
		e.release()
	}
	b.ReportMetric(float64(processorTime()-before)/1e6/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(m.Parts[0].Files[0].Bytes+m.Parts[1].Files[0].Bytes)/1e6, "MB")
}
