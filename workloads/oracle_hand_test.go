package workloads

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// listed is a stream of explicit rows: seq, ts, then the columns.
type listed struct {
	rows [][]int64
}

func (g listed) Fill(b *Batch, s Slots) {
	b.N = s.N
	for i := range s.N {
		row := g.rows[s.First+uint64(i)*s.Step]
		b.Seq[i], b.TS[i] = row[0], row[1]
		for c, col := range b.Cols {
			if col != nil {
				col[i] = row[2+c]
			}
		}
	}
}

// handmade is a workload over explicit rows of (seq, ts, kind, key, value); readings are kind 0.
func handmade(q Query, rows [][]int64) *Workload {
	return &Workload{
		Name: "handmade",
		Schema: Schema{Tag: "kind", Variants: []Variant{
			{Name: "reading", Fields: []Field{{Name: "key"}, {Name: "value"}}},
			{Name: "other"},
		}},
		Query:    q,
		Timeline: Timeline{EventRate: 1000, Groups: 1, BoundMs: q.BoundMs},
		Events:   func() Generator { return listed{rows} },
	}
}

func identity(names ...string) []ResultField {
	fields := make([]ResultField, len(names))
	for i, n := range names {
		name, value := strings.CutPrefix(n, "=")
		fields[i] = ResultField{Name: name, Identity: !value}
	}
	return fields
}

// outcomes renders every outcome as "line count/seqsum @end slot" in the order the oracle gave them;
// "end" in place of the slot where only the end of the stream completes the result.
func outcomes(t *testing.T, w *Workload, events int) ([]string, Lateness) {
	t.Helper()
	var got []string
	late, err := w.Expect(context.Background(), uint64(events), func(e *Expected) error {
		got = append(got, render(w, e))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, late
}

func render(w *Workload, e *Expected) string {
	s := string(Line(nil, e.Row[:w.Query.LineWidth()], w.Query.Columns()...))
	if w.Query.SingleLevel() {
		s += fmt.Sprintf(" %d/%d", e.Row[len(e.Row)-2], e.Row[len(e.Row)-1])
	}
	trigger := "end"
	if e.Timed {
		trigger = fmt.Sprint(e.Trigger)
	}
	return fmt.Sprintf("%s @%d %s", s, e.EndMs, trigger)
}

func TestOracleByHand(t *testing.T) {
	count := Aggregate{Func: Count, As: "count"}
	of := func(f Func, k int) Aggregate { return Aggregate{Func: f, Field: "value", K: k, As: "x"} }
	keyed := func(win Window, bound, late int64, aggs ...Aggregate) Query {
		q := Query{Key: "key", Window: win, Aggregates: aggs, BoundMs: bound, LatenessMs: late,
			Output: Output{Fields: identity("key", "w")}}
		if win.Kind == Session {
			q.Output.Fields = identity("key", "start", "=end")
		}
		for _, a := range aggs {
			q.Output.Fields = append(q.Output.Fields, ResultField{Name: a.As})
		}
		return q
	}
	tumble, hop := Window{Kind: Tumbling, SizeMs: 10}, Window{Kind: Hopping, SizeMs: 10, SlideMs: 4}
	session := Window{Kind: Session, GapMs: 5}
	top := keyed(tumble, 0, 0, count)
	top.Rank = &Rank{By: "count"}
	bare := Query{Window: tumble, Rank: &Rank{By: "value"}, BoundMs: 0,
		Output: Output{Fields: identity("w", "seq", "=key", "=value")}}
	sum := keyed(Window{Kind: Tumbling, SizeMs: 10, Processing: true}, 0, 0, count)
	sum.Output = Output{Kind: Additive, Fields: identity("key", "=count")}
	each := Query{Where: []Predicate{{Field: "value", Op: Equal, Value: 1, Modulus: 3}},
		Scale: map[string]int64{"value": 100}, Output: Output{Fields: identity("seq", "=key", "=value")}}
	looked := keyed(tumble, 0, 0, count)
	looked.Lookup = &Lookup{Field: "key", Table: []int64{7, 7, 8, 8}, As: "site"}
	looked.Key, looked.Output.Fields[0].Name = "site", "site"

	cases := []struct {
		name string // what must hold
		q    Query
		rows [][]int64 // seq, ts, kind, key, value
		want []string
		late Lateness
	}{
		{"windows are half open and an event at end + B is the trigger", keyed(tumble, 3, 0, count),
			[][]int64{{0, 9, 0, 1, 0}, {1, 10, 0, 1, 0}, {2, 12, 0, 1, 0}, {3, 13, 0, 2, 0}},
			[]string{"1|0|1 1/0 @10 3", "1|10|2 2/3 @20 end", "2|10|1 1/3 @20 end"}, Lateness{OnTime: 4}},
		{"windows start below zero, too", keyed(tumble, 0, 0, count),
			[][]int64{{0, -1, 0, 1, 0}, {1, 0, 0, 1, 0}},
			[]string{"1|-10|1 1/0 @0 1", "1|0|1 1/1 @10 end"}, Lateness{OnTime: 2}},
		{"an event of another kind moves the watermark and counts nowhere", keyed(tumble, 0, 0, count),
			[][]int64{{0, 5, 0, 1, 0}, {1, 10, 1, 0, 0}, {2, 9, 0, 1, 0}},
			[]string{"1|0|1 1/0 @10 1"}, Lateness{OnTime: 1, TooLate: 1}},
		{"an event is judged before it moves the watermark", keyed(tumble, 0, 0, count),
			[][]int64{{0, 5, 0, 1, 0}, {1, 25, 0, 1, 0}, {2, 9, 0, 1, 0}, {3, 20, 0, 1, 0}},
			[]string{"1|0|1 1/0 @10 1", "1|20|2 2/4 @30 end"}, Lateness{OnTime: 3, TooLate: 1}},
		{"a late event within the allowed lateness refines the result", keyed(tumble, 1, 10, count),
			[][]int64{{0, 5, 0, 1, 0}, {1, 11, 0, 1, 0}, {2, 9, 0, 1, 0}, {3, 20, 0, 1, 0}, {4, 8, 0, 1, 0},
				{5, 21, 0, 1, 0}, {6, 7, 0, 1, 0}},
			[]string{"1|0|3 3/6 @10 1", "1|10|1 1/1 @20 5", "1|20|2 2/8 @30 end"},
			Lateness{OnTime: 4, Allowed: 2, TooLate: 1}},
		{"a hopping window may drop what another still takes", keyed(hop, 0, 0, count),
			[][]int64{{0, 9, 0, 1, 0}, {1, 10, 1, 0, 0}, {2, 9, 0, 1, 0}, {3, 3, 0, 1, 0}},
			[]string{"1|0|1 1/0 @10 1", "1|4|2 2/2 @14 end", "1|8|2 2/2 @18 end"},
			Lateness{OnTime: 2, TooLate: 1}},
		{"a gap is inclusive, beyond it a new session starts", keyed(session, 0, 0, count),
			[][]int64{{0, 1, 0, 1, 0}, {1, 6, 0, 1, 0}, {2, 12, 0, 1, 0}, {3, 12, 0, 2, 0}},
			[]string{"1|1|11|2 2/1 @11 2", "1|12|17|1 1/2 @17 end", "2|12|17|1 1/3 @17 end"},
			Lateness{OnTime: 4}},
		{"an event between two sessions joins them", keyed(session, 10, 0, count, of(Max, 0)),
			[][]int64{{0, 1, 0, 1, 3}, {1, 10, 0, 1, 9}, {2, 6, 0, 1, 4}, {3, 25, 1, 0, 0}},
			[]string{"1|1|15|3|9 3/3 @15 3"}, Lateness{OnTime: 3}},
		{"an event exactly at a session's end joins it although its trigger is there",
			keyed(session, 0, 0, count),
			[][]int64{{0, 1, 0, 1, 0}, {1, 6, 1, 0, 0}, {2, 6, 0, 1, 0}, {3, 7, 1, 0, 0}},
			[]string{"1|1|11|2 2/2 @11 end"}, Lateness{OnTime: 2}},
		{"a session's trigger is the first event at its end, though it closes beyond it",
			keyed(session, 0, 0, count),
			[][]int64{{0, 1, 0, 1, 0}, {1, 6, 1, 0, 0}, {2, 7, 1, 0, 0}, {3, 1, 0, 1, 0}},
			[]string{"1|1|6|1 1/0 @6 1"}, Lateness{OnTime: 1, TooLate: 1}},
		{"a rank keeps ties of each window", top,
			[][]int64{{0, 1, 0, 1, 0}, {1, 2, 0, 2, 0}, {2, 3, 0, 2, 0}, {3, 4, 0, 3, 0}, {4, 5, 0, 3, 0}},
			[]string{"2|0|2 @10 end", "3|0|2 @10 end"}, Lateness{OnTime: 5}},
		{"a rank of events keeps ties of its own window alone", bare,
			[][]int64{{0, 1, 0, 1, 5}, {1, 2, 0, 2, 7}, {2, 3, 0, 3, 7}, {3, 10, 0, 4, 9}},
			[]string{"0|1|2|7 @10 3", "0|2|3|7 @10 3", "10|3|4|9 @20 end"}, Lateness{OnTime: 4}},
		{"windows in processing time are summed by key", sum,
			[][]int64{{0, 1, 0, 1, 0}, {1, 50, 0, 2, 0}, {2, 3, 0, 1, 0}},
			[]string{"1|2 2/2 @0 end", "2|1 1/1 @0 end"}, Lateness{OnTime: 3}},
		{"every event that meets the predicate has a result, scaled", each,
			[][]int64{{0, 1, 0, 1, 4}, {1, 2, 0, 1, 5}, {2, 2, 1, 1, 1}, {3, 3, 0, 9, -2}},
			[]string{"0|1|400 @1 0", "3|9|-200 @3 3"}, Lateness{OnTime: 2}},
		{"a lookup can be the key", looked,
			[][]int64{{0, 1, 0, 0, 0}, {1, 2, 0, 1, 0}, {2, 2, 0, 3, 0}},
			[]string{"7|0|2 2/1 @10 end", "8|0|1 1/2 @10 end"}, Lateness{OnTime: 3}},
		{"an average travels as sum and count", keyed(tumble, 0, 0, of(Avg, 0)),
			[][]int64{{0, 1, 0, 1, 5}, {1, 1, 0, 1, 6}},
			[]string{"1|0|11|2 2/1 @10 end"}, Lateness{OnTime: 2}},
		{"the least and the number of distinct values", keyed(tumble, 0, 0, of(Min, 0),
			Aggregate{Func: Distinct, Field: "value", As: "d"}),
			[][]int64{{0, 1, 0, 1, 5}, {1, 1, 0, 1, -6}, {2, 1, 0, 1, 5}},
			[]string{"1|0|-6|2 3/3 @10 end"}, Lateness{OnTime: 3}},
		{"the top are in order, the missing smallest", keyed(tumble, 0, 0, of(TopK, 3)),
			[][]int64{{0, 1, 0, 1, 5}, {1, 1, 0, 1, 7}, {2, 1, 0, 2, 1}, {3, 1, 0, 2, 3}, {4, 1, 0, 2, 2},
				{5, 1, 0, 2, 3}},
			[]string{"1|0|7|5|-9223372036854775808 2/1 @10 end", "2|0|3|3|2 4/14 @10 end"},
			Lateness{OnTime: 6}},
		{"first and last go by time, then number", keyed(tumble, 0, 0, of(First, 0),
			Aggregate{Func: Last, Field: "value", As: "l"}),
			[][]int64{{2, 3, 0, 1, 50}, {1, 3, 0, 1, 60}, {4, 5, 0, 1, 70}, {3, 5, 0, 1, 80}},
			[]string{"1|0|60|70 4/10 @10 end"}, Lateness{OnTime: 4}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, late := outcomes(t, handmade(c.q, c.rows), len(c.rows))
			slices.Sort(c.want)
			slices.Sort(got)
			if !slices.Equal(got, c.want) || late != c.late {
				t.Errorf("got\n  %s\n  %+v\nwant\n  %s\n  %+v", strings.Join(got, "\n  "), late,
					strings.Join(c.want, "\n  "), c.late)
			}
		})
	}
}

func TestOracleRefusesWhatItCannotAnswer(t *testing.T) {
	count := []Aggregate{{Func: Count, As: "count"}}
	out := Output{Fields: identity("key", "w", "=count")}
	win := Window{Kind: Tumbling, SizeMs: 10}
	cases := []struct {
		why string
		q   Query
	}{
		{"needs a window", Query{Key: "key", Aggregates: count, Output: out}},
		{"needs an aggregate", Query{Key: "key", Window: win, Output: out}},
		{"size above 0", Query{Key: "key", Window: Window{Kind: Tumbling}, Aggregates: count, Output: out}},
		{"slide above 0", Query{Key: "key", Window: Window{Kind: Hopping, SizeMs: 1}, Aggregates: count}},
		{"no such field", Query{Key: "nobody", Window: win, Aggregates: count, Output: out}},
		{"neither the key", Query{Key: "key", Window: win, Aggregates: count,
			Output: Output{Fields: identity("key", "w", "value")}}},
		{"no such aggregate", Query{Key: "key", Window: win, Aggregates: count, Output: out,
			Rank: &Rank{By: "value"}}},
		{"no result field is an identity", Query{Key: "key", Window: win, Aggregates: count}},
		{"add up", Query{Key: "key", Window: Window{Kind: Tumbling, SizeMs: 1, Processing: true},
			Aggregates: []Aggregate{{Func: Max, Field: "value", As: "count"}},
			Output:     Output{Kind: Additive, Fields: identity("key", "=count")}}},
	}
	for _, c := range cases {
		w := handmade(c.q, nil)
		_, err := w.Expect(context.Background(), 0, nil)
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("want an error about %q, got %v", c.why, err)
		}
	}
}

func TestOracleStopsWhenToldTo(t *testing.T) {
	w := build(t, "nexmark", 10_000, map[string]string{"query": "q0"})
	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	_, err := w.Expect(ctx, 1<<50, func(*Expected) error {
		if seen++; seen == 1000 {
			cancel()
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("want the context's error, got %v", err)
	}
}
