package workloads

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// foldBy is everything the oracle says of a stream it takes rows at a time.
func foldBy(t *rapid.T, w *Workload, rows, hold int) []string {
	p, err := planQuery(w)
	if err != nil {
		t.Fatal(err)
	}
	p.rows = rows
	var got []string
	o := newOracle(p, int64(hold), func(e *outcome) error {
		got = append(got, fmt.Sprintf("%s all %v optional %v", render(w, &e.Expected), e.all, e.optional))
		return nil
	})
	if err := o.run(t.Context(), uint64(len(w.Events().(listed).rows))); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return append(got, fmt.Sprintf("late %+v behind %d", o.late, o.behind))
}

// What the oracle folds a batch at a time and what it folds row by row come to the same, whatever is
// late, dropped or held back for a system that trails.
func TestTheSizeOfBatchesChangesNoAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawStream(t, 40)
		size := rapid.Int64Range(1, 40).Draw(t, "size")
		slide := rapid.Int64Range(1, 50).Draw(t, "slide")
		hold := rapid.SampledFrom([]int{0, 40}).Draw(t, "hold")
		for _, win := range []Window{
			{Kind: Tumbling, SizeMs: size},
			{Kind: Hopping, SizeMs: size, SlideMs: slide},
		} {
			q := bruteQuery(win, rapid.Int64Range(0, 30).Draw(t, "bound"))
			q.LatenessMs = rapid.Int64Range(0, 20).Draw(t, "lateness")
			q.Aggregates = append(q.Aggregates, Aggregate{Func: Min, Field: "value", As: "least"},
				Aggregate{Func: SumSquares, Field: "value", As: "squares"},
				Aggregate{Func: First, Field: "value", As: "first"},
				Aggregate{Func: TopK, K: 2, Field: "value", As: "top"})
			q.Output.Fields = append(q.Output.Fields, identity("=least", "=squares", "=first",
				"=top")...)
			w := handmade(q, rows)
			want := foldBy(t, w, 1000, hold)
			for _, n := range []int{1, rapid.IntRange(2, 30).Draw(t, "rows")} {
				if got := foldBy(t, w, n, hold); !slices.Equal(got, want) {
					t.Fatalf("%+v by %d rows:\n got %q\nwant %q", win, n, got, want)
				}
			}
		}
	})
}
