package workloads

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawStream draws rows (seq, ts, kind, key, value) no one of which trails the largest event time
// before it by more than bound: any shuffle within the disorder bound.
func drawStream(t *rapid.T, bound int64) [][]int64 {
	n := rapid.IntRange(0, 120).Draw(t, "n")
	rows := make([][]int64, n)
	top := int64(-50)
	for i := range rows {
		top += rapid.Int64Range(0, 6).Draw(t, "step")
		ts := top - rapid.Int64Range(0, bound).Draw(t, "delay")
		kind := int64(0)
		if rapid.IntRange(0, 9).Draw(t, "other") == 0 {
			kind = 1
		}
		rows[i] = []int64{int64(i), ts, kind, rapid.Int64Range(0, 3).Draw(t, "key"),
			rapid.Int64Range(-9, 9).Draw(t, "value")}
	}
	return rows
}

// firstAt is the slot of the first row at or beyond a time.
func firstAt(rows [][]int64, t int64) string {
	i := slices.IndexFunc(rows, func(r []int64) bool { return r[1] >= t })
	if i < 0 {
		return "end"
	}
	return fmt.Sprint(i)
}

// summary counts a set of rows of one key without any state: count, sum, max, distinct, last.
func summary(rows [][]int64) string {
	var sum, seqs int64
	top := int64(math.MinInt64)
	values := map[int64]bool{}
	last := rows[0]
	for _, r := range rows {
		sum += r[4]
		seqs += r[0]
		top = max(top, r[4])
		values[r[4]] = true
		if r[1] > last[1] || r[1] == last[1] && r[0] > last[0] {
			last = r
		}
	}
	return fmt.Sprintf("|%d|%d|%d|%d|%d %d/%d", len(rows), sum, top, len(values), last[4], len(rows), seqs)
}

func bruteQuery(win Window, bound int64) Query {
	q := Query{Key: "key", Window: win, BoundMs: bound, Aggregates: []Aggregate{
		{Func: Count, As: "n"}, {Func: Sum, Field: "value", As: "s"}, {Func: Max, Field: "value", As: "m"},
		{Func: Distinct, Field: "value", As: "d"}, {Func: Last, Field: "value", As: "l"}}}
	names := []string{"key", "w"}
	if win.Kind == Session {
		names = []string{"key", "start", "=end"}
	}
	q.Output.Fields = identity(append(names, "=n", "=s", "=m", "=d", "=l")...)
	return q
}

// readings are the rows of kind 0 and one key, by time.
func readings(rows [][]int64, key int64) [][]int64 {
	var out [][]int64
	for _, r := range rows {
		if r[2] == 0 && r[3] == key {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b []int64) int { return int(a[1] - b[1]) })
	return out
}

// bruteWindows looks at every window there could be and every row in it.
func bruteWindows(rows [][]int64, size, slide, bound int64) []string {
	var want []string
	for start := int64(-200) / slide * slide; start < 1000; start += slide {
		for key := range int64(4) {
			in := slices.DeleteFunc(readings(rows, key), func(r []int64) bool {
				return r[1] < start || r[1] >= start+size
			})
			if len(in) > 0 {
				want = append(want, fmt.Sprintf("%d|%d%s @%d %s", key, start, summary(in), start+size,
					firstAt(rows, start+size+bound)))
			}
		}
	}
	return want
}

// bruteSessions cuts the rows of each key, sorted by time, where a gap is too long.
func bruteSessions(rows [][]int64, gap, bound int64) []string {
	var want []string
	for key := range int64(4) {
		of := readings(rows, key)
		for len(of) > 0 {
			n := 1
			for n < len(of) && of[n][1]-of[n-1][1] <= gap {
				n++
			}
			end := of[n-1][1] + gap
			want = append(want, fmt.Sprintf("%d|%d|%d%s @%d %s", key, of[0][1], end, summary(of[:n]), end,
				firstAt(rows, end+bound)))
			of = of[n:]
		}
	}
	return want
}

// Under any shuffle within the bound nothing is late, and the oracle agrees with an implementation
// that keeps everything, knows no watermark and looks at all rows for every window.
func TestOracleAgreesWithBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(0, 30).Draw(t, "bound")
		size := rapid.Int64Range(1, 25).Draw(t, "size")
		slide := rapid.Int64Range(1, 12).Draw(t, "slide")
		rows := drawStream(t, bound)
		for _, c := range []struct {
			win  Window
			want []string
		}{
			{Window{Kind: Tumbling, SizeMs: size}, bruteWindows(rows, size, size, bound)},
			{Window{Kind: Hopping, SizeMs: size, SlideMs: slide}, bruteWindows(rows, size, slide, bound)},
			{Window{Kind: Session, GapMs: size}, bruteSessions(rows, size, bound)},
		} {
			w := handmade(bruteQuery(c.win, bound), rows)
			var got []string
			last := int64(math.MinInt64)
			late, err := w.Expect(context.Background(), uint64(len(rows)), func(e *Expected) error {
				if e.EndMs < last {
					t.Errorf("a window that ends at %d after one at %d", e.EndMs, last)
				}
				last = e.EndMs
				got = append(got, render(w, e))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Fatalf("%+v\n got %q\nwant %q", c.win, got, c.want)
			}
			if late.Allowed+late.TooLate > 0 {
				t.Fatalf("%+v: %+v, but nothing is late", c.win, late)
			}
		}
	})
}

// Where the watermark of a system trails, any number of an identity's too-late events may count;
// but an event that neither counts nor is reported as dropped is missed.
func TestTrailingWatermarksAreJudgedByConservation(t *testing.T) {
	q := Query{Key: "key", Window: Window{Kind: Tumbling, SizeMs: 10},
		Aggregates: []Aggregate{{Func: Count, As: "n"}},
		Output:     Output{Fields: identity("key", "w", "=n")}}
	rows := [][]int64{{0, 1, 0, 1, 0}, {1, 15, 0, 1, 0}, {2, 2, 0, 1, 0}, {3, 3, 0, 1, 0}, {4, 4, 0, 2, 0}}
	w := handmade(q, rows)
	ideal := [][]int64{{1, 0, 1, 1, 0}, {1, 10, 1, 1, 1}}
	all := [][]int64{{1, 0, 3, 3, 5}, {2, 0, 1, 1, 4}, {1, 10, 1, 1, 1}}
	some := [][]int64{{1, 0, 2, 2, 2}, {1, 10, 1, 1, 1}}
	short := [][]int64{{1, 0, 0, 0, 0}, {1, 10, 1, 1, 1}}
	cases := []struct {
		name   string
		rows   [][]int64
		late   int64
		strict bool
		want   string
	}{
		{"the ideal answer is right", ideal, 3, true, ""},
		{"the ideal answer is right for many shards, too", ideal, 3, false, ""},
		{"a strict watermark drops all that is too late", all, 0, true, "wrong 1, phantom 1"},
		{"a trailing watermark may drop none", all, 0, false, ""},
		{"or some", some, 2, false, ""},
		{"an event neither counted nor dropped is missed", some, 1, false, "unexplained 1"},
		{"an event counted and dropped is, too", all, 1, false, "unexplained 1"},
		{"an event that is not too late must count", short, 4, false, "wrong 1"},
		{"a strict counter must be right", ideal, 2, true, "unexplained 1"},
		{"a system need not count what it drops", some, -1, false, ""},
	}
	for _, c := range cases {
		l := account(t, w, Delivered{Events: 5, TooLate: c.late, Strict: c.strict}, c.rows)
		if got := classes(l); got != c.want || l.Lateness != (Lateness{OnTime: 2, TooLate: 3}) {
			t.Errorf("%s: %q, want %q; %+v", c.name, got, c.want, l)
		}
		if good := c.want == ""; good && (l.Digest != l.WantDigest || l.Count != l.WantCount) {
			t.Errorf("%s: right, but %s is not %s", c.name, l.Digest, l.WantDigest)
		}
	}
}
