package scenarios

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// keyed is a query whose results carry their key behind the window.
func keyed() workloads.Query {
	return workloads.Query{
		Key: "k", Window: workloads.Window{Kind: workloads.Tumbling, SizeMs: 1000},
		Aggregates: []workloads.Aggregate{{Func: workloads.Count, As: "n"}},
		Output: workloads.Output{Fields: []workloads.ResultField{
			{Name: workloads.WindowStart, Identity: true}, {Name: "k", Identity: true}, {Name: "n"}}},
	}
}

// oneKeyEach is one key of each of n slots.
func oneKeyEach(n int) []int64 {
	keys := make([]int64, n)
	for left, k := n, int64(1); left > 0; k++ {
		if p := workloads.SlotOf(k, n); keys[p] == 0 {
			keys[p] = k
			left--
		}
	}
	return keys
}

// window has some ranges answer a window that closes at its number in seconds.
func (r *ranges) window(number int64, receivedNs int64, keys ...int64) {
	rs := &workloads.Results{N: len(keys), Cols: [][]int64{make([]int64, len(keys)), keys,
		make([]int64, len(keys))}}
	r.took(rs, row{uint64(number) * 1000, number * 1e9, receivedNs}, 0, len(keys))
}

func TestProcessedIsThatOfTheLeastAdvancedRange(t *testing.T) {
	keys := oneKeyEach(4)
	r := newRanges(keyed(), 4)
	for n := int64(1); n <= 5; n++ {
		r.window(n, n*1e9, keys[:3]...)
		if got := r.processed(); n > 1 && got != uint64(n-1)*1000+1 {
			t.Errorf("window %d has come of three ranges of four, processed is %d", n, got)
		}
		r.window(n, n*1e9+1, keys[3])
		if got := r.processed(); got != uint64(n)*1000+1 {
			t.Errorf("window %d is whole, processed is %d", n, got)
		}
	}
	for n := int64(6); n <= 30; n++ {
		r.window(n, n*1e9, keys[0], keys[1], keys[3])
		if got := r.processed(); got != 5001 {
			t.Fatalf("one range is out since window 5, processed moved to %d", got)
		}
	}
	for n := int64(6); n <= 30; n++ {
		r.window(n, 31e9, keys[2])
		if got := r.processed(); got != uint64(n)*1000+1 {
			t.Fatalf("it has caught up to window %d, processed is %d", n, got)
		}
	}
}

func TestARangeThatLeavesWindowsOutIsNotWaitedForAsLongAsItDoes(t *testing.T) {
	keys := oneKeyEach(3)
	r := newRanges(keyed(), 3)
	for n := int64(1); n <= 20; n++ {
		now := keys[:2]
		if n%4 == 0 {
			now = keys
		}
		r.window(n, n*1e9, now...)
		if got := r.processed(); n > 8 && got != uint64(n)*1000+1 {
			t.Errorf("window %d: processed is %d", n, got)
		}
	}
	for n := int64(21); n <= 40; n++ {
		r.window(n, n*1e9, keys[:2]...)
	}
	if got := r.processed(); got != 20001 {
		t.Errorf("it was never silent for so long, and processed is %d", got)
	}
}

func TestRangesFollowFromTheQuery(t *testing.T) {
	q := keyed()
	if r := newRanges(q, 6); r.n != 6 || r.column != 1 {
		t.Errorf("a key in the result: %+v", r)
	}
	q.Rank = &workloads.Rank{By: "n"}
	if r := newRanges(q, 6); r.n != 1 {
		t.Errorf("ranked over all keys: %d ranges", r.n)
	}
	q = keyed()
	q.Output.Fields = q.Output.Fields[:1]
	if r := newRanges(q, 6); r.n != 1 {
		t.Errorf("no key in the result: %d ranges", r.n)
	}
	r := newRanges(workloads.Query{}, 3)
	if r.n != 3 || !r.byShard {
		t.Errorf("answered event by event: %+v", r)
	}
	for slot := range uint64(9) {
		r.took(nil, row{slot, int64(slot), int64(slot)}, 0, 1)
	}
	if !slices.Equal(r.newest, []uint64{7, 8, 9}) || r.processed() != 7 {
		t.Errorf("newest %v, processed %d", r.newest, r.processed())
	}
}

// However late a fault is known, within what is remembered: the first result of each range that needs
// an event due after it is found, to the millisecond.
func TestFirstResultsAreFoundThoughTheWatchBeginsLate(t *testing.T) {
	const n = 4
	keys := oneKeyEach(n)
	rapid.Check(t, func(r *rapid.T) {
		k := newRanges(keyed(), n)
		k.keep()
		t0 := rapid.Int64Range(2_000, 3_000).Draw(r, "t0") * 1e6
		known := t0 + rapid.Int64Range(0, 900).Draw(r, "known")*1e6
		out := make([]int64, n) // how long each range is silent after t0
		for p := range out {
			out[p] = rapid.Int64Range(0, 1500).Draw(r, "out") * 1e6
		}
		want := make([]int64, n)
		watched := false
		for at := int64(0); at < 6e9; at += 5e6 {
			if at >= known && !watched {
				k.watch(7, t0)
				watched = true
			}
			for p, key := range keys {
				if at >= t0 && at < t0+out[p] {
					continue
				}
				due := at - 3e6
				rs := &workloads.Results{N: 1, Cols: [][]int64{{0}, {key}, {0}}}
				k.took(rs, row{uint64(at / 5e6), due, at}, 0, 1)
				if due >= t0 && want[p] == 0 {
					want[p] = at
				}
			}
		}
		got := k.firsts()
		if len(got) != 1 || got[0].Fault != 7 || !slices.Equal(got[0].AtNs, want) {
			r.Fatalf("t0 %d: firsts %+v, want %v", t0, got, want)
		}
	})
}

func TestARangeWithoutResultsIsNoneThatIsOut(t *testing.T) {
	keys := oneKeyEach(3)
	r := newRanges(keyed(), 3)
	r.keep()
	for n := int64(1); n <= 5; n++ {
		r.window(n, n*1e9, keys[:2]...)
	}
	r.watch(1, 4.5e9)
	r.window(6, 6e9, keys[0])
	if got := r.firsts()[0].AtNs; !slices.Equal(got, []int64{5e9, 5e9, record.NeverFirst}) {
		t.Errorf("%v", got)
	}
	r.watch(2, 5.5e9)
	if got := r.firsts()[1].AtNs; !slices.Equal(got, []int64{6e9, 0, record.NeverFirst}) {
		t.Errorf("%v", got)
	}
}

func TestStretchesAreExactOnceTheOracleHasSpoken(t *testing.T) {
	s := &stretches{}
	due := func(ns int64) uint64 { return uint64(max(ns, 0) / 1e6) } // 1000 a second
	for at := int64(0); at < 2e9; at += 10e6 {
		s.took(at, 10)
		s.late(at, 2e6)
		s.moved(at, due(at)) // the most advanced range
	}
	// One range is out from 0.5 s to 1.25 s, then answers all at once.
	for at := int64(0); at < 2e9; at += 10e6 {
		received := at
		if at >= 500e6 {
			received = max(at, 1250e6)
		}
		s.timed(at, workloads.Timing{Trigger: uint64(at / 1e6), ReceivedNs: at})
		s.timed(at, workloads.Timing{Trigger: uint64(at / 1e6), ReceivedNs: received})
	}
	all := s.close(s.known(), 2e9-1, due)
	sum := uint64(0)
	for i, x := range all {
		if x.FromNs != int64(i)*record.StretchNs {
			t.Fatalf("stretch %d begins at %d", i, x.FromNs)
		}
		out := i >= 5 && i < 12
		if out && x.Answered != 0 || !out && x.Answered == 0 {
			t.Errorf("stretch %d answered %d", i, x.Answered)
		}
		if x.Results != 100 || x.LatencyNs != 2e6 {
			t.Errorf("stretch %d: %+v", i, x)
		}
		sum += x.Answered
	}
	if most := all[12].Backlog; len(all) != 20 || sum != 1991 || most < 755 || most > 762 {
		t.Errorf("%d stretches, %d answered, %d behind at the most", len(all), sum, all[12].Backlog)
	}
}
