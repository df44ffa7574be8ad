package workloads

import (
	"testing"
)

// repairedStream has the events of a poisoned stream of a million that cannot be read, in no order.
func repairedStream(t *testing.T) (whole, repaired *Workload, events []uint64) {
	t.Helper()
	params := map[string]string{"keys": "1000", "groups": "10"}
	whole = newWorkload(t, poisonName, 100_000, params)
	for n := range uint64(1_000_000) {
		if whole.reason(n) != 0 {
			events = append(events, n)
		}
	}
	events[0], events[50] = events[50], events[0]
	return whole, whole.Repaired(events), events
}

func TestARepairedStreamHoldsEachEventAsItWas(t *testing.T) {
	whole, repaired, events := repairedStream(t)
	if repaired.Spoil != nil || len(events) != 106 {
		t.Fatalf("%d events, spoilt %v", len(events), repaired.Spoil != nil)
	}
	one := NewBatch(whole.Schema, 1)
	all, g := NewBatchOf(repaired.Schema, []int{0, 2}, len(events)), whole.Events()
	for _, step := range []uint64{1, 3} {
		n := len(events) / int(step)
		repaired.Events().Fill(all, Slots{First: 0, Step: step, N: n})
		if all.N != n {
			t.Fatalf("%d events", all.N)
		}
		for i := range n {
			e := events[i*int(step)]
			g.Fill(one, Slots{First: whole.Timeline.Slot(e), Step: 1, N: 1})
			if all.Seq[i] != int64(e) || all.TS[i] != one.TS[0] || all.Cols[0][i] != one.Cols[0][0] ||
				all.Cols[2][i] != one.Cols[2][0] || all.Cols[1] != nil {
				t.Fatalf("slot %d is event %d, not %d as it was", i, all.Seq[i], e)
			}
		}
	}
}

func TestTheOracleExpectsOfARepairedStreamItsOwnResultsAlone(t *testing.T) {
	whole, repaired, events := repairedStream(t)
	g, b := whole.Events(), NewBatch(whole.Schema, 1)
	answer := func(n uint64) *Results {
		g.Fill(b, Slots{First: whole.Timeline.Slot(n), Step: 1, N: 1})
		rs := NewResults(whole.Query, 1)
		rs.Cols[0][0], rs.Cols[1][0], rs.Cols[2][0], rs.N = b.Seq[0], b.Cols[0][0], b.Cols[2][0], 1
		return rs
	}
	letter := NewResultsOf(whole.Query, DeadLetters, 1)
	letter.Cols[0][0], letter.Cols[3][0], letter.Cols[4][0], letter.N = int64(events[7]), Unreadable, 1, 1
	for _, tt := range []struct {
		name  string
		plant func(rs []*Results) []*Results
		want  Ledger
	}{
		{"nothing", func(rs []*Results) []*Results { return rs }, Ledger{Matched: 106, Received: 106}},
		{"one lost", func(rs []*Results) []*Results { return rs[1:] },
			Ledger{Matched: 105, Received: 105, Lost: 1}},
		{"one twice", func(rs []*Results) []*Results { return append(rs, rs[3]) },
			Ledger{Matched: 106, Received: 107, Duplicated: 1}},
		{"one wrong", func(rs []*Results) []*Results { rs[4].Cols[2][0]++; return rs },
			Ledger{Matched: 105, Received: 106, Wrong: 1}},
		{"one of another event", func(rs []*Results) []*Results { return append(rs, answer(events[9]+1)) },
			Ledger{Matched: 106, Received: 107, Phantom: 1}},
		{"one in another's place", func(rs []*Results) []*Results {
			rs[9] = answer(500_000)
			return rs
		}, Ledger{Matched: 105, Received: 106, Phantom: 1, Lost: 1}},
		{"one that cannot be read again", func(rs []*Results) []*Results { return append(rs[1:], letter) },
			Ledger{Matched: 105, Received: 105, Lost: 1, DeadLetters: &Side{Received: 1, Foreign: 1}}},
	} {
		c, err := repaired.NewChecker(t.TempDir(), CheckerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var all []*Results
		for _, n := range events {
			all = append(all, answer(n))
		}
		for _, rs := range tt.plant(all) {
			if err := c.Add(rs, 0); err != nil {
				t.Fatal(err)
			}
		}
		l, err := c.Finish(t.Context(), Delivered{Events: 1_000_000, TooLate: -1})
		if err != nil {
			t.Fatal(err)
		}
		w := tt.want
		if w.DeadLetters == nil {
			w.DeadLetters = &Side{}
		}
		if l.Expected != 106 || l.Matched != w.Matched || l.Received != w.Received ||
			l.Lost != w.Lost || l.Duplicated != w.Duplicated || l.Wrong != w.Wrong ||
			l.Phantom != w.Phantom || l.Unexplained != 0 || *l.DeadLetters != *w.DeadLetters {
			t.Errorf("%s: %+v, dead letters %+v", tt.name, l, *l.DeadLetters)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
