package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/streambench/streambench/workloads"
)

// generated is one shard of a workload's own stream, as fast as it is taken.
type generated struct {
	events     workloads.Generator
	next, step uint64
	end        uint64
}

func (g *generated) Next(b *workloads.Batch) Pull {
	n := 0
	if g.next < g.end {
		n = int(min(uint64(b.Cap()), (g.end-g.next+g.step-1)/g.step))
	}
	g.events.Fill(b, workloads.Slots{First: g.next, Step: g.step, N: n})
	g.next += uint64(n) * g.step
	return Pull{End: g.next >= g.end}
}

// bind makes a workload of the catalog.
func bind(tb testing.TB, name string, rate uint64, params map[string]string) *workloads.Workload {
	tb.Helper()
	t, ok := workloads.Find(name)
	if !ok {
		tb.Fatalf("no workload %s", name)
	}
	values, errs := t.Resolve(params)
	if len(errs) > 0 {
		tb.Fatal(errs)
	}
	w, err := t.New(workloads.Settings{Seed: 1, EventRate: rate, Values: values})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// judged runs n events of a workload through the engine and the oracle and returns the ledger.
func judged(tb testing.TB, w *workloads.Workload, n uint64, slots int) workloads.Ledger {
	tb.Helper()
	var sources []Source
	for i := range slots {
		sources = append(sources, &generated{
			events: w.Events(), next: uint64(i), step: uint64(slots), end: n,
		})
	}
	e, err := New(Config{Workload: w, Sources: sources})
	if err != nil {
		tb.Fatal(err)
	}
	checker, err := w.NewChecker(tb.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	defer checker.Close()
	feed(tb, e, checker)
	ledger, err := checker.Finish(context.Background(), workloads.Delivered{
		Events: n, TooLate: int64(e.Stats().Late), Strict: slots == 1,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return ledger
}

// feed runs an engine and hands its results to a checker.
func feed(tb testing.TB, e *Engine, checker workloads.Checker) {
	tb.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, o := range e.Outputs() {
		wg.Go(func() {
			for !o.Done() {
				rs := o.Pop()
				if rs == nil {
					continue
				}
				mu.Lock()
				if err := checker.Add(rs, 0); err != nil {
					tb.Error(err)
				}
				mu.Unlock()
				o.Free(rs)
			}
		})
	}
	if err := e.Run(context.Background()); err != nil {
		tb.Fatal(err)
	}
	wg.Wait()
}

func TestTheGoldenVectorsComeOutOfTheEngine(t *testing.T) {
	for _, c := range []struct {
		workload string
		rate     uint64
		params   map[string]string
		count    uint64
		digest   string
		events   uint64 // a million where it is 0
	}{
		{"iot-telemetry", 100_000, map[string]string{"keys": "1000"}, 1637, "6f8c3f0af890b059", 0},
		{"ysb", 10_000, nil, 1000, "f8a22c6b71d28af5", 0},
		{"ysb", 10_000, map[string]string{"skew": "true"}, 1066, "9d50d84b3a786f2e", 0},
		{"nexmark", 10_000, map[string]string{"query": "q0"}, 920000, "1c23f11ec9eda844", 0},
		{"nexmark", 10_000, map[string]string{"query": "q1"}, 920000, "cac0a04660023c42", 0},
		{"nexmark", 10_000, map[string]string{"query": "q2"}, 6799, "9dd959f1d0325f7a", 0},
		{"nexmark", 10_000, map[string]string{"query": "q5"}, 54, "70bc5a16427a1e3d", 0},
		{"nexmark", 10_000, map[string]string{"query": "q7"}, 10, "62859a3db87dac13", 0},
		{"nexmark", 1_000, map[string]string{"query": "q11"}, 36159, "dbaae6e2355c2a7a", 0},
		{"nexmark", 10_000, map[string]string{"query": "q12"}, 19911, "78d71c18049f223d", 0},
		{"uc2", 1_000, map[string]string{"keys": "1000"}, 10000, "b0b58a1e1ecce8d0", 600_000},
		{"karimov", 100_000, nil, 3619, "6ab9df1ee5275727", 0},
		{"orders", 10_000, nil, 20995, "1bd730e4fa7e1e38", 2_000_000},
		{"clickstream", 10_000, map[string]string{"profile": "bound"}, 133084, "d8ac7256d468c7fc", 0},
		{"hopping-average", 10_000, nil, 109109, "7441a690260ccb89", 0},
		{"sliding-average", 10_000, nil, 1000000, "7fe5badc56ac7907", 0},
		{"shuffle", 10_000, nil, 1000, "8f616cfc43b727eb", 0},
	} {
		for slots := 1; slots <= 2; slots++ {
			t.Run(fmt.Sprintf("%s/%s/slots=%d", c.workload, c.params["query"], slots), func(t *testing.T) {
				events := uint64(1_000_000)
				if c.events > 0 {
					events = c.events
				}
				l := judged(t, bind(t, c.workload, c.rate, c.params), events, slots)
				if l.Count != c.count || l.Digest != c.digest {
					t.Errorf("got %d results, digest %s; want %d, %s", l.Count, l.Digest, c.count, c.digest)
				}
				if l.Matched != l.Expected || l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 {
					t.Errorf("ledger %+v", l)
				}
			})
		}
	}
}
