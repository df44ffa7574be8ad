package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
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
	deliver(tb, e, func(rs *workloads.Results) {
		if err := checker.Add(rs, 0); err != nil {
			tb.Error(err)
		}
	})
}

// deliver runs an engine and hands its results to take, one batch at a time.
func deliver(t fataler, e *Engine, take func(rs *workloads.Results)) {
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
				take(rs)
				mu.Unlock()
				o.Free(rs)
			}
		})
	}
	if err := e.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
}

func TestTheGoldenVectorsComeOutOfTheEngine(t *testing.T) {
	for i, v := range workloadstest.Golden {
		for slots := 1; slots <= 2; slots++ {
			t.Run(fmt.Sprintf("%s/slots=%d", v.Name, slots), func(t *testing.T) {
				if testing.Short() && (i+slots)%4 != 0 {
					t.Skip("short: one run in four")
				}
				v.Check(t, judged(t, v.Bind(t), v.Events, slots))
			})
		}
	}
}
