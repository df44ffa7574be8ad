package scenarios

import (
	"slices"
	"testing"

	"github.com/streambench/streambench/workloads"
)

// refined is a query that counts events of a key and tells it again with every late one.
var refined = workloads.Query{
	Key: "k", LatenessMs: 50, Window: workloads.Window{Kind: workloads.Tumbling, SizeMs: 10},
	Aggregates: []workloads.Aggregate{{Func: workloads.Count, As: "n"}},
	Output: workloads.Output{Kind: workloads.Upsert, Fields: []workloads.ResultField{
		{Name: "k", Identity: true}, {Name: "w", Identity: true}, {Name: "n"},
	}},
}

// told are rows of key, count and sum of event numbers.
func told(window int64, rows ...[3]int64) *workloads.Results {
	rs := workloads.NewResults(refined, len(rows))
	for i, r := range rows {
		rs.Cols[0][i], rs.Cols[1][i], rs.Cols[2][i] = r[0], window, r[1]
		rs.Cols[3][i], rs.Cols[4][i] = r[1], r[2]
	}
	rs.N = len(rows)
	return rs
}

func TestOnlyTheFirstResultOfAnIdentityIsTimedFromItsTrigger(t *testing.T) {
	f := newFirsts(refined)
	for _, c := range []struct {
		name   string
		rs     *workloads.Results
		first  int64
		caused []caused
	}{
		{"a window closes", told(0, [3]int64{1, 3, 6}, [3]int64{2, 2, 9}, [3]int64{3, 5, 80}), 3, nil},
		{"two results take in one event each, one key is new and has but one",
			told(0, [3]int64{1, 4, 17}, [3]int64{1, 5, 19}, [3]int64{9, 1, 33}), 0,
			[]caused{{11, true}, {2, true}, {33, false}}},
		{"a result takes in two events at once", told(0, [3]int64{2, 4, 30}), 0, []caused{{-1, true}}},
		{"a result is told again as it was", told(0, [3]int64{2, 4, 30}), 0, []caused{{-1, true}}},
		{"a result shrinks", told(0, [3]int64{2, 5, 20}), 0, []caused{{-1, true}}},
		{"the same keys in another window", told(10, [3]int64{1, 2, 50}, [3]int64{2, 2, 60}), 2, nil},
		{"the first window once more", told(0, [3]int64{3, 6, 180}), 0, []caused{{100, true}}},
	} {
		got := f.split(c.rs, 0, c.rs.N)
		if got != c.first || !slices.Equal(f.caused, c.caused) {
			t.Errorf("%s: %d are first, %v; want %d, %v", c.name, got, f.caused, c.first, c.caused)
		}
	}
	for w := int64(20); w < 10_000; w += 10 {
		f.split(told(w, [3]int64{1, 2, w}), 0, 1)
	}
	if n := len(f.windows); n > 10 {
		t.Errorf("%d windows are remembered, of which 7 can still be refined", n)
	}
}

func TestAQueryThatIsNeverRefinedNeedsNoMemoryOfItsResults(t *testing.T) {
	q := refined
	q.LatenessMs = 0
	if newFirsts(q) != nil {
		t.Error("it has one")
	}
}
