package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// latched is a shard whose second call waits until it is let go.
type latched struct {
	*tape
	calls atomic.Int32
	open  chan struct{}
}

func (s *latched) Next(b *workloads.Batch) Pull {
	if s.calls.Add(1) == 2 {
		<-s.open
	}
	return s.tape.Next(b)
}

// One shard is slow: it gives events only after the other slot has put the barrier. With alignment
// the other slot waits for them. Without, it captures too early, and after a restart the events are
// in nobody's state: the source of the slow shard goes on behind them.
func TestABarrierThatOvertakesLosesEvents(t *testing.T) {
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprintf("early=%v", early), func(t *testing.T) {
			s := make(script, 400)
			for i := range s {
				s[i] = [3]int64{workloads.EpochMs + int64(i/40), int64(i % 8), 1}
			}
			w := ask(countByKey(0), s)
			r := newTrial(t, w, len(s), t.TempDir())
			r.plant.EarlyBarrier = early
			captureBehind(t, r)
			r.recover()
			if r.from == nil {
				t.Fatal("no checkpoint was completed")
			}
			expected, _ := want(t, w, len(s))
			got, _ := r.finish(2, 1, 0)
			if slices.Equal(got, expected) == early {
				t.Errorf("early %v: %s", early, diff(got, expected))
			}
		})
	}
}

// captureBehind takes a checkpoint while the second shard is behind, and cancels the job.
func captureBehind(t *testing.T, r *trial) {
	a := &attempt{trial: r, parts: map[uint64][]checkpoint.Part{}, failed: map[uint64]error{}, ended: map[uint64]int{}}
	a.wake.L = &a.mu
	a.gate.Store(30)
	tapes := r.tapes(2, &a.gate)
	slow := &latched{tape: tapes[1], open: make(chan struct{})}
	var begun, captured atomic.Bool
	e, err := New(Config{
		Workload: r.w, Sources: []Source{tapes[0], slow}, BatchRows: 16, Plant: r.plant,
		Checkpoints: &Checkpoints{
			Store: r.store,
			Begin: func(slot int, _ uint64) { begun.Store(begun.Load() || slot == 0) },
			Done: func(slot int, id uint64, rep Report) {
				captured.Store(captured.Load() || slot == 0)
				a.done(slot, id, rep)
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	a.engines = []*Engine{e}
	_ = a.run(func(cancel func()) {
		defer cancel()
		for slow.calls.Load() < 2 {
			time.Sleep(time.Millisecond)
		}
		r.id++
		e.Checkpoint(r.id)
		until(t, func() bool { return begun.Load() && (captured.Load() || !r.plant.EarlyBarrier) })
		close(slow.open)
		if err := a.complete(r.id); err != nil {
			t.Error(err)
		}
	})
}

// until waits for what must come.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); {
		if time.Now().After(end) {
			t.Fatal("it never came")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestASlotThatHasEndedSaysSo(t *testing.T) {
	r := newTrial(t, ask(countByKey(0), script{{1, 1, 1}}), 1, t.TempDir())
	a := r.begin(2, 1)
	a.gate.Store(10)
	if err := a.run(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.checkpoint(); !errors.Is(err, errEnded) {
		t.Errorf("an engine that has ended took part in a checkpoint: %v", err)
	}
}

func TestASlotWhoseSourceHasEndedTakesPart(t *testing.T) {
	s := make(script, 100)
	for i := range s {
		s[i] = [3]int64{int64(i), int64(i % 3), 1}
	}
	w := ask(countByKey(0), s)
	r := newTrial(t, w, len(s), t.TempDir())
	a := r.begin(2, 2)
	tapes := []*tape{a.engines[0].slots[0].source.(*tape), a.engines[1].slots[0].source.(*tape)}
	own := &atomic.Int64{}
	own.Store(1000)
	tapes[1].gate = own
	a.gate.Store(10)
	_ = a.run(func(cancel func()) {
		defer cancel()
		until(t, func() bool { return a.engines[1].Stats().Events == 50 })
		if _, err := a.checkpoint(); err != nil {
			t.Error(err)
		}
	})
	r.recover()
	expected, _ := want(t, w, len(s))
	if got, _ := r.finish(3, 2, 1); !slices.Equal(got, expected) {
		t.Error(diff(got, expected))
	}
}

func TestAFullDiskFailsTheCheckpointAndNotTheJob(t *testing.T) {
	s := make(script, 300)
	for i := range s {
		s[i] = [3]int64{int64(i), int64(i % 30), 1}
	}
	w := ask(countByKey(0), s)
	disk, err := checkpoint.Folder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	faulty := checkpoint.NewFaulty(disk)
	r := &trial{t: t, w: w, n: len(s), rows: 16, sizes: []int{3}, store: checkpoint.NewStore(faulty), pending: map[uint64][]string{}}
	a := r.begin(2, 1)
	_ = a.run(func(cancel func()) {
		defer cancel()
		for i, full := range []bool{false, true, false} {
			a.gate.Add(30)
			if err := faulty.Set(checkpoint.Faults{Full: full}); err != nil {
				t.Error(err)
			}
			if _, err := a.checkpoint(); (err != nil) != full {
				t.Errorf("checkpoint %d, full %v: %v", i+1, full, err)
			}
		}
	})
	r.recover()
	if r.from.ID != 3 {
		t.Errorf("restored from %d", r.from.ID)
	}
	expected, _ := want(t, w, len(s))
	if got, _ := r.finish(2, 1, 0); !slices.Equal(got, expected) {
		t.Error(diff(got, expected))
	}
}

// Every kind of query the catalog asks, with as many keys as fill many pages, is cut off in the
// middle of copying and restored.
func TestQueriesOfTheCatalogSurviveACut(t *testing.T) {
	for _, c := range []struct {
		name, workload string
		rate           uint64
		params         map[string]string
		slots          [3]int
		engines        int
	}{
		{"tumbling", "iot-telemetry", 100_000, map[string]string{"keys": "20k", "window": "300ms"}, [3]int{2, 3, 1}, 2},
		{"lookup and filter", "ysb", 100_000, nil, [3]int{2, 1, 2}, 2},
		{"rank", "nexmark", 100_000, map[string]string{"query": "q5", "slide": "100ms", "window": "500ms"}, [3]int{2, 3, 4}, 2},
		{"rank of events", "nexmark", 100_000, map[string]string{"query": "q7"}, [3]int{3, 1, 2}, 3},
		{"sessions", "nexmark", 100_000, map[string]string{"query": "q11", "gap": "10ms"}, [3]int{2, 4, 3}, 2},
		{"sessions taken back", "clickstream", 1000, map[string]string{"profile": "lateness", "keys": "2000"}, [3]int{1, 1, 1}, 1},
		{"per event", "nexmark", 100_000, map[string]string{"query": "q0"}, [3]int{2, 2, 1}, 2},
		{"floats", "uc2", 10_000, map[string]string{"keys": "1000", "window": "1s"}, [3]int{2, 3, 2}, 2},
		{"sliding", "sliding-average", 10_000, map[string]string{"window": "1s"}, [3]int{2, 3, 1}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := workloadstest.Bind(t, c.workload, c.rate, c.params)
			n := 60_000
			r := newTrial(t, w, n, t.TempDir())
			r.rows, r.sizes = 256, []int{256, 100}
			for i, slots := range c.slots[:2] {
				a := r.begin(slots, c.engines)
				_ = a.run(func(cancel func()) {
					defer cancel()
					for range 3 {
						a.gate.Add(int64(n / 8 / slots))
						if _, err := a.checkpoint(); err != nil {
							t.Error(err)
						}
					}
					a.gate.Add(100)
					r.id++
					for _, e := range a.engines {
						e.Checkpoint(r.id) // and nobody waits for it
					}
				})
				r.recover()
				if r.from == nil || r.from.ID != r.id-1 && r.from.ID != r.id {
					t.Fatalf("life %d left no checkpoint", i)
				}
			}
			expected, late := want(t, w, n)
			if w.Query.Retracts { // the oracle knows what is left in the end, and not the way there
				whole := newTrial(t, w, n, t.TempDir())
				whole.rows, whole.sizes = r.rows, r.sizes
				expected, _ = whole.finish(1, 1, 0)
			}
			got, stats := r.finish(c.slots[2], c.engines, 2)
			if !slices.Equal(got, expected) {
				t.Errorf("%d results, want %d", len(got), len(expected))
			}
			if c.slots[0] == 1 && stats.Late != late.TooLate {
				t.Errorf("late: engine %d, oracle %d", stats.Late, late.TooLate)
			}
		})
	}
}

func TestStateOfAnotherQueryIsRefused(t *testing.T) {
	s := script{{1, 1, 1}, {2, 2, 2}}
	r := newTrial(t, ask(countByKey(0), s), len(s), t.TempDir())
	a := r.begin(1, 1)
	_ = a.run(func(cancel func()) {
		defer cancel()
		if _, err := a.checkpoint(); err != nil {
			t.Error(err)
		}
	})
	r.recover()
	other := countByKey(0)
	other.Window.SizeMs = 20
	if _, err := New(Config{Workload: ask(other, s), Sources: []Source{&tape{}}, Restore: r.from}); err == nil {
		t.Error("taken for its own")
	}
}

// Without a store the barriers still divide the results.
func TestBarriersWithoutAStoreDivideTheResults(t *testing.T) {
	s := script{{1, 1, 1}, {25, 1, 1}, {45, 1, 1}}
	gate := &atomic.Int64{}
	gate.Store(2)
	done := make(chan Report, 1)
	e, err := New(Config{
		Workload: ask(countByKey(0), s),
		Sources:  []Source{&tape{events: s, n: len(s), spots: []spot{{Step: 1}}, sizes: []int{1}, gate: gate}},
		Checkpoints: &Checkpoints{
			Done: func(_ int, _ uint64, r Report) { done <- r },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Run(context.Background()) }()
	until(t, func() bool { return e.Stats().Results == 1 })
	e.Checkpoint(7)
	if r := <-done; r.Err != nil || len(r.Part.Files) != 0 || len(r.Part.Mark) == 0 {
		t.Errorf("%+v", r)
	}
	gate.Store(10)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	var got []string
	for h, ok := e.Outputs()[0].Take(); ok; h, ok = e.Outputs()[0].Take() {
		if h.Results == nil {
			got = append(got, fmt.Sprint("marker ", h.Epoch))
		} else {
			got = append(got, fmt.Sprint(h.Results.N, " of ", h.Epoch))
		}
	}
	if want := "[1 of 0 marker 7 2 of 7]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %v", got, want)
	}
}
