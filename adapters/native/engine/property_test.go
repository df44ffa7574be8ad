package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
)

// script is a stream written out: rows of (ts, k, v) in slot order. Its events have a field x beside
// them, the float v/4: sums of those are exact in any order.
type script [][3]int64

// value is column c of a row.
func (s script) value(row uint64, c int) int64 {
	if testSchema.Variants[0].Fields[c].Kind == workloads.Float {
		return bitsOf(float64(s[row][2]) / 4)
	}
	return s[row][1+c]
}

func (s script) Fill(b *workloads.Batch, at workloads.Slots) {
	if len(b.Cols) == duoSchema.Width() {
		s.fillDuo(b, at)
		return
	}
	b.N = at.N
	for i := range at.N {
		slot := at.First + uint64(i)*at.Step
		b.Seq[i], b.TS[i] = int64(slot), s[slot][0]
		for c := range b.Cols {
			if b.Cols[c] != nil {
				b.Cols[c][i] = s.value(slot, c)
			}
		}
	}
}

// reader is one shard of a script, in batches of the sizes given, over and over.
type reader struct {
	events      script
	first, step int
	sizes       []int
	turn        int
}

func (r *reader) Next(b *workloads.Batch) Pull {
	n := r.sizes[r.turn%len(r.sizes)]
	r.turn++
	left := (len(r.events) - r.first + r.step - 1) / r.step
	n = max(0, min(n, b.Cap(), left))
	r.events.Fill(b, workloads.Slots{First: uint64(r.first), Step: uint64(r.step), N: n})
	r.first += n * r.step
	return Pull{End: r.first >= len(r.events)}
}

// answers runs a workload over a script and returns the lines delivered, sorted, and the late
// events counted.
func answers(t fataler, w *workloads.Workload, s script, slots int, sizes []int) ([]string, Stats) {
	var sources []Source
	for i := range slots {
		sources = append(sources, &reader{events: s, first: i, step: slots, sizes: sizes})
	}
	e, err := New(Config{Workload: w, Sources: sources, BatchRows: 16, OutputDepth: 2})
	if err != nil {
		t.Fatal(err)
	}
	lines := collect(t, e)
	return lines, e.Stats()
}

// collect runs an engine and returns its results as lines, sorted.
func collect(t fataler, e *Engine) []string {
	var lines []string
	deliver(t, e, func(rs *workloads.Results) {
		for i := range rs.N {
			lines = append(lines, lineOf(rs, i))
		}
	})
	slices.Sort(lines)
	return lines
}

func lineOf(rs *workloads.Results, row int) string {
	return fmt.Sprint(rs.Row(make([]int64, len(rs.Cols)), row))
}

// question draws a query the engine supports.
func question(t *rapid.T) workloads.Query {
	q := workloads.Query{Name: "drawn", Key: "k"}
	fields := []workloads.ResultField{{Name: "k", Identity: true}}
	all := []workloads.Aggregate{
		{Func: workloads.Count, As: "n"}, {Func: workloads.Sum, Field: "v", As: "sum"},
		{Func: workloads.Min, Field: "v", As: "min"}, {Func: workloads.Max, Field: "v", As: "max"},
		{Func: workloads.Avg, Field: "v", As: "avg"}, {Func: workloads.TopK, Field: "v", K: 2, As: "top"},
		{Func: workloads.First, Field: "v", As: "first"}, {Func: workloads.Last, Field: "v", As: "last"},
		{Func: workloads.SumSquares, Field: "v", As: "squares"},
		{Func: workloads.Sum, Field: "x", As: "sumX"}, {Func: workloads.SumSquares, Field: "x", As: "squaresX"},
		{Func: workloads.Min, Field: "x", As: "minX"}, {Func: workloads.Max, Field: "x", As: "maxX"},
		{Func: workloads.Avg, Field: "x", As: "avgX"}, {Func: workloads.First, Field: "x", As: "firstX"},
		{Func: workloads.Distinct, Field: "v", As: "kinds"},
	}
	kind := rapid.SampledFrom([]string{"tumbling", "hopping", "session", "sliding", "rank", "peaks"}).Draw(t, "kind")
	switch kind {
	case "session":
		q.Window = workloads.Window{Kind: workloads.Session, GapMs: rapid.Int64Range(1, 20).Draw(t, "gap")}
		all = all[:len(all)-1]
	case "sliding":
		q.Window = workloads.Window{Kind: workloads.Sliding, SizeMs: rapid.Int64Range(1, 20).Draw(t, "size")}
		all = []workloads.Aggregate{all[0], all[1], all[4], all[8]}
	case "tumbling", "peaks":
		q.Window = workloads.Window{Kind: workloads.Tumbling, SizeMs: rapid.Int64Range(1, 20).Draw(t, "size")}
	default:
		slide := rapid.Int64Range(1, 10).Draw(t, "slide")
		size := slide + rapid.Int64Range(0, 20).Draw(t, "more")
		q.Window = workloads.Window{Kind: workloads.Hopping, SizeMs: size, SlideMs: slide}
	}
	if rapid.Bool().Draw(t, "filter") {
		q.Where = []workloads.Predicate{{Field: "v", Op: workloads.Greater, Value: -5}}
	}
	q.Output.Fields = fields
	switch kind {
	case "peaks":
		q.Key, q.Rank = "", &workloads.Rank{By: "v"}
		q.Output.Fields = []workloads.ResultField{
			{Name: "w", Identity: true}, {Name: "seq", Identity: true}, {Name: "k"}, {Name: "v"},
		}
		return q
	case "rank":
		whole := slices.DeleteFunc(all, func(a workloads.Aggregate) bool { return a.Field == "x" })
		n := rapid.IntRange(1, len(whole)).Draw(t, "aggregates")
		q.Aggregates = rapid.Permutation(whole).Draw(t, "order")[:n]
		q.Rank = &workloads.Rank{By: q.Aggregates[0].As}
	default:
		n := rapid.IntRange(1, len(all)).Draw(t, "aggregates")
		q.Aggregates = rapid.Permutation(all).Draw(t, "order")[:n]
	}
	switch kind {
	case "session":
		q.Output.Fields = append(q.Output.Fields, workloads.ResultField{Name: "start", Identity: true},
			workloads.ResultField{Name: "end"})
	case "sliding":
		q.Output.Fields = append(q.Output.Fields, workloads.ResultField{Name: "seq", Identity: true})
	default:
		q.Output.Fields = append(q.Output.Fields, workloads.ResultField{Name: "w", Identity: true})
	}
	q.Output.Fields = append(q.Output.Fields, shown(q.Aggregates)...)
	return q
}

// shown are the fields of a result that show aggregates.
func shown(aggregates []workloads.Aggregate) []workloads.ResultField {
	var fields []workloads.ResultField
	for _, a := range aggregates {
		f := workloads.ResultField{Name: a.As}
		if a.Field == "x" {
			f.Kind = workloads.Float
		}
		fields = append(fields, f)
	}
	return fields
}

// events draws a stream whose places advance by up to 3 ms and whose delays are at most delay.
func drawEvents(t *rapid.T, delay int64) script {
	n := rapid.IntRange(0, 120).Draw(t, "n")
	place := workloads.EpochMs + rapid.Int64Range(-30, 30).Draw(t, "from")
	s := make(script, n)
	for i := range s {
		place += rapid.Int64Range(0, 3).Draw(t, "step")
		s[i] = [3]int64{
			place - rapid.Int64Range(0, delay).Draw(t, "delay"),
			rapid.Int64Range(-1, 3).Draw(t, "k"), rapid.Int64Range(-9, 9).Draw(t, "v"),
		}
	}
	return s
}

func ask(q workloads.Query, s script) *workloads.Workload {
	return &workloads.Workload{
		Name: q.Name, Schema: testSchema, Query: q,
		Settings: workloads.Settings{EventRate: 1000},
		Timeline: workloads.Timeline{EventRate: 1000, Groups: 1, BoundMs: q.BoundMs},
		Events:   func() workloads.Generator { return s },
	}
}

// want asks the oracle.
func want(t fataler, w *workloads.Workload, n int) ([]string, workloads.Lateness) {
	var lines []string
	late, err := w.Expect(context.Background(), uint64(n), func(e *workloads.Expected) error {
		lines = append(lines, fmt.Sprint(e.Row))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines, late
}

func diff(got, want []string) string {
	return fmt.Sprintf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
}

func TestAnyOrderWithinTheBoundOnAnyNumberOfSlotsGivesTheOraclesAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := question(t)
		q.BoundMs = rapid.Int64Range(0, 15).Draw(t, "bound")
		s := drawEvents(t, q.BoundMs)
		slots := rapid.IntRange(1, 3).Draw(t, "slots")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes")
		sizes = append(sizes, 3)
		w := ask(q, s)
		expected, late := want(t, w, len(s))
		got, stats := answers(t, w, s, slots, sizes)
		if !slices.Equal(got, expected) {
			t.Fatalf("%d slots: %s", slots, diff(got, expected))
		}
		if stats.Late != 0 || late.TooLate != 0 {
			t.Fatalf("late: engine %d, oracle %d", stats.Late, late.TooLate)
		}
	})
}

func TestOneSlotCountsLateEventsExactlyAsTheOracleDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := question(t)
		q.BoundMs = rapid.Int64Range(0, 5).Draw(t, "bound")
		s := drawEvents(t, 40)
		sizes := append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		w := ask(q, s)
		expected, late := want(t, w, len(s))
		got, stats := answers(t, w, s, 1, sizes)
		if !slices.Equal(got, expected) {
			t.Fatal(diff(got, expected))
		}
		if stats.Late != late.TooLate {
			t.Fatalf("late: engine %d, oracle %d", stats.Late, late.TooLate)
		}
	})
}

// FuzzWindowsOfAnEvent checks slices against the definition: an event lies in every window
// [start, start+size) whose start is a multiple of the slide, floored toward minus infinity.
func FuzzWindowsOfAnEvent(f *testing.F) {
	f.Add(int64(0), int64(10), int64(10))
	f.Add(int64(-1), int64(10), int64(4))
	f.Add(int64(workloads.EpochMs), int64(6), int64(4))
	f.Fuzz(func(t *testing.T, ts, size, slide int64) {
		if size < 1 || slide < 1 || slide > size || size > 1000 || ts > 1<<52 || ts < -1<<52 {
			t.Skip()
		}
		width := gcd(size, slide)
		slice := floor(ts, width)
		if slice > ts || ts-slice >= width || slice%width != 0 {
			t.Fatalf("slice of %d, width %d: %d", ts, width, slice)
		}
		kind := workloads.Hopping
		q := workloads.Query{
			Name: "fuzzed", Key: "k", Window: workloads.Window{Kind: kind, SizeMs: size, SlideMs: slide},
			Aggregates: []workloads.Aggregate{{Func: workloads.Count, As: "n"}},
			Output: workloads.Output{Fields: []workloads.ResultField{
				{Name: "w", Identity: true}, {Name: "n"},
			}},
		}
		s := script{{ts, 1, 1}}
		got, _ := answers(t, ask(q, s), s, 1, []int{1})
		var wantLines []string
		for start := floor(ts-size, slide) - slide; start <= ts; start += slide {
			if start%slide == 0 && start <= ts && ts < start+size {
				wantLines = append(wantLines, fmt.Sprint([]int64{start, 1, 1, 0}))
			}
		}
		slices.Sort(wantLines)
		if !slices.Equal(got, wantLines) {
			t.Fatalf("ts %d size %d slide %d: %s", ts, size, slide, diff(got, wantLines))
		}
	})
}

// fataler is what tests, benchmarks and properties have in common.
type fataler interface {
	Fatal(args ...any)
}
