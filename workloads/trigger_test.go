package workloads

import (
	"context"
	"math/rand/v2"
	"testing"
)

// triggerByScan walks the stream from its first slot.
func triggerByScan(w *Workload, endMs int64) uint64 {
	b, g := NewBatchOf(w.Schema, nil, 1000), w.Events()
	for first := uint64(0); ; first += 1000 {
		g.Fill(b, Slots{first, 1, 1000})
		for i, ts := range b.TS {
			if ts >= endMs+w.Timeline.BoundMs {
				return first + uint64(i)
			}
		}
	}
}

func TestATriggerIsTheFirstEventThatCompletesAWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	eachStream(t, func(t *testing.T, w *Workload) {
		f := NewTriggerFinder(w)
		spanMs := 50_000 * 1000 / int64(w.Timeline.EventRate)
		for range 40 {
			end := EpochMs - w.Timeline.BoundMs - 5 + rng.Int64N(spanMs)
			want := triggerByScan(w, end)
			if got := w.TriggerAt(end); got != want {
				t.Fatalf("window to +%d ms: trigger %d, want %d", end-EpochMs, got, want)
			}
			for range 2 {
				if got, ok := f.At(end); !ok || got != want {
					t.Fatalf("window to +%d ms: found %d, %v, want %d", end-EpochMs, got, ok, want)
				}
			}
		}
	})
}

func TestAResultTellsItsTrigger(t *testing.T) {
	for _, c := range []struct {
		workload string
		params   map[string]string
		row      []int64
		endMs    int64 // 0: a per-event result, of event row[0]
	}{
		{iotName, nil, []int64{7, EpochMs + 20_000, 0, 1, 0, 1, 9}, EpochMs + 30_000},
		{ysbName, nil, []int64{7, EpochMs, 1, 1, 9}, EpochMs + 10_000},
		{nexmarkName, map[string]string{"query": "q5"}, []int64{EpochMs + 2000, 1, 1},
			EpochMs + 12_000},
		{nexmarkName, map[string]string{"query": "q7"}, []int64{EpochMs, 1, 1, 1, 1},
			EpochMs + 10_000},
		{nexmarkName, map[string]string{"query": "q11"},
			[]int64{1, EpochMs, EpochMs + 12_345, 1, 1, 1}, EpochMs + 12_345},
		{nexmarkName, map[string]string{"query": "q0", "groups": "1000"},
			[]int64{12_345, 1, 1, 1, 1}, 0},
		{nexmarkName, map[string]string{"query": "q2"}, []int64{12_345, 1, 1}, 0},
		{ordersName, nil, []int64{7, EpochMs + 20_000, 0, 1, 1, 9}, EpochMs + 30_000},
		{clickstreamName, nil, []int64{1, EpochMs, EpochMs + 12_345, 1, 1, 1}, EpochMs + 12_345},
		{poisonName, map[string]string{"groups": "100"}, []int64{12_345, 1, 1}, 0},
	} {
		w := newWorkload(t, c.workload, 1000, c.params)
		if len(c.row) != w.Query.Width() {
			t.Errorf("%s %v: width %d", c.workload, c.params, w.Query.Width())
		}
		want := w.Timeline.Slot(uint64(c.row[0]))
		if c.endMs != 0 {
			want = w.TriggerAt(c.endMs)
		}
		if got, ok := NewTriggerFinder(w).Of(c.row); !ok || got != want {
			t.Errorf("%s %v: trigger %d, %v, want %d", c.workload, c.params, got, ok, want)
		}
	}
}

// What a collector finds from a result as it arrives is what the oracle knows of the whole stream,
// also where every event is delayed a little and some by minutes.
func TestTriggersFoundLiveAreTheOracles(t *testing.T) {
	for _, c := range []struct {
		workload string
		params   map[string]string
	}{
		{ordersName, nil}, {ordersName, map[string]string{"groups": "100", "window": "700ms"}},
		{clickstreamName, nil}, {poisonName, map[string]string{"groups": "10"}},
	} {
		w := newWorkload(t, c.workload, 1000, c.params)
		f, timed := NewTriggerFinder(w), 0
		_, err := w.Expect(context.Background(), 150_000, func(e *Expected) error {
			slot, ok := f.Of(e.Row)
			if !e.Timed {
				ok = !ok || slot < 150_000 // only the end of the stream completes it
			} else {
				ok = ok && slot == e.Trigger
				timed++
			}
			if e.Timed != ok {
				t.Fatalf("%s: result %v: trigger %d, the oracle has %d, %v", c.workload, e.Row, slot,
					e.Trigger, e.Timed)
			}
			return nil
		})
		if err != nil || timed == 0 {
			t.Errorf("%s: %d results were timed: %v", c.workload, timed, err)
		}
	}
}

func TestAResultNoQueryGivesHasNoTrigger(t *testing.T) {
	q0 := NewTriggerFinder(newWorkload(t, nexmarkName, 1000, map[string]string{"query": "q0"}))
	if _, ok := q0.Of([]int64{-1, 0, 0, 0, 0}); ok {
		t.Error("the end event triggers a result")
	}
	q12 := NewTriggerFinder(newWorkload(t, nexmarkName, 1000, map[string]string{"query": "q12"}))
	if _, ok := q12.Of([]int64{1, 1, 1, 1}); ok {
		t.Error("a window in processing time has a trigger")
	}
	late := newWorkload(t, clickstreamName, 1000, map[string]string{"profile": "lateness"})
	if _, ok := NewTriggerFinder(late).Of([]int64{1, EpochMs, EpochMs + 9, 1, 1, 1, Update}); ok {
		t.Error("a session that a late click may have changed has a trigger")
	}
	iot := NewTriggerFinder(newWorkload(t, iotName, 1000, nil))
	for _, w := range []int64{-1 << 63, -20_000, maxEndMs, 1<<63 - 1} {
		if slot, ok := iot.Of([]int64{1, w, 0, 0, 0, 0, 0}); ok {
			t.Errorf("a window from %d has trigger %d", w, slot)
		}
	}
	if slot, ok := iot.At(0); !ok || slot != 0 {
		t.Errorf("a window before the stream: trigger %d, %v, want its first event", slot, ok)
	}
}

func TestFindingATriggerDoesNotAllocate(t *testing.T) {
	w := newWorkload(t, nexmarkName, 1000, map[string]string{"query": "q11"})
	f, row := NewTriggerFinder(w), []int64{1, EpochMs, EpochMs, 1, 1, 1}
	if n := testing.AllocsPerRun(1000, func() {
		row[2] += 17
		if _, ok := f.Of(row); !ok {
			t.Fatal("no trigger")
		}
	}); n != 0 {
		t.Errorf("%v allocations a result", n)
	}
}

func TestADigestTellsStreamsApart(t *testing.T) {
	base := newWorkload(t, iotName, 1000, nil)
	if again := newWorkload(t, iotName, 1000, nil); base.Digest() != again.Digest() {
		t.Error("the same settings have two digests")
	}
	seen := map[string]string{base.Digest(): "the defaults"}
	for what, w := range map[string]*Workload{
		"another rate":     newWorkload(t, iotName, 1001, nil),
		"another disorder": newWorkload(t, iotName, 1000, map[string]string{"disorder": "1s"}),
		"another order":    newWorkload(t, iotName, 1000, map[string]string{"groups": "1000"}),
		"another workload": newWorkload(t, ysbName, 1000, nil),
	} {
		d := w.Digest()
		if len(d) != 64 || seen[d] != "" {
			t.Errorf("%s: digest %s, as of %s", what, d, seen[d])
		}
		seen[d] = what
	}
}

func TestCanonicalSettingsAreWrittenInOneOrder(t *testing.T) {
	w := newWorkload(t, nexmarkName, 2000, map[string]string{"query": "q11", "gap": "1m"})
	const want = "workload=nexmark\nseed=1\nevent-rate=2000\n" +
		"bound=4s\ndisorder=0ms\ngap=1m\ngroups=1\nquery=q11\n"
	if got := w.Canonical(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
