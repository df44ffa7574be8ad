package workloads

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// alarm remembers the value of a small event for up to 10 ms; a large one within that time answers
// with both. The end answers for those that still wait.
func alarm(sorted bool) Query {
	p := &Process{
		Name: "alarm", Reads: []string{"value"}, StateWords: 2, Sorted: sorted,
		Step: func(state []int64, e ProcessEvent, out []int64) ([]int64, int64) {
			if v := e.Values[0]; v < 0 {
				state[0], state[1] = 1, e.Seq
				return out, e.TS + 10
			}
			if state[0] == 0 {
				return out, 0
			}
			out = append(out, state[1], e.Seq, e.Key)
			clear(state)
			return out, -1
		},
		Fire: func(state []int64, key, at int64, out []int64) ([]int64, int64) {
			out = append(out, state[1], -at, key)
			clear(state)
			return out, 0
		},
		End: func(state []int64, key int64, out []int64) []int64 {
			return append(out, -1, state[0], key)
		},
	}
	return Query{Key: "key", Process: p, BoundMs: 5,
		Output: Output{Fields: identity("small", "large", "=key")}}
}

func TestAProcessByHand(t *testing.T) {
	small, large := int64(-1), int64(1)
	rows := [][]int64{
		{0, 100, 0, 7, small},
		{1, 103, 0, 7, large}, // answers
		{2, 110, 0, 8, large}, // nothing is remembered of this key
		{3, 108, 0, 8, small}, // before it in time, after it in arrival
		{4, 109, 1, 8, large}, // of a variant the query does not read
		{5, 124, 0, 7, small}, // the watermark, 119, has passed the timer at 118
		{6, 134, 0, 7, large}, // at the very time of its timer
		{7, 160, 0, 9, small},
		{8, 154, 0, 9, large}, // behind the watermark
	}
	for _, c := range []struct {
		name   string
		sorted bool
		want   []string
		late   Lateness
	}{
		{"as events arrive", false, []string{"0|1|7", "3|-118|8", "5|6|7", "7|8|9", "-1|0|7",
			"-1|0|8", "-1|0|9"}, Lateness{OnTime: 8}},
		{"in order of time", true, []string{"0|1|7", "3|2|8", "5|6|7", "7|-170|9", "-1|0|7",
			"-1|0|8", "-1|0|9"}, Lateness{OnTime: 7, TooLate: 1}},
	} {
		w := handmade(alarm(c.sorted), rows)
		got, late := outcomes(t, w, len(rows))
		for i := range c.want {
			c.want[i] += " @0 end"
		}
		if !slices.Equal(got, c.want) || late != c.late {
			t.Errorf("%s: got %q, %+v\nwant %q, %+v", c.name, got, late, c.want, c.late)
		}
	}
}

// A process that sorts gives the same results in whatever order events within the bound arrive.
func TestASortedProcessIsIndependentOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawStream(t, 0)
		var want []string
		for range 3 {
			q := alarm(true)
			q.BoundMs = 40
			got := sortedOutcomes(t, handmade(q, rows))
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			rows = shuffledWithin(t, rows, 40)
		}
	})
}

// shuffledWithin moves rows such that none comes more than bound after a later one.
func shuffledWithin(t *rapid.T, rows [][]int64, bound int64) [][]int64 {
	type place struct {
		at  int64
		row []int64
	}
	places := make([]place, len(rows))
	for i, r := range rows {
		places[i] = place{r[1] + rapid.Int64Range(0, bound).Draw(t, "delay"), r}
	}
	slices.SortStableFunc(places, func(a, b place) int { return int(a.at - b.at) })
	var out [][]int64
	for _, p := range places {
		out = append(out, p.row)
	}
	return out
}

func sortedOutcomes(t *rapid.T, w *Workload) (got []string) {
	p, err := planQuery(w)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(p, 0, func(e *outcome) error {
		got = append(got, render(w, &e.Expected))
		return nil
	})
	if err := o.run(t.Context(), uint64(len(w.Events().(listed).rows))); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

// Of upserted results of a process the last of each identity is compared.
func TestAProcessThatUpsertsIsComparedByItsLastValues(t *testing.T) {
	balance := &Process{
		Name: "balance", Reads: []string{"value"}, StateWords: 1,
		Step: func(state []int64, e ProcessEvent, out []int64) ([]int64, int64) {
			state[0] += e.Values[0]
			return append(out, e.Key, state[0]), 0
		},
	}
	q := Query{Key: "key", Process: balance,
		Output: Output{Kind: Upsert, Fields: identity("account", "=balance")}}
	rows := [][]int64{{0, 1, 0, 7, 5}, {1, 2, 0, 8, 1}, {2, 3, 0, 7, -2}}
	w := handmade(q, rows)
	if got, _ := outcomes(t, w, 3); !slices.Equal(got, []string{"7|3 @0 end", "8|1 @0 end"}) {
		t.Errorf("got %q", got)
	}
	for _, c := range []struct {
		rows [][]int64
		want string
	}{
		{[][]int64{{7, 5}, {8, 1}, {7, 3}}, "refinements 1"},
		{[][]int64{{7, 3}, {8, 1}, {7, 5}}, "wrong 1, refinements 1"},
		{[][]int64{{7, 3}}, "lost 1"},
	} {
		if got := classes(account(t, w, Delivered{Events: 3, TooLate: -1}, c.rows)); got != c.want {
			t.Errorf("%v: %s, want %s", c.rows, got, c.want)
		}
	}
}

// Answers of ten matches each add up to those expected, and one lost, doubled, joined with another
// or cut otherwise is told.
func TestEveryAnswerOfShuffleIsAccountedFor(t *testing.T) {
	w := newWorkload(t, shuffleName, 10_000, map[string]string{"keys": "50"})
	const events = 20_000
	right := shuffleAnswers(t, w, events)
	of := func(rule, at int) int { // the at-th answer of a rule
		for i, row := range right {
			if row[0] == int64(rule) {
				if at == 0 {
					return i
				}
				at--
			}
		}
		panic("BUG: too few answers")
	}
	a, b := of(3, 0), of(3, 1)
	for _, c := range []struct {
		name  string
		spoil func(r [][]int64) [][]int64
		want  string
	}{
		{"right", func(r [][]int64) [][]int64 { return r }, ""},
		{"in reverse", func(r [][]int64) [][]int64 { slices.Reverse(r); return r }, ""},
		{"one lost", func(r [][]int64) [][]int64 { return slices.Delete(r, a, a+1) }, "wrong 1"},
		{"one doubled", func(r [][]int64) [][]int64 { return append(r, r[a]) }, "wrong 1"},
		{"a rule lost", func(r [][]int64) [][]int64 {
			return slices.DeleteFunc(r, func(row []int64) bool { return row[0] == 3 })
		}, "lost 1"},
		{"another rule", func(r [][]int64) [][]int64 {
			return append(r, []int64{50, 10, 1})
		}, "phantom 1"},
		{"two joined", func(r [][]int64) [][]int64 {
			r[a] = []int64{3, r[a][1] + r[b][1], r[a][2] + r[b][2]}
			return slices.Delete(r, b, b+1)
		}, "wrong 1"},
		{"cut at nine and eleven", func(r [][]int64) [][]int64 {
			r[a], r[b] = []int64{3, 9, r[a][2]}, []int64{3, 11, r[b][2]}
			return r
		}, "wrong 1"},
		{"a sum moved", func(r [][]int64) [][]int64 {
			r[a], r[b] = []int64{3, 10, r[a][2] - 1}, []int64{3, 10, r[b][2] + 1}
			return r
		}, ""}, // which events make ten depends on their arrival
	} {
		l := account(t, w, Delivered{Events: events, TooLate: -1}, c.spoil(slices.Clone(right)))
		if got := classes(l); got != c.want || l.Expected != 50 {
			t.Errorf("%s: %s of %d, want %s", c.name, got, l.Expected, c.want)
		}
		if c.name == "two joined" && l.Offenders[0].Note !=
			"right in sum, but of other single values of count" {
			t.Errorf("note %q", l.Offenders[0].Note)
		}
	}
}

// shuffleAnswers are the answers in slot order, by the functions of the process.
func shuffleAnswers(t *testing.T, w *Workload, events int) (rows [][]int64) {
	p := w.Query.Process
	states := map[int64][]int64{}
	take := func(out []int64) {
		for row := range slices.Chunk(out, 3) {
			rows = append(rows, slices.Clone(row))
		}
	}
	scan(w, events, func(b *Batch) {
		for i := range b.N {
			values := []int64{b.Cols[shuffleHigh][i], b.Cols[shuffleLow][i]}
			for _, key := range p.Keys(nil, values) {
				if states[key] == nil {
					states[key] = make([]int64, p.StateWords)
				}
				e := ProcessEvent{Key: key, Seq: b.Seq[i], TS: b.TS[i], Values: values}
				out, timer := p.Step(states[key], e, nil)
				if timer != 0 {
					t.Fatal("shuffle set a timer")
				}
				take(out)
			}
		}
	})
	for key, state := range states {
		take(p.End(state, key, nil))
	}
	return rows
}

func TestTheOracleRefusesAProcessThatMakesNoSense(t *testing.T) {
	step := func([]int64, ProcessEvent, []int64) ([]int64, int64) { return nil, 0 }
	keys := func(dst, _ []int64) []int64 { return dst }
	out := Output{Fields: identity("key")}
	for i, q := range []Query{
		{Key: "key", Process: &Process{}, Output: out},
		{Process: &Process{Step: step}, Output: out},
		{Key: "key", Process: &Process{Step: step, Keys: keys}, Output: out},
		{Key: "key", Process: &Process{Step: step, Plain: keys}, Output: out},
		{Key: "key", Process: &Process{Step: step, Parts: "key"}, Output: out},
		{Key: "key", Process: &Process{Step: step, Reads: []string{"none"}}, Output: out},
		{Key: "key", Process: &Process{Step: step}, Window: Window{Kind: Tumbling, SizeMs: 1},
			Output: out},
	} {
		if _, err := planQuery(handmade(q, nil)); err == nil {
			t.Errorf("query %d is not refused", i)
		}
	}
	if _, err := planQuery(handmade(alarm(true), nil)); err != nil {
		t.Error(fmt.Errorf("a good one is refused: %w", err))
	}
}
