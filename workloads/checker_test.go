package workloads

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// answers are the right results of slots 0..events-1, in the oracle's order.
func answers(t testing.TB, w *Workload, events uint64) [][]int64 {
	t.Helper()
	var rows [][]int64
	_, err := w.Expect(context.Background(), events, func(e *Expected) error {
		rows = append(rows, slices.Clone(e.Row))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// deliver hands rows to a checker in batches of 1000.
func deliver(t testing.TB, w *Workload, c Checker, rows [][]int64) {
	t.Helper()
	rs := NewResults(w.Query, 1000)
	for at := 0; at < len(rows); at += rs.Cap() {
		part := rows[at:min(at+rs.Cap(), len(rows))]
		rs.N = len(part)
		for i, row := range part {
			for col, x := range row {
				rs.Cols[col][i] = x
			}
		}
		if err := c.Add(rs, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

// account is the ledger of a run that delivered rows. It demands that nothing is left on disk.
func account(t testing.TB, w *Workload, d Delivered, rows [][]int64) Ledger {
	t.Helper()
	dir := t.TempDir()
	c, err := w.NewChecker(dir, CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, w, c, rows)
	l, err := c.Finish(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return l
}

// classes renders the classes that are not 0, without the totals.
func classes(l Ledger) string {
	var s []string
	for _, c := range []struct {
		name string
		n    uint64
	}{{"lost", l.Lost}, {"duplicated", l.Duplicated}, {"wrong", l.Wrong}, {"phantom", l.Phantom},
		{"corrupt", l.Corrupt}, {"refinements", l.Refinements}, {"unexplained", l.Unexplained}} {
		if c.n > 0 {
			s = append(s, fmt.Sprintf("%s %d", c.name, c.n))
		}
	}
	return strings.Join(s, ", ")
}

// mutation spoils a right result set at place i. value is a column that is not the identity's.
type mutation struct {
	name, kind string // kind: of result this is for, or any
	spoil      func(rows [][]int64, i, value int) [][]int64
	want       string // classes
	note       string // of the first offender, if any
}

var mutations = []mutation{
	{"nothing", "any", func(r [][]int64, _, _ int) [][]int64 { return r }, "", ""},
	{"lose", "any", func(r [][]int64, i, _ int) [][]int64 { return slices.Delete(r, i, i+1) }, "lost 1", ""},
	{"double", "append", func(r [][]int64, i, _ int) [][]int64 { return append(r, r[i]) },
		"duplicated 1", "delivered 2 times"},
	{"double", "upsert", func(r [][]int64, i, _ int) [][]int64 { return append(r, r[i]) }, "refinements 1", ""},
	{"double", "additive", func(r [][]int64, i, _ int) [][]int64 { return append(r, r[i]) }, "wrong 1", ""},
	{"change", "any", func(r [][]int64, i, v int) [][]int64 {
		r[i] = slices.Clone(r[i])
		r[i][v]++
		return r
	}, "wrong 1", "another value of"},
	{"double and change", "append", func(r [][]int64, i, v int) [][]int64 {
		row := slices.Clone(r[i])
		row[v]--
		return append(r, row)
	}, "duplicated 1, wrong 1", ""},
	{"change then refine", "upsert", func(r [][]int64, i, v int) [][]int64 {
		r = append(r, r[i])
		r[i] = slices.Clone(r[i])
		r[i][v]++
		return r
	}, "refinements 1", ""},
	{"split", "additive", func(r [][]int64, i, _ int) [][]int64 {
		part := slices.Clone(r[i]) // key, count, count, seqsum: a window of no event and its rest
		part[1], part[2], part[3] = 0, 0, 0
		return append(r, part)
	}, "", ""},
	{"invent", "any", func(r [][]int64, i, _ int) [][]int64 {
		row := slices.Clone(r[i])
		for c := range row {
			row[c] = math.MinInt64 + int64(c)
		}
		other := slices.Clone(row)
		for c := range row {
			other[c] = math.MaxInt64 - int64(c)
		}
		return append(r, row, other)
	}, "phantom 2", ""},
	{"swap", "any", func(r [][]int64, i, v int) [][]int64 {
		// The values of two results change places.
		j := i
		for range r {
			if r[j][v] == r[i][v] {
				j = (j + 1) % len(r)
			}
		}
		a, b := slices.Clone(r[i]), slices.Clone(r[j])
		a[v], b[v] = b[v], a[v]
		r[i], r[j] = a, b
		return r
	}, "wrong 2", ""},
	{"reverse", "append", func(r [][]int64, _, _ int) [][]int64 {
		slices.Reverse(r)
		return r
	}, "", ""},
}

// One result that is lost, doubled, changed, invented or swapped is classed exactly, wherever it is,
// whatever the shape of the query.
func TestCheckerClassesOneBadResultExactly(t *testing.T) {
	cases := []struct {
		vector int
		kind   string
		events uint64
	}{{0, "append", 300_000}, {2, "upsert", 300_000}, {3, "append", 200_000},
		{5, "append", 1_000_000}, {6, "append", 100_000}, {7, "append", 300_000},
		{8, "append", 100_000}, {9, "additive", 100_000},
		{11, "append", 100_000}, {12, "append", 30_000},
		{15, "append", 100_000}, {16, "upsert", 30_000}, {17, "append", 300_000},
		{18, "upsert", 30_000}, {19, "upsert", 20_000}, {20, "append", 30_000},
		{21, "append", 200_000}, {22, "append", 400_000}, {23, "upsert", 20_000}}
	for _, c := range cases {
		v := vectors[c.vector]
		t.Run(vectorName(c.vector), func(t *testing.T) {
			t.Parallel()
			w := build(t, v.name, v.rate, v.params)
			right := answers(t, w, c.events)
			set := newResultSet(w.Query)
			for _, row := range right {
				set.add(row)
			}
			value := len(w.Query.Output.Fields) - 1
			for w.Query.Output.Fields[value].Identity {
				value--
			}
			for _, m := range mutations {
				if m.kind != "any" && m.kind != c.kind {
					continue
				}
				for _, i := range []int{0, len(right) / 2, len(right) - 1} {
					rows := m.spoil(slices.Clone(right), i, value)
					l := account(t, w, Delivered{Events: c.events, TooLate: -1, Strict: true}, rows)
					check(t, fmt.Sprintf("%s %d", m.name, i), m, l)
					if l.WantCount != set.count || l.WantDigest != set.digest() {
						t.Errorf("%s: wants %d %s, not %d %s", m.name, l.WantCount, l.WantDigest,
							set.count, set.digest())
					}
					good := m.want == "" || m.want == "refinements 1"
					same := l.Count == set.count && l.Digest == set.digest()
					// Swapped last digits can leave a sum of FNV hashes as it was.
					if m.name != "swap" && same != good {
						t.Errorf("%s: delivered %d %s, right is %d %s", m.name, l.Count, l.Digest,
							set.count, set.digest())
					}
				}
			}
		})
	}
}

func check(t *testing.T, name string, m mutation, l Ledger) {
	t.Helper()
	if got := classes(l); got != m.want {
		t.Errorf("%s: classes %q, want %q (%+v)", name, got, m.want, l)
	}
	for class := range strings.SplitSeq(m.want, ", ") {
		word, _, _ := strings.Cut(class, " ")
		listed := slices.ContainsFunc(l.Offenders, func(o Offender) bool { return o.Class == word })
		if word != "" && word != "refinements" && !listed {
			t.Errorf("%s: no offender of class %s is named: %+v", name, word, l.Offenders)
		}
	}
	if m.note != "" && (len(l.Offenders) == 0 || !strings.Contains(l.Offenders[0].Note, m.note)) {
		t.Errorf("%s: want a note %q: %+v", name, m.note, l.Offenders)
	}
}

// A wrong aggregate says which event is missing or was counted twice.
func TestWrongAggregatesNameTheEvent(t *testing.T) {
	w := build(t, "iot-telemetry", 100_000, map[string]string{"keys": "10"})
	const events, seq = 100_000, 777
	b := NewBatch(w.Schema, 1)
	w.Events().Fill(b, Slots{First: seq, Step: 1, N: 1})
	right := answers(t, w, events)
	at := slices.IndexFunc(right, func(r []int64) bool {
		return r[0] == b.Cols[0][0] && r[1] == floorTo(b.TS[0], 10_000)
	})
	for _, c := range []struct {
		counts, seqs int64
		note         string
	}{
		{-1, -seq, "event 777 lost"},
		{1, seq, "event 777 counted twice"},
		{-3, -1234, "3 events lost"},
		{2, 7, "2 events counted twice or from elsewhere"},
		{0, 3, "as many events, but not the same"},
		{0, 0, "the right events, but another value of max"},
	} {
		rows := slices.Clone(right)
		row := slices.Clone(rows[at])
		row[3] += c.counts
		row[4]++ // the maximum
		row[5] += c.counts
		row[6] += c.seqs
		rows[at] = row
		l := account(t, w, Delivered{Events: events, TooLate: 0, Strict: true}, rows)
		if len(l.Offenders) != 1 || l.Wrong != 1 || l.Offenders[0].Note != c.note {
			t.Errorf("want %q, got %+v", c.note, l.Offenders)
		}
		if id := l.Offenders[0].Identity; !strings.Contains(id, "sensor=") ||
			!strings.Contains(id, "w=") || !strings.Contains(id, "Z)") {
			t.Errorf("identity %q does not tell key, window and time", id)
		}
	}
}

// A result for an event that was never offered is a phantom, whatever came in besides; copies of
// results long complete are still copies.
func TestPerEventResultsBeyondTheEnd(t *testing.T) {
	w := build(t, "nexmark", 10_000, map[string]string{"query": "q0"})
	const events = 200_000
	rows := answers(t, w, 500_000) // 184 000 of them of events offered
	rows = append(rows, rows[3], rows[3], rows[400_000])
	spoilt := slices.Clone(rows[7])
	spoilt[2]++
	rows = append(rows, spoilt, spoilt)
	l := account(t, w, Delivered{Events: events, TooLate: -1, Strict: true}, rows)
	if got := classes(l); got != "duplicated 4, wrong 1, phantom 276001" || l.Expected != 184_000 {
		t.Errorf("classes %q of %d", got, l.Expected)
	}
}

// Garbage far ahead costs no page a row, and every seventh result that is missing costs marks only.
func TestPerEventCheckerBoundsItsPages(t *testing.T) {
	w := build(t, "nexmark", 10_000, map[string]string{"query": "q1", "groups": "1000"})
	const events = 2_000_000
	var rows [][]int64
	lost := uint64(0)
	for i, row := range answers(t, w, events) {
		if i%7 == 0 {
			lost++
			continue
		}
		rows = append(rows, row)
	}
	for i := range int64(1000) {
		far := slices.Clone(rows[0])
		far[0] = math.MaxInt64 - i*1e12
		rows = append(rows, far)
	}
	c, err := w.NewChecker(t.TempDir(), CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	deliver(t, w, c, rows)
	e := c.(*eventChecker)
	if len(e.live) > livePages || e.top > events/e.pageN+1 {
		t.Errorf("%d pages live, %d touched", len(e.live), e.top)
	}
	l, err := c.Finish(context.Background(), Delivered{Events: events, TooLate: -1})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("lost %d, phantom 1000", lost); classes(l) != want {
		t.Errorf("classes %q, want %q", classes(l), want)
	}
	if len(l.Offenders) != 2*offendersOfClass {
		t.Errorf("%d offenders, want %d", len(l.Offenders), 2*offendersOfClass)
	}
}

// Rows of garbage widen the buckets of the spool and nothing is lost by it.
func TestWindowCheckerBoundsItsBuckets(t *testing.T) {
	w := build(t, "iot-telemetry", 100_000, map[string]string{"keys": "1000"})
	rows := answers(t, w, 300_000)
	right := len(rows)
	for i := range int64(2 * maxBuckets) {
		junk := slices.Clone(rows[0])
		junk[1] = i * 7_777_777_777
		rows = append(rows, junk)
	}
	c, err := w.NewChecker(t.TempDir(), CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	deliver(t, w, c, rows)
	s := c.(*windowChecker).rows
	if len(s.buckets) > maxBuckets || len(s.hot) > hotBuckets {
		t.Errorf("%d buckets, %d of them hot", len(s.buckets), len(s.hot))
	}
	l, err := c.Finish(context.Background(), Delivered{Events: 300_000, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if l.Matched != uint64(right) || classes(l) != fmt.Sprintf("phantom %d", 2*maxBuckets) {
		t.Errorf("%d of %d matched, %s", l.Matched, right, classes(l))
	}
}

// A long run of sessions, or of additive results, is matched in several passes with the same answer.
func TestPartitionsAreMatchedInPasses(t *testing.T) {
	for _, query := range []string{"q11", "q12"} {
		w := build(t, "nexmark", 1000, map[string]string{"query": query})
		rows := answers(t, w, 200_000)
		c, err := w.NewChecker(t.TempDir(), CheckerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.(*windowChecker).partRows = 20
		deliver(t, w, c, rows[1:])
		l, err := c.Finish(context.Background(), Delivered{Events: 200_000, Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if l.Matched != uint64(len(rows)-1) || classes(l) != "lost 1" {
			t.Errorf("%s: %d of %d matched, %s", query, l.Matched, len(rows), classes(l))
		}
	}
}

// Whoever asks gets every result back as it came, with the time it came.
func TestCheckerGivesResultsBack(t *testing.T) {
	for _, query := range []string{"q2", "q5", "q11", "q12"} {
		w := build(t, "nexmark", 1000, map[string]string{"query": query})
		rows := answers(t, w, 200_000)
		c, err := w.NewChecker(t.TempDir(), CheckerOptions{KeepRows: true})
		if err != nil {
			t.Fatal(err)
		}
		deliver(t, w, c, rows)
		want, got := map[string]int{}, map[string]int{}
		for i, row := range rows {
			want[fmt.Sprint(row, i/1000*1000)]++
		}
		err = c.Results(func(row []int64, receivedNs int64) error {
			got[fmt.Sprint(row, receivedNs)]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || len(want) == 0 {
			t.Errorf("%s: %d results came back of %d", query, len(got), len(want))
		}
		for k, n := range want {
			if got[k] != n {
				t.Errorf("%s: result %s came back %d times, not %d", query, k, got[k], n)
				break
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckerSaysWhereItCannotWrite(t *testing.T) {
	w := build(t, "ysb", 10_000, nil)
	missing := filepath.Join(t.TempDir(), "gone")
	if _, err := w.NewChecker(missing, CheckerOptions{}); err == nil ||
		!strings.Contains(err.Error(), missing) {
		t.Errorf("want an error that names %s, got %v", missing, err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is full: ", err)
	}
	defer full.Close()
	c, err := w.NewChecker(t.TempDir(), CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := c.(*windowChecker).rows
	whole := s.file
	s.file = full
	rs := NewResults(w.Query, 1000)
	rs.N = 1000
	for range 10 {
		if err = c.Add(rs, 0); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "is the disk full?") {
		t.Errorf("want an error about a full disk, got %v", err)
	}
	if _, again := c.Finish(context.Background(), Delivered{}); again == nil {
		t.Error("a ledger was made of results that could not be kept")
	}
	s.file = whole
}
