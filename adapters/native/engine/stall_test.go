package engine

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// tallied is a source that counts what is asked of it.
type tallied struct {
	*generated
	given, holds atomic.Int64
}

func (s *tallied) Next(b *workloads.Batch) Pull {
	p := s.generated.Next(b)
	s.given.Add(int64(b.N))
	return p
}

func (s *tallied) Hold() { s.holds.Add(1) }

// stall runs an engine over the first events of a workload, and nobody takes its results, until
// nothing has moved while every source was told a hundred times that there is no room.
func stall(t *testing.T, w *workloads.Workload, slots int, events uint64) (*Engine, []*tallied) {
	t.Helper()
	c := Config{Workload: w, BatchRows: 64, OutputDepth: 4}
	var sources []*tallied
	for i := range slots {
		s := &tallied{generated: &generated{
			events: w.Events(), next: uint64(i), step: uint64(slots), end: events,
		}}
		sources, c.Sources = append(sources, s), append(c.Sources, s)
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := e.Run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	for moved := true; moved; {
		moved = false
		for _, s := range sources {
			given, holds := s.given.Load(), s.holds.Load()
			for s.holds.Load() < holds+100 {
				runtime.Gosched()
			}
			moved = moved || s.given.Load() != given
		}
	}
	return e, sources
}

func TestAStalledSinkStopsTheSources(t *testing.T) {
	for _, c := range []struct {
		workload string
		params   map[string]string
		most     int64 // events a slot has taken by the time every buffer before the sink is full
	}{
		// Each event is a result: four batches of them, and one in hand.
		{"nexmark", map[string]string{"query": "q0"}, 64 * 8},
		// A window of 100 ms holds 100 events of almost as many keys; sixteen blocks a link.
		{"iot-telemetry", map[string]string{"keys": "100k", "window": "100ms"}, 64 * 128},
		// One event in five is a match and one match in ten a result.
		{"shuffle", map[string]string{"keys": "1"}, 64 * 1024},
	} {
		for slots := 1; slots <= 2; slots++ {
			t.Run(fmt.Sprintf("%s/slots=%d", c.workload, slots), func(t *testing.T) {
				e, sources := stall(t, workloadstest.Bind(t, c.workload, 1000, c.params), slots, math.MaxInt64)
				for i, s := range sources {
					if n := s.given.Load(); n > c.most || n == 0 {
						t.Errorf("slot %d took %d events, at most %d fit", i, n, c.most)
					}
				}
				if st := e.Stats(); st.BackpressureNs == 0 || st.StateB > 4<<20 {
					t.Errorf("waited %d ns, state of %d B", st.BackpressureNs, st.StateB)
				}
			})
		}
	}
}

func TestAfterAStallEveryResultIsThere(t *testing.T) {
	const events = 60_000
	for slots := 1; slots <= 2; slots++ {
		w := workloadstest.Bind(t, "iot-telemetry", 1000, map[string]string{"keys": "100k", "window": "100ms"})
		e, _ := stall(t, w, slots, events)
		checker, err := w.NewChecker(t.TempDir(), workloads.CheckerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer checker.Close()
		for _, o := range e.Outputs() {
			for !o.Done() {
				take(t, e, checker)
			}
		}
		l, err := checker.Finish(context.Background(), workloads.Delivered{
			Events: events, TooLate: int64(e.Stats().Late), Strict: slots == 1,
		})
		if err != nil || l.Matched != l.Expected || l.Matched < events/2 ||
			l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 {
			t.Errorf("%d slots: ledger %+v, %v", slots, l, err)
		}
	}
}

// take hands a batch of each output to the checker.
func take(t *testing.T, e *Engine, checker workloads.Checker) {
	t.Helper()
	for _, o := range e.Outputs() {
		if rs := o.Pop(); rs != nil {
			if err := checker.Add(rs, 0); err != nil {
				t.Fatal(err)
			}
			o.Free(rs)
		}
	}
}
