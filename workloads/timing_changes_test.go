package workloads

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// Queries whose triggers the oracle alone knows, with events for a few thousand results.
var timedAfterwards = []struct {
	workload string
	rate     uint64
	params   map[string]string
	events   uint64
}{
	{nexmarkName, 10_000, map[string]string{"query": "q3"}, 300_000},
	{nexmarkName, 10_000, map[string]string{"query": "q4"}, 30_000},
	{nexmarkName, 10_000, map[string]string{"query": "q9"}, 30_000},
	{nexmarkName, 10_000, map[string]string{"query": "q18"}, 20_000},
	{nexmarkName, 10_000, map[string]string{"query": "q20", "groups": "1000"}, 20_000},
	{fraudName, 10_000, nil, 500_000},
	{cqrsName, 10_000, map[string]string{"keys": "500"}, 20_000},
}

// TestTriggersAreToldOnceTheRunIsOver delivers all results but a few, in an order of their own, and
// upserts by way of another value: what is told are the triggers of the oracle, and when a result
// had the value that is right.
func TestTriggersAreToldOnceTheRunIsOver(t *testing.T) {
	for _, c := range timedAfterwards {
		t.Run(fmt.Sprint(c.workload, c.params), func(t *testing.T) {
			t.Parallel()
			w := newWorkload(t, c.workload, c.rate, c.params)
			if w.Query.Timed() || !w.Query.TimedAfter() {
				t.Fatalf("%+v", w.Query)
			}
			checker, err := w.NewChecker(t.TempDir(), CheckerOptions{LastEvents: true})
			if err != nil {
				t.Fatal(err)
			}
			defer checker.Close()
			wantTold, wantLost := map[Timing]int{}, map[uint64]int{}
			i, rs := int64(0), NewResults(w.Query, 1)
			deliverAt := func(row []int64, at int64) {
				rs.N = 1
				for c, x := range row {
					rs.Cols[c][0] = x
				}
				if err := checker.Add(rs, at); err != nil {
					t.Fatal(err)
				}
			}
			value := slices.IndexFunc(w.Query.Output.Fields,
				func(f ResultField) bool { return !f.Identity })
			_, err = w.Expect(context.Background(), c.events, func(e *Expected) error {
				if i++; i%5 == 3 {
					wantLost[e.Trigger]++
					return nil
				}
				at := i * 1000
				wantTold[Timing{Trigger: e.Trigger, ReceivedNs: at}]++
				if w.Query.Output.Kind == Upsert {
					other := slices.Clone(e.Row)
					other[value]--
					deliverAt(e.Row, at-3) // right, but not for good
					deliverAt(other, at-2)
				}
				deliverAt(e.Row, at)
				deliverAt(e.Row, at+1) // again
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			gotTold, gotLost := map[Timing]int{}, map[uint64]int{}
			_, err = checker.Finish(context.Background(), Delivered{Events: c.events, TooLate: -1,
				Lost:  func(trigger uint64) { gotLost[trigger]++ },
				Timed: func(x Timing) { gotTold[x]++ }})
			if err != nil {
				t.Fatal(err)
			}
			if len(gotTold) < 3 || !maps.Equal(gotTold, wantTold) || !maps.Equal(gotLost, wantLost) {
				t.Errorf("told %d, want %d; lost %d, want %d", len(gotTold), len(wantTold),
					len(gotLost), len(wantLost))
			}
		})
	}
}

// TestTheTriggerOfAnAnswerIsTheEventItNames holds triggers against lines that name their event.
func TestTheTriggerOfAnAnswerIsTheEventItNames(t *testing.T) {
	for _, c := range []struct {
		workload, field string
		params          map[string]string
		events          uint64
	}{
		{fraudName, "large", nil, 500_000},
		{nexmarkName, seqField, map[string]string{"query": "q18"}, 20_000},
	} {
		w := newWorkload(t, c.workload, 10_000, c.params)
		column := w.Query.columnOf(c.field)
		n := 0
		_, err := w.Expect(context.Background(), c.events, func(e *Expected) error {
			n++
			if e.Row[column] != int64(e.Trigger) || !e.Timed {
				t.Errorf("%v is triggered by %d", e.Row, e.Trigger)
			}
			return nil
		})
		if err != nil || n < 50 {
			t.Errorf("%s: %d results, %v", c.workload, n, err)
		}
	}
}

// TestWindowJoinsTellTheLaterSide compares the last event told with the later of the two a result
// names.
func TestWindowJoinsTellTheLaterSide(t *testing.T) {
	w := newWorkload(t, karimovName, 100_000, map[string]string{"query": "join"})
	const n = 1_000_000
	right := answers(t, w, n)
	checker, err := w.NewChecker(t.TempDir(), CheckerOptions{LastEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	defer checker.Close()
	want := map[uint64]int{}
	for _, row := range right {
		want[uint64(max(row[1], row[2]))]++
	}
	deliver(t, w, checker, right)
	got := map[uint64]int{}
	_, err = checker.Finish(context.Background(), Delivered{Events: n, TooLate: -1,
		Timed: func(x Timing) {
			if x.HasLast {
				got[x.Last]++
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	for last, k := range got {
		if want[last] < k {
			t.Fatalf("event %d is the last of %d results, and of %d told", last, want[last], k)
		}
	}
	if len(got) == 0 {
		t.Error("nothing is told")
	}
}
