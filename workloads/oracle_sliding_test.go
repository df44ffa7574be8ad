package workloads

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func slidingQuery(size, bound int64) Query {
	return Query{
		Key: "key", Window: Window{Kind: Sliding, SizeMs: size}, BoundMs: bound,
		Aggregates: []Aggregate{{Func: Avg, Field: "value", As: "avg"}},
		Output:     Output{Fields: identity("seq", "=avg", "=key")},
	}
}

// bruteSliding looks at all rows for every row.
func bruteSliding(rows [][]int64, size, bound int64) []string {
	var want []string
	for _, of := range rows {
		if of[2] != 0 {
			continue
		}
		var n, sum, seqs int64
		for _, r := range readings(rows, of[3]) {
			if of[1]-size <= r[1] && r[1] <= of[1] {
				n, sum, seqs = n+1, sum+r[4], seqs+r[0]
			}
		}
		want = append(want, fmt.Sprintf("%d|%d|%d|%d %d/%d @%d %s", of[0], sum, n, of[3], n, seqs, of[1],
			firstAt(rows, of[1]+bound)))
	}
	return want
}

// Under any shuffle within the bound every event has its result, and it is what looking at all
// events gives: both ends and ties included.
func TestSlidingWindowsAgreeWithBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(0, 30).Draw(t, "bound")
		size := rapid.Int64Range(1, 25).Draw(t, "size")
		rows := drawStream(t, bound)
		w := handmade(slidingQuery(size, bound), rows)
		var got []string
		last := int64(-1 << 60)
		late, err := w.Expect(context.Background(), uint64(len(rows)), func(e *Expected) error {
			if e.EndMs < last {
				t.Errorf("a result at %d after one at %d", e.EndMs, last)
			}
			last = e.EndMs
			got = append(got, render(w, e))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := bruteSliding(rows, size, bound)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || late.OnTime != uint64(len(want)) || late.TooLate > 0 {
			t.Errorf("late %+v\ngot  %q\nwant %q", late, got, want)
		}
	})
}

// An event the stream is beyond by more than the bound has no result and is in none; one exactly
// at the bound has.
func TestASlidingWindowLeavesOutWhatIsTooLate(t *testing.T) {
	w := handmade(slidingQuery(10, 5), [][]int64{
		{0, 100, 0, 1, 1}, {1, 95, 0, 1, 10}, {2, 94, 0, 1, 100}, {3, 106, 0, 1, 1000},
	})
	got, late := outcomes(t, w, 4)
	want := []string{"1|10|1|1 1/1 @95 0", "0|11|2|1 2/1 @100 3", "3|1001|2|1 2/3 @106 end"}
	if !slices.Equal(got, want) || late != (Lateness{OnTime: 3, TooLate: 1}) {
		t.Errorf("got %q, %+v", got, late)
	}
}

// The trigger of a sliding result follows from its line, in whatever order events come.
func TestTriggersOfSlidingResultsAreTheOracles(t *testing.T) {
	for _, params := range []map[string]string{nil, {"groups": "100", "bound": "3s"}} {
		w := newWorkload(t, slidingAverageName, 1000, params)
		f := NewTriggerFinder(w)
		timed := 0
		_, err := w.Expect(context.Background(), 20_000, func(e *Expected) error {
			if slot, ok := f.Of(e.Row); e.Timed && (!ok || slot != e.Trigger) {
				t.Fatalf("row %v: trigger %d, %v; the oracle has %d", e.Row, slot, ok, e.Trigger)
			}
			if e.Timed {
				timed++
			}
			return nil
		})
		if err != nil || timed < 17_000 {
			t.Fatal(timed, err)
		}
		for _, seq := range []int64{-1, -1 << 63} {
			if slot, ok := f.Of([]int64{seq, 0, 0, 0, 0}); ok {
				t.Errorf("the result of event %d has trigger %d", seq, slot)
			}
		}
	}
}

// A wrong sliding result names the event that is missing or does not belong to it.
func TestAWrongSlidingResultNamesTheEvent(t *testing.T) {
	w := newWorkload(t, slidingAverageName, 1000, map[string]string{"keys": "10", "disorder": "0ms"})
	const events = 20_000
	right := answers(t, w, events)
	b := NewBatch(w.Schema, events)
	w.Events().Fill(b, Slots{Step: 1, N: events})
	// Of one key: an event more than a window before another, and one inside its window.
	const at = 15_000
	key := b.Cols[averagesKey][at]
	before := slices.Index(b.Cols[averagesKey][:1000], key)
	inside := at - 5000 + slices.Index(b.Cols[averagesKey][at-5000:at], key)
	row := slices.IndexFunc(right, func(r []int64) bool { return r[0] == at })
	for note, by := range map[string]int64{
		fmt.Sprintf("event %d lost", inside):           -int64(inside),
		fmt.Sprintf("event %d counted twice", inside):  int64(inside),
		fmt.Sprintf("event %d counted, which", before): int64(before),
	} {
		rows := slices.Clone(right)
		r := slices.Clone(rows[row])
		n := int64(1)
		if by < 0 {
			n = -1
		}
		r[2], r[3], r[4] = r[2]+n, r[3]+n, r[4]+by
		rows[row] = r
		l := account(t, w, Delivered{Events: events, TooLate: 0, Strict: true}, rows)
		if classes(l) != "wrong 1" || !strings.HasPrefix(l.Offenders[0].Note, note) {
			t.Errorf("want %q: %s, %+v", note, classes(l), l.Offenders)
		}
	}
}

// A million results in any order take a bucket of memory at a time, garbage among them or not.
func TestSlidingResultsAreMatchedABucketAtATime(t *testing.T) {
	w := newWorkload(t, slidingAverageName, 100_000, nil)
	const events = 300_000
	rows := answers(t, w, events)
	slices.Reverse(rows)
	for _, seq := range []int64{-1, events, 1 << 40, 1<<63 - 1} {
		rows = append(rows, []int64{seq, 0, 1, 1, 0})
	}
	dir := t.TempDir()
	c, err := w.NewChecker(dir, CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	deliver(t, w, c, rows)
	most := int64(0)
	spool := c.(*windowChecker).rows
	for _, number := range spool.numbers() {
		most = max(most, spool.count(number))
	}
	if most > 2*slidingBucket {
		t.Errorf("a bucket holds %d results", most)
	}
	l, err := c.Finish(context.Background(), Delivered{Events: events, TooLate: -1})
	if err != nil || classes(l) != "phantom 4" || l.Matched != events {
		t.Errorf("%v, %s, %d matched", err, classes(l), l.Matched)
	}
}
