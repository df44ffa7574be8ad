package workloads

import (
	"context"
	"slices"
	"testing"
)

// lastByScan finds the last slot of every key in every window of a query that reads all events of a
// variant, by going through the stream and nothing else.
func lastByScan(w *Workload, n, key int) map[[2]int64]uint64 {
	win := w.Query.Window
	slide := win.SlideMs
	if win.Kind == Tumbling {
		slide = win.SizeMs
	}
	last := map[[2]int64]uint64{}
	slot := uint64(0)
	scan(w, n, func(b *Batch) {
		for i, ts := range b.TS[:b.N] {
			if w.Schema.Tag == "" || b.Cols[0][i] == int64(w.Query.From) {
				for s := floorTo(ts, slide); s > ts-win.SizeMs; s -= slide {
					last[[2]int64{b.Cols[key][i], s}] = slot
				}
			}
			slot++
		}
	})
	return last
}

// TestTheLastEventInsideAResultIsThatOfAPlainScan delivers all results but a few, some twice, and
// compares what is told of their times with a scan of the stream.
func TestTheLastEventInsideAResultIsThatOfAPlainScan(t *testing.T) {
	const n = 120_000
	for _, c := range []struct {
		workload string
		params   map[string]string
		key      int // column of an event
		ids      [2]int
	}{
		{iotName, map[string]string{"keys": "500", "window": "1s"}, 0, [2]int{0, 1}},
		{iotName, map[string]string{"keys": "50", "window": "3s", "groups": "1000"}, 0, [2]int{0, 1}},
		{hoppingAverageName, map[string]string{"keys": "20", "window": "3s", "slide": "700ms"},
			averagesKey, [2]int{0, 1}},
		{nexmarkName, map[string]string{"query": "q5"}, bidAuction, [2]int{1, 0}},
	} {
		rate := uint64(10_000)
		if c.workload == nexmarkName {
			rate = 1000 // its windows are longer
		}
		w := newWorkload(t, c.workload, rate, c.params)
		if !w.Query.TellsLast() {
			t.Fatalf("%s: %+v", c.workload, w.Query)
		}
		want, right := lastByScan(w, n, c.key), answers(t, w, n)
		lost := map[int64]int{} // triggers
		kept := slices.Clone(right[:0])
		for i, row := range right {
			if i%97 == 5 {
				end := row[w.Query.columnOf(WindowStart)] + w.Query.Window.SizeMs
				if slot := w.TriggerAt(end); slot < n {
					lost[int64(slot)]++
				}
				continue
			}
			kept = append(kept, row)
		}
		copies := slices.Concat(kept, kept[:10]) // arrive at later than the first of each
		byArrival := map[int64][]int64{}
		chk, err := w.NewChecker(t.TempDir(), CheckerOptions{LastEvents: true})
		if err != nil {
			t.Fatal(err)
		}
		defer chk.Close()
		rs := NewResults(w.Query, 1)
		for i, row := range copies {
			for col, x := range row {
				rs.Cols[col][0] = x
			}
			rs.N = 1
			byArrival[int64(i)] = row
			if err := chk.Add(rs, int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		told := 0
		l, err := chk.Finish(context.Background(), Delivered{
			Events: n, TooLate: -1, Strict: true,
			Lost: func(trigger uint64) { lost[int64(trigger)]-- },
			Timed: func(got Timing) {
				told++
				row := byArrival[got.ReceivedNs]
				end := row[w.Query.columnOf(WindowStart)] + w.Query.Window.SizeMs
				id := [2]int64{row[c.ids[0]], row[c.ids[1]]}
				if !got.HasLast || got.Last != want[id] || got.Trigger != w.TriggerAt(end) ||
					got.ReceivedNs >= int64(len(kept)) {
					t.Fatalf("%s %v: %+v, want last %d, trigger %d", c.workload, row, got, want[id],
						w.TriggerAt(end))
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		untimed := 0
		for _, row := range kept {
			if w.TriggerAt(row[w.Query.columnOf(WindowStart)]+w.Query.Window.SizeMs) >= n {
				untimed++
			}
		}
		if l.Matched != uint64(len(kept)) || told != len(kept)-untimed || told < 10 {
			t.Errorf("%s: %d told of %d matched, %d of them untimed", c.workload, told, l.Matched, untimed)
		}
		for trigger, n := range lost {
			if n != 0 {
				t.Errorf("%s: %d lost results of trigger %d are not told", c.workload, n, trigger)
			}
		}
	}
}

// TestEveryLostResultIsToldWithItsTrigger loses results of queries of other shapes.
func TestEveryLostResultIsToldWithItsTrigger(t *testing.T) {
	const n = 60_000
	for _, c := range []struct {
		workload string
		params   map[string]string
	}{
		{nexmarkName, map[string]string{"query": "q0"}},
		{nexmarkName, map[string]string{"query": "q0", "groups": "1000"}},
		{nexmarkName, map[string]string{"query": "q11"}},
		{clickstreamName, map[string]string{"keys": "500", "gap": "200ms", "disorder": "1ms",
			"bound": "1ms"}},
		{slidingAverageName, map[string]string{"keys": "10", "window": "100ms"}},
	} {
		w := newWorkload(t, c.workload, 1000, c.params)
		want := map[uint64]int{}
		var kept [][]int64
		i := 0
		if _, err := w.Expect(context.Background(), n, func(e *Expected) error {
			if i++; i%19 == 3 {
				if e.Timed {
					want[e.Trigger]++
				}
			} else {
				kept = append(kept, slices.Clone(e.Row))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(want) < 5 {
			t.Fatalf("%s: only %d are timed of what is lost", c.workload, len(want))
		}
		d := Delivered{Events: n, TooLate: -1, Strict: true,
			Lost: func(trigger uint64) { want[trigger]-- }}
		account(t, w, d, kept)
		for trigger, n := range want {
			if n != 0 {
				t.Errorf("%s %v: trigger %d is off by %d", c.workload, c.params, trigger, n)
			}
		}
	}
}
