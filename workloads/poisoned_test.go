package workloads

import (
	"slices"
	"testing"
)

// poisonedOf is every kind of query with poison in its stream, and the events damaged.
func poisonedOf(t *testing.T, name string, params map[string]string, doses ...Poison) *Workload {
	t.Helper()
	w := newWorkload(t, name, 10_000, params)
	for _, d := range doses {
		var err error
		if w, err = w.Poisoned(d.From, d.Events); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// TestPoisonDamagesAsManyEventsAsAsked reads the wire form of the stream and finds exactly as many
// unreadable events, all of them from the slot on; another process damages the same.
func TestPoisonDamagesAsManyEventsAsAsked(t *testing.T) {
	for _, c := range []struct {
		name   string
		params map[string]string
		n      int
	}{
		{iotName, map[string]string{"groups": "1000"}, 60_000}, {nexmarkName, nil, 60_000},
		{shuffleName, nil, 12_000}, {fraudName, nil, 60_000}, {cqrsName, nil, 60_000},
		{ysbName, nil, 60_000}, {uc2Name, nil, 60_000}, {karimovName, nil, 60_000},
	} {
		w := poisonedOf(t, c.name, c.params, Poison{5000, 40}, Poison{4000, 20})
		again, err := throughJSON(t, w.Spec()).Bind()
		if err != nil {
			t.Fatal(err)
		}
		codec, b := JSONCodec(w.Schema), NewBatch(w.Schema, 1)
		damaged, slot, first := 0, uint64(0), uint64(0)
		poisoned(w, c.n, func(seq uint64, event []byte, spoilt bool) {
			switch err := codec.Decode(event, b, 0); {
			case spoilt != (w.reason(seq) != 0) || w.reason(seq) != again.reason(seq):
				t.Fatalf("%s event %d: spoilt %v, reason %d", c.name, seq, spoilt, w.reason(seq))
			case spoilt && err == nil && len(event) <= w.Query.MaxEventB:
				t.Errorf("%s event %d can be read: %.100s", c.name, seq, event)
			case !spoilt && err != nil:
				t.Errorf("%s event %d: %v", c.name, seq, err)
			}
			if spoilt {
				if damaged == 0 {
					first = slot
				}
				damaged++
			}
			slot++
		})
		if damaged != 60 || first < 4000 || first > 4500 {
			t.Errorf("%s: %d events are damaged, the first in slot %d", c.name, damaged, first)
		}
	}
}

// TestPoisonAddsToWhatIsMalformed leaves the malformed events of the workload as they are.
func TestPoisonAddsToWhatIsMalformed(t *testing.T) {
	params := map[string]string{"malformed": "100"}
	plain, w := newWorkload(t, poisonName, 10_000, params), poisonedOf(t, poisonName, params,
		Poison{100, 200})
	more := 0
	for n := range uint64(30_000) {
		switch a, b := plain.reason(n), w.reason(n); {
		case a != 0 && a != b:
			t.Errorf("event %d: reason %d, not %d", n, b, a)
		case a == 0 && b != 0:
			more++
		}
	}
	if more != 200 {
		t.Errorf("%d more events are malformed", more)
	}
}

func TestPoisonHasLimits(t *testing.T) {
	w := newWorkload(t, iotName, 10_000, nil)
	for _, d := range []Poison{{0, 0}, {0, mostPoison + 1}, {1 << 63, 1}} {
		if _, err := w.Poisoned(d.From, d.Events); err == nil {
			t.Errorf("%+v is no error", d)
		}
	}
	if _, err := w.Repaired([]uint64{1}).Poisoned(0, 1); err == nil {
		t.Error("repaired events are poisoned")
	}
}

// TestPoisonedQueriesAreJudgedWithTheirDeadLetters delivers the right results of queries of every
// shape with the dead letters, then spoils either.
func TestPoisonedQueriesAreJudgedWithTheirDeadLetters(t *testing.T) {
	for _, c := range []struct {
		name   string
		params map[string]string
	}{
		{iotName, map[string]string{"keys": "100", "window": "1s"}},
		{nexmarkName, map[string]string{"query": "q0"}}, {nexmarkName, map[string]string{"query": "q20"}},
		{nexmarkName, map[string]string{"query": "q9"}}, {cqrsName, map[string]string{"keys": "100"}},
		{nexmarkName, map[string]string{"query": "q7", "window": "1s"}}, {clickstreamName, nil},
	} {
		const events = 20_000
		w := poisonedOf(t, c.name, c.params, Poison{3000, 50})
		whole := answers(t, newWorkload(t, c.name, 10_000, c.params), events)
		right := answers(t, w, events)
		if slices.EqualFunc(whole, right, slices.Equal) && c.params["query"] != "q7" {
			t.Errorf("%s: the damaged events are in the results", c.name)
		}
		var letters [][]int64
		for n := range uint64(events) {
			if r := w.reason(n); r != 0 {
				letters = append(letters, []int64{int64(n), 0, int64(n), r, 1})
			}
		}
		for _, d := range []struct {
			results, letters [][]int64
			missing, foreign uint64
			want             string
		}{
			{right, letters, 0, 0, ""},
			{right, letters[1:], 1, 0, ""},
			{right, append(slices.Clone(letters), letters[0]), 0, 1, ""},
			{right[1:], letters, 0, 0, "lost 1"},
		} {
			checker, err := w.NewChecker(t.TempDir(), CheckerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			deliver(t, w, checker, d.results)
			rs := NewResultsOf(w.Query, DeadLetters, len(d.letters))
			rs.N = len(d.letters)
			for i, row := range d.letters {
				for col, x := range row {
					rs.Cols[col][i] = x
				}
			}
			if err := checker.Add(rs, 0); err != nil {
				t.Fatal(err)
			}
			l, err := checker.Finish(t.Context(), Delivered{Events: events, TooLate: -1, Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			side := l.DeadLetters
			if classes(l) != d.want || side.Missing != d.missing || side.Foreign != d.foreign {
				t.Errorf("%s %v: %q, dead letters %+v; want %q, %d, %d", c.name, c.params, classes(l),
					*side, d.want, d.missing, d.foreign)
			}
			checker.Close()
		}
	}
}
