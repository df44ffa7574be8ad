package engine

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// duoSchema is that of scripts in joins: a row (ts, k, v) is of the other side if v is odd.
var duoSchema = workloads.Schema{Tag: "type", Variants: []workloads.Variant{
	{Name: "this", Fields: []workloads.Field{{Name: "k"}, {Name: "m"}, {Name: "v"}}},
	{Name: "other", Fields: []workloads.Field{
		{Name: "k"}, {Name: "m"}, {Name: "v"}, {Name: "from"}, {Name: "to"},
	}},
}}

func (s script) fillDuo(b *workloads.Batch, at workloads.Slots) {
	b.N = at.N
	for i := range at.N {
		slot := at.First + uint64(i)*at.Step
		ts, k, v := s[slot][0], s[slot][1], s[slot][2]
		m := (v + 9) / 2 % 3
		b.Seq[i], b.TS[i] = int64(slot), ts
		for c, x := range []int64{v & 1, k, m, v, k, m, v, ts - 6 + v, ts + 4 + v/2} {
			if b.Cols[c] != nil {
				b.Cols[c][i] = x
			}
		}
	}
}

// unique turns events of the other side whose key has been into events of this side.
func (s script) unique() script {
	seen := map[int64]bool{}
	for i := range s {
		if s[i][2]&1 == 0 {
			continue
		}
		if seen[s[i][1]] {
			s[i][2]++
		}
		seen[s[i][1]] = true
	}
	return s
}

func fields(names ...string) (all []workloads.ResultField) {
	for _, name := range names {
		name, identity := strings.CutSuffix(name, "*")
		f := workloads.ResultField{Name: name, Identity: identity}
		if of, with := strings.CutPrefix(name, "other."); with {
			f.Field, f.With = of, true
		}
		all = append(all, f)
	}
	return all
}

// pairQuestion draws a query that joins, or that keeps the newest event of a key.
func pairQuestion(t *rapid.T) workloads.Query {
	q := workloads.Query{Name: "drawn"}
	kind := rapid.SampledFrom([]string{
		"table", "window", "distinct", "best", "groups", "latest",
	}).Draw(t, "kind")
	if rapid.Bool().Draw(t, "filter") {
		q.Where = []workloads.Predicate{{Field: "v", Op: workloads.Greater, Value: -6}}
	}
	if kind == "latest" {
		q.Key, q.Latest = "k", &workloads.Latest{Keys: []string{"m"}}
		q.Output = workloads.Output{Kind: workloads.Upsert, Fields: fields("k*", "m*", "seq", "v", "ts")}
		return q
	}
	keys := []string{"k"}
	q.Join = &workloads.Join{With: 1, WithUnique: true, Keys: keys, WithKeys: keys}
	if rapid.Bool().Draw(t, "other filter") {
		q.Join.WithWhere = []workloads.Predicate{{Field: "v", Op: workloads.Less, Value: 6}}
	}
	switch kind {
	case "table":
		q.Output.Fields = fields("seq*", "k", "ts", "other.seq", "other.v")
	case "window", "distinct":
		windowQuestion(t, &q, kind == "distinct")
	default:
		q.Join.Kind, q.Join.Since, q.Join.Until = workloads.BestJoin, "from", "to"
		q.Join.Best = []workloads.Order{
			{Field: "v", Largest: rapid.Bool().Draw(t, "largest")}, {Field: "ts"}, {Field: "seq"},
		}
		q.Output = workloads.Output{Kind: workloads.Upsert, Fields: fields("k*", "seq", "v", "other.seq")}
		if kind == "groups" {
			q.Key = "m"
			q.Aggregates = []workloads.Aggregate{
				{Func: workloads.Sum, Field: "v", As: "sum"}, {Func: workloads.Count, As: "n"},
				{Func: workloads.Mean, Field: "v", As: "mean"}, {Func: workloads.Avg, Field: "ts", As: "avg"},
			}
			q.Output.Fields = fields("m*", "n", "sum", "mean", "avg")
		}
	}
	return q
}

func windowQuestion(t *rapid.T, q *workloads.Query, distinct bool) {
	slide := rapid.Int64Range(1, 10).Draw(t, "slide")
	q.Window = workloads.Window{Kind: workloads.Tumbling, SizeMs: slide}
	if rapid.Bool().Draw(t, "hopping") {
		size := slide + rapid.Int64Range(0, 20).Draw(t, "more")
		q.Window = workloads.Window{Kind: workloads.Hopping, SizeMs: size, SlideMs: slide}
	}
	q.Join.Kind, q.Join.WithUnique, q.Join.Distinct = workloads.WindowJoin, false, distinct
	if distinct {
		q.Output.Fields = fields("w*", "end", "other.k*")
		return
	}
	if rapid.Bool().Draw(t, "two keys") {
		q.Join.Keys, q.Join.WithKeys = []string{"k", "m"}, []string{"k", "m"}
	}
	q.Output.Fields = fields("w*", "seq*", "other.seq*", "v", "other.v")
}

func askPairs(q workloads.Query, s script) *workloads.Workload {
	w := ask(q, s)
	w.Schema = duoSchema
	return w
}

// stand is what is left of results, in the order they were delivered, if the last of an identity
// stands; sorted.
func stand(q workloads.Query, lines []string) []string {
	if q.Output.Kind == workloads.Upsert {
		last := map[string]string{}
		for _, line := range lines {
			name := ""
			for c, x := range strings.Fields(strings.Trim(line, "[]")) {
				if q.Columns()[c].Identity {
					name += x + " "
				}
			}
			last[name] = line
		}
		lines = nil
		for _, line := range last {
			lines = append(lines, line)
		}
	}
	return slices.Sorted(slices.Values(lines))
}

func drawPairs(t *rapid.T, q workloads.Query, delay int64) script {
	s := drawEvents(t, delay)
	if q.Join != nil && q.Join.WithUnique {
		s = s.unique()
	}
	return s
}

func TestPairsOnAnyNumberOfSlotsAreTheOracles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := pairQuestion(t)
		q.BoundMs = rapid.Int64Range(0, 15).Draw(t, "bound")
		s := drawPairs(t, q, q.BoundMs)
		slots := rapid.IntRange(1, 3).Draw(t, "slots")
		sizes := append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		w := askPairs(q, s)
		expected, _ := want(t, w, len(s))
		got, stats := unsorted(t, w, s, slots, sizes)
		if got = stand(q, got); !slices.Equal(got, expected) {
			t.Fatalf("%d slots: %s", slots, diff(got, expected))
		}
		if stats.Late != 0 {
			t.Fatalf("%d late", stats.Late)
		}
	})
}

func TestOneSlotRefusesLatePairsAsTheOracleDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := pairQuestion(t)
		q.BoundMs = rapid.Int64Range(0, 5).Draw(t, "bound")
		s := drawPairs(t, q, 40)
		sizes := append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		w := askPairs(q, s)
		expected, late := want(t, w, len(s))
		got, stats := unsorted(t, w, s, 1, sizes)
		if got = stand(q, got); !slices.Equal(got, expected) {
			t.Fatal(diff(got, expected))
		}
		if stats.Late != late.TooLate {
			t.Fatalf("late: engine %d, oracle %d", stats.Late, late.TooLate)
		}
	})
}

// unsorted is answers in the order of their delivery.
func unsorted(
	t fataler, w *workloads.Workload, s script, slots int, sizes []int,
) (lines []string, stats Stats) {
	var sources []Source
	for i := range slots {
		sources = append(sources, &reader{events: s, first: i, step: slots, sizes: sizes})
	}
	e, err := New(Config{Workload: w, Sources: sources, BatchRows: 16, OutputDepth: 2})
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, e, func(rs *workloads.Results) {
		for i := range rs.N {
			lines = append(lines, lineOf(rs, i))
		}
	})
	return lines, e.Stats()
}

func TestPairsAndMachinesGoOnWhereTheyWereCutOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, sorted := workloads.Query{}, rapid.Bool().Draw(t, "sorted process")
		if sorted {
			q = askAlarms(alarms(false))
		} else {
			q = pairQuestion(t)
		}
		q.BoundMs = rapid.Int64Range(0, 15).Draw(t, "bound")
		s := drawPairs(t, q, q.BoundMs)
		w := ask(q, s)
		if !sorted {
			w.Schema = duoSchema
		}
		dir, err := os.MkdirTemp("", "checkpoints")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		r := newTrial(t, w, len(s), dir)
		r.sizes = append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		layouts := rapid.SliceOfN(rapid.IntRange(1, 4), 2, 4).Draw(t, "slots")
		engines := rapid.IntRange(1, 3).Draw(t, "engines")
		for _, slots := range layouts[1:] {
			r.cut(t, slots, engines)
		}
		expected, _ := want(t, w, len(s))
		_, stats := r.finish(layouts[0], engines, rapid.IntRange(0, 10).Draw(t, "checkpoints"))
		if got := stand(q, r.committed); !slices.Equal(got, expected) {
			t.Fatalf("slots %v, %d engines: %s", layouts, engines, diff(got, expected))
		}
		if stats.Late != 0 {
			t.Fatalf("%d late events", stats.Late)
		}
	})
}

// Slots of other processes, and those that go on from a checkpoint, have plans of their own.
func TestAQueryHasOnePlan(t *testing.T) {
	for _, v := range workloadstest.Golden {
		w := v.Bind(t)
		first, err := newPlan(w)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			again, err := newPlan(w)
			if err != nil || !slices.Equal(first.values, again.values) ||
				!reflect.DeepEqual(first.join, again.join) || !slices.Equal(first.out, again.out) {
				t.Errorf("%s: plan %+v, then %+v, %v", v.Name, first, again, err)
			}
		}
	}
}
