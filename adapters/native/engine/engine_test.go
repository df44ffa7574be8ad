package engine

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// The rings are full and the state is warm; then a batch of events must not allocate at all,
// whatever the query. The collector's side is played by the test.
func TestAnEventCostsNoAllocation(t *testing.T) {
	for _, c := range []struct {
		name, workload string
		rate           uint64
		params         map[string]string
	}{
		{"tumbling", "iot-telemetry", 100_000, map[string]string{"keys": "1000", "window": "100ms"}},
		{"lookup and filter", "ysb", 100_000, nil},
		{"rank", "nexmark", 1_000_000, map[string]string{"query": "q5"}},
		{"sessions", "nexmark", 100_000, map[string]string{"query": "q11", "gap": "10ms"}},
		{"sessions taken back", "clickstream", 1_000,
			map[string]string{"profile": "lateness", "keys": "2000"}},
		{"per event", "nexmark", 100_000, map[string]string{"query": "q0"}},
		{"floats", "uc2", 1000, map[string]string{"keys": "1000", "window": "1s"}},
		{"sliding", "sliding-average", 100_000, map[string]string{"window": "1s", "bound": "100ms"}},
		{"sliding, new keys", "sliding-average", 10_000,
			map[string]string{"keys": "1M", "window": "1s", "bound": "100ms"}},
		{"process", "shuffle", 100_000, nil},
		{"timers", "fraud", 500_000, nil},
		{"in order", "cqrs", 200_000, nil},
		{"join of tables", "nexmark", 1_000_000, map[string]string{"query": "q3"}},
		{"best events of groups", "nexmark", 100_000, map[string]string{"query": "q4"}},
		{"join in windows", "nexmark", 1_000_000, map[string]string{"query": "q8", "window": "100ms"}},
		{"best events", "nexmark", 100_000, map[string]string{"query": "q9"}},
		{"newest events", "nexmark", 100_000, map[string]string{"query": "q18"}},
		{"join of two keys in windows", "karimov", 100_000, map[string]string{
			"query": "join", "window": "1s", "slide": "500ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := workloadstest.Bind(t, c.workload, c.rate, c.params)
			source := &generated{events: w.Events(), step: 1, end: math.MaxInt64}
			disk, err := checkpoint.Folder(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			e, err := New(Config{
				Workload: w, Sources: []Source{source},
				Checkpoints: &Checkpoints{Store: checkpoint.NewStore(disk)},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer e.release()
			s := e.slots[0]
			turn := func() {
				s.turn()
				s.out.flush()
				s.publish()
				for rs := s.out.out.Pop(); rs != nil; rs = s.out.out.Pop() {
					s.out.out.Free(rs)
				}
			}
			for range 2000 {
				turn()
			}
			perTurn := testing.AllocsPerRun(500, turn)
			// A turn is 1024 events. A rank allocates a few lines a window, not an event.
			if limit := map[bool]float64{true: 1, false: 0}[c.name == "rank"]; perTurn > limit {
				t.Errorf("%.2f allocations a batch of 1024 events, want at most %.0f", perTurn, limit)
			}
		})
	}
}

// endless offers the same event for ever, or nothing at all once it is silent.
type endless struct{ silent, idle bool }

func (s *endless) Next(b *workloads.Batch) Pull {
	b.N = 0
	if s.silent {
		return Pull{Wait: time.Millisecond, Idle: s.idle}
	}
	b.N, b.Seq[0], b.TS[0], b.Cols[0][0], b.Cols[1][0] = 1, 1, 1, 1, 1
	return Pull{}
}

func countByKey(boundMs int64) workloads.Query {
	return workloads.Query{
		Name: "count", Key: "k", BoundMs: boundMs,
		Window:     workloads.Window{Kind: workloads.Tumbling, SizeMs: 10},
		Aggregates: []workloads.Aggregate{{Func: workloads.Count, As: "n"}},
		Output: workloads.Output{Fields: []workloads.ResultField{
			{Name: "k", Identity: true}, {Name: "w", Identity: true}, {Name: "n"},
		}},
	}
}

func TestACancelledEngineEndsWithTheCause(t *testing.T) {
	for _, slots := range []int{1, 2} {
		var sources []Source
		for range slots {
			sources = append(sources, &endless{})
		}
		e, err := New(Config{Workload: ask(countByKey(0), nil), Sources: sources})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		why := errors.New("enough")
		go func() {
			for e.Stats().Events == 0 {
				runtime.Gosched()
			}
			cancel(why)
		}()
		if err := e.Run(ctx); !errors.Is(err, why) {
			t.Errorf("%d slots: %v", slots, err)
		}
	}
}

func TestACancelledEngineDoesNotWaitForACollectorThatIsGone(t *testing.T) {
	q := workloads.Query{Name: "all", Output: workloads.Output{
		Fields: []workloads.ResultField{{Name: "seq", Identity: true}},
	}}
	e, err := New(Config{
		Workload: ask(q, nil), Sources: []Source{&endless{}}, BatchRows: 4, OutputDepth: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for e.Outputs()[0].free.empty() == false {
			runtime.Gosched()
		}
		cancel()
	}()
	if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestASilentShardHoldsTheWatermarkBackUntilItIsIdle(t *testing.T) {
	rows := script{{5, 1, 0}, {25, 1, 0}}
	for _, idle := range []bool{false, true} {
		talker := &reader{events: rows, step: 1, sizes: []int{2}}
		e, err := New(Config{
			Workload: ask(countByKey(0), rows),
			Sources:  []Source{&neverEnding{talker}, &endless{silent: true, idle: idle}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for turn := 0; turn < 1000 && (got == 0 || !idle); turn++ {
			for _, s := range e.slots {
				s.turn()
				s.out.flush()
				for rs := s.out.out.Pop(); rs != nil; rs = s.out.out.Pop() {
					got += rs.N
					s.out.out.Free(rs)
				}
			}
		}
		if (got > 0) != idle {
			t.Errorf("idle %v: %d results", idle, got)
		}
		e.release()
	}
}

// slowReader ends at once and says that it spent an hour reading, or waiting.
type slowReader struct{ readNs int64 }

func (s *slowReader) Next(b *workloads.Batch) Pull {
	b.N = 0
	return Pull{End: true, ReadNs: s.readNs}
}

func TestReadingEventsIsWorkOfTheSystem(t *testing.T) {
	hour := time.Hour.Nanoseconds()
	for _, readNs := range []int64{0, hour} {
		e, err := New(Config{
			Workload: ask(countByKey(0), nil), Sources: []Source{&slowReader{readNs}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if busy := e.Stats().BusyNs; (busy >= hour) != (readNs == hour) {
			t.Errorf("reading for %d ns: busy for %d", readNs, busy)
		}
	}
}

// neverEnding is a source that falls silent instead of ending.
type neverEnding struct{ Source }

func (s *neverEnding) Next(b *workloads.Batch) Pull {
	p := s.Source.Next(b)
	return Pull{Wait: p.Wait}
}

func TestStateBeyondItsLimitIsAnErrorThatSaysSo(t *testing.T) {
	w := workloadstest.Bind(t, "iot-telemetry", 1_500_000, map[string]string{"keys": "1M"})
	source := &generated{events: w.Events(), step: 1, end: 3_000_000}
	e, err := New(Config{Workload: w, Sources: []Source{source}, StateLimitB: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "keyed state exceeds its limit of 8 MiB") {
		t.Error(err)
	}
}

func TestWhatTheEngineCannotRunIsRefusedBeforeItRuns(t *testing.T) {
	late := countByKey(0)
	late.LatenessMs = 5
	late.Window = workloads.Window{Kind: workloads.Session, GapMs: 5}
	gaps := countByKey(0)
	gaps.Window = workloads.Window{Kind: workloads.Hopping, SizeMs: 5, SlideMs: 10}
	taken := countByKey(0)
	taken.Retracts = true
	ghost := countByKey(0)
	ghost.Key = "ghost"
	for name, q := range map[string]workloads.Query{
		"allowed lateness of sessions that stay": late, "retractions of windows": taken, "hopping with gaps": gaps, "unknown key": ghost,
	} {
		if err := Supports(ask(q, nil)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if name != "unknown key" && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A table that grows, loses keys and takes them back must answer like a map at every step.
func TestATableAnswersLikeAMap(t *testing.T) {
	for name, stride := range map[string]int64{"dense": 1, "crowded": 1 << 20, "negative": -3} {
		t.Run(name, func(t *testing.T) { compareWithMap(t, stride) })
	}
}

func compareWithMap(t *testing.T, stride int64) {
	a := arena{batchRows: 64}
	defer a.close()
	table, err := a.table([]int64{0, 0}, firstIndex)
	if err != nil {
		t.Fatal(err)
	}
	model := map[int64]int64{}
	at := make([]uint32, 64)
	keys := make([]int64, 64)
	x := uint64(1)
	for range 3000 {
		for i := range keys {
			x = x*6364136223846793005 + 1442695040888963407
			keys[i] = int64(x>>33) % 20_000
		}
		table.locate(keys, at)
		for i, row := range at {
			if table.rows[row] != keys[i] || table.rows[row+1] != model[keys[i]] {
				t.Fatalf("key %d: row says %d, map %d", keys[i], table.rows[row+1], model[keys[i]])
			}
			table.rows[row+1]++
			model[keys[i]]++
		}
		for _, key := range keys[:16] {
			if _, ok := model[key]; ok {
				table.remove(key)
				delete(model, key)
			}
		}
	}
	if live := table.n - len(table.free); live != len(model) {
		t.Errorf("%d rows live, want %d", live, len(model))
	}
	for key, n := range model {
		if row := table.get(key); row == tombstone || table.rows[row+1] != n {
			t.Fatalf("key %d is lost", key)
		}
	}
}
