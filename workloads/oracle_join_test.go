package workloads

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Fields of the rows of a stream that is joined: seq, ts, the side, its key, then a value of this
// side, or validity and group of the other.
const (
	joinedSeq = iota
	joinedTS
	joinedSide
	joinedKey
	joinedValue
	joinedOther
	joinedUntil
	joinedGroup
)

func joinWorkload(q Query, rows [][]int64) *Workload {
	return &Workload{
		Name: "joined",
		Schema: Schema{Tag: "side", Variants: []Variant{
			{Name: "bid", Fields: []Field{{Name: "key"}, {Name: "value"}}},
			{Name: "item", Fields: []Field{{Name: "id"}, {Name: "until"}, {Name: "group"}}},
		}},
		Query:    q,
		Timeline: Timeline{EventRate: 1000, Groups: 1, BoundMs: q.BoundMs},
		Events:   func() Generator { return listed{rows} },
	}
}

// drawSides draws bids and items, a third of which come after some of their bids.
func drawSides(t *rapid.T, bound int64, unique bool) [][]int64 {
	n := rapid.IntRange(0, 150).Draw(t, "n")
	rows, items, top := make([][]int64, n), int64(0), int64(0)
	for i := range rows {
		top += rapid.Int64Range(0, 3).Draw(t, "step")
		ts := top - rapid.Int64Range(0, bound).Draw(t, "delay")
		row := []int64{int64(i), ts, 0, rapid.Int64Range(0, items+2).Draw(t, "key"),
			rapid.Int64Range(-4, 4).Draw(t, "value"), 0, 0, 0}
		if rapid.IntRange(0, 4).Draw(t, "item") == 0 {
			id := items
			items++
			if !unique {
				id %= 5
			}
			row[joinedSide], row[joinedOther] = 1, id
			row[joinedUntil] = ts + rapid.Int64Range(0, 40).Draw(t, "life")
			row[joinedGroup] = rapid.Int64Range(0, 2).Draw(t, "group")
		}
		rows[i] = row
	}
	return rows
}

func allOf(rows [][]int64, side int64) (of [][]int64) {
	for _, r := range rows {
		if r[joinedSide] == side {
			of = append(of, r)
		}
	}
	return of
}

// told collects the results of the oracle with their triggers.
func told(t *rapid.T, w *Workload, rows [][]int64) (got []string) {
	_, err := w.Expect(context.Background(), uint64(len(rows)), func(e *Expected) error {
		got = append(got, fmt.Sprintf("%s @%d", Line(nil, e.Row), e.Trigger))
		if !e.Timed {
			got[len(got)-1] = string(Line(nil, e.Row)) + " @end"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func same(t *rapid.T, what string, got, want []string) {
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s\n got %q\nwant %q", what, got, want)
	}
}

func joinOf(kind JoinKind) *Join {
	return &Join{Kind: kind, With: 1, WithUnique: kind != WindowJoin, Keys: []string{"key"},
		WithKeys: []string{"id"}, WithWhere: []Predicate{{Field: "group", Op: Less, Value: 2}}}
}

// TestJoinsAgreeWithAllPairs compares joins with a look at every pair there is.
func TestJoinsAgreeWithAllPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawSides(t, 0, true)
		q := Query{Join: joinOf(TableJoin), Output: Output{Fields: []ResultField{
			{Name: "seq", Identity: true}, {Name: "value"}, {Name: "item", Field: "seq", With: true},
			{Name: "group", With: true}}}}
		var want []string
		for _, a := range allOf(rows, 0) {
			for _, b := range allOf(rows, 1) {
				if a[joinedKey] == b[joinedOther] && b[joinedGroup] < 2 {
					want = append(want, fmt.Sprintf("%d|%d|%d|%d @%d", a[joinedSeq], a[joinedValue],
						b[joinedSeq], b[joinedGroup], max(a[joinedSeq], b[joinedSeq])))
				}
			}
		}
		same(t, "table", told(t, joinWorkload(q, rows), rows), want)
	})
}

// TestWindowJoinsAgreeWithAllPairs does the same window by window; either side has keys twice.
func TestWindowJoinsAgreeWithAllPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(0, 20).Draw(t, "bound")
		size, slide := rapid.Int64Range(1, 25).Draw(t, "size"), rapid.Int64Range(1, 12).Draw(t, "slide")
		rows := drawSides(t, bound, false)
		q := Query{Join: joinOf(WindowJoin), BoundMs: bound,
			Window: Window{Kind: Hopping, SizeMs: size, SlideMs: slide},
			Output: Output{Fields: []ResultField{{Name: "w", Identity: true},
				{Name: "seq", Identity: true}, {Name: "item", Field: "seq", With: true, Identity: true}}}}
		distinct := q
		distinct.Join = joinOf(WindowJoin)
		distinct.Join.Distinct = true
		distinct.Output.Fields = []ResultField{{Name: "w", Identity: true},
			{Name: "id", With: true, Identity: true}}
		var pairs, once []string
		for start := int64(-60) / slide * slide; start < 600; start += slide {
			end := firstAt(rows, start+size+bound)
			for _, a := range allOf(rows, 0) {
				for _, b := range allOf(rows, 1) {
					if a[joinedKey] != b[joinedOther] || b[joinedGroup] == 2 ||
						min(a[joinedTS], b[joinedTS]) < start ||
						max(a[joinedTS], b[joinedTS]) >= start+size {
						continue
					}
					pairs = append(pairs, fmt.Sprintf("%d|%d|%d @%s", start, a[joinedSeq],
						b[joinedSeq], end))
					once = append(once, fmt.Sprintf("%d|%d @%s", start, b[joinedOther], end))
				}
			}
		}
		same(t, "pairs", told(t, joinWorkload(q, rows), rows), pairs)
		slices.Sort(once)
		same(t, "distinct", told(t, joinWorkload(distinct, rows), rows), slices.Compact(once))
	})
}

// TestTheBestAreThoseOfAPlainSearch looks for the best bid of every item after every event: what it
// is at the end, and the slot since which it is.
func TestTheBestAreThoseOfAPlainSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawSides(t, rapid.Int64Range(0, 20).Draw(t, "bound"), true)
		j := joinOf(BestJoin)
		j.Since, j.Until = "ts", "until"
		j.Best = []Order{{Field: "value", Largest: true}, {Field: "ts"}, {Field: "seq"}}
		q := Query{Join: j, Output: Output{Kind: Upsert, Fields: []ResultField{
			{Name: "key", Identity: true}, {Name: "seq"}, {Name: "value"}}}}
		folded := q
		folded.Key = "group"
		folded.Aggregates = []Aggregate{{Func: Sum, Field: "value", As: "s"}, {Func: Count, As: "n"},
			{Func: Mean, Field: "value", As: "m"}}
		folded.Output.Fields = identity("group", "=s", "=n", "=m")
		best, groups := map[string]string{}, map[string]string{}
		since := map[string]int{}
		for n := range rows {
			for _, of := range []struct{ now, all map[string]string }{
				{plainBest(rows[:n+1]), best}, {plainGroups(rows[:n+1]), groups},
			} {
				for name, value := range of.now {
					if of.all[name] != value {
						of.all[name], since[name] = value, n
					}
				}
			}
		}
		same(t, "best", told(t, joinWorkload(q, rows), rows), lines(best, since))
		same(t, "folded", told(t, joinWorkload(folded, rows), rows), lines(groups, since))
	})
}

func lines(values map[string]string, since map[string]int) (all []string) {
	for name, value := range values {
		all = append(all, fmt.Sprintf("%s|%s @%d", name[1:], value, since[name]))
	}
	return all
}

// winner is the best valid bid for an item, nil if there is none.
func winner(rows [][]int64, item []int64) (best []int64) {
	for _, a := range allOf(rows, 0) {
		if a[joinedKey] != item[joinedOther] || item[joinedGroup] == 2 ||
			a[joinedTS] < item[joinedTS] || a[joinedTS] > item[joinedUntil] {
			continue
		}
		if best == nil || a[joinedValue] > best[joinedValue] || a[joinedValue] == best[joinedValue] &&
			(a[joinedTS] < best[joinedTS] ||
				a[joinedTS] == best[joinedTS] && a[joinedSeq] < best[joinedSeq]) {
			best = a
		}
	}
	return best
}

func plainBest(rows [][]int64) map[string]string {
	all := map[string]string{}
	for _, item := range allOf(rows, 1) {
		if a := winner(rows, item); a != nil {
			all[fmt.Sprintf("i%d", a[joinedKey])] = fmt.Sprintf("%d|%d", a[joinedSeq], a[joinedValue])
		}
	}
	return all
}

func plainGroups(rows [][]int64) map[string]string {
	all := map[string]string{}
	for group := range int64(3) {
		sum, n := int64(0), int64(0)
		for _, item := range allOf(rows, 1) {
			if a := winner(rows, item); a != nil && item[joinedGroup] == group {
				sum, n = sum+a[joinedValue], n+1
			}
		}
		if n > 0 {
			all[fmt.Sprintf("g%d", group)] = fmt.Sprintf("%d|%d|%d", sum, n, floorTo(sum, n)/n)
		}
	}
	return all
}

// TestTheNewestOfAKeyIsThatOfAPlainSearch does the same for the newest events.
func TestTheNewestOfAKeyIsThatOfAPlainSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawSides(t, rapid.Int64Range(0, 20).Draw(t, "bound"), true)
		q := Query{Key: "key", Latest: &Latest{Keys: []string{"value"}}, Output: Output{Kind: Upsert,
			Fields: identity("key", "value", "=seq")}}
		newest := map[string][]int64{}
		for _, r := range allOf(rows, 0) {
			name := fmt.Sprintf("%d|%d", r[joinedKey], r[joinedValue])
			if old := newest[name]; old == nil || r[joinedTS] >= old[joinedTS] {
				newest[name] = r
			}
		}
		var want []string
		for name, r := range newest {
			want = append(want, fmt.Sprintf("%s|%d @%[2]d", name, r[joinedSeq]))
		}
		same(t, "newest", told(t, joinWorkload(q, rows), rows), want)
	})
}
