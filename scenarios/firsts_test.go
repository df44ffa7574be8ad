package scenarios

import (
	"testing"

	"github.com/streambench/streambench/workloads"
)

func TestOnlyTheFirstResultOfAnIdentityIsTimed(t *testing.T) {
	q := workloads.Query{
		Key: "k", LatenessMs: 50, Window: workloads.Window{Kind: workloads.Tumbling, SizeMs: 10},
		Aggregates: []workloads.Aggregate{{Func: workloads.Count, As: "n"}},
		Output: workloads.Output{Kind: workloads.Upsert, Fields: []workloads.ResultField{
			{Name: "k", Identity: true}, {Name: "w", Identity: true}, {Name: "n"},
		}},
	}
	f := newFirsts(q)
	results := func(window int64, keys ...int64) *workloads.Results {
		rs := workloads.NewResults(q, len(keys))
		for i, k := range keys {
			rs.Cols[0][i], rs.Cols[1][i] = k, window
		}
		rs.N = len(keys)
		return rs
	}
	for _, c := range []struct {
		name string
		rs   *workloads.Results
		want int64
	}{
		{"a window closes", results(0, 1, 2, 3), 3},
		{"two of its results are refined, one key is new", results(0, 1, 1, 9), 1},
		{"the same keys in another window", results(10, 1, 2), 2},
		{"the first window once more", results(0, 2), 0},
	} {
		if got := f.count(c.rs, 0, c.rs.N); got != c.want {
			t.Errorf("%s: %d are first, want %d", c.name, got, c.want)
		}
	}
	for w := int64(20); w < 10_000; w += 10 {
		f.count(results(w, 1), 0, 1)
	}
	if n := len(f.windows); n > 10 {
		t.Errorf("%d windows are remembered, of which 7 can still be refined", n)
	}
	q.LatenessMs = 0
	if newFirsts(q) != nil {
		t.Error("a query without allowed lateness needs no memory of its results")
	}
}
