package workloads

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// delivery is what a system delivered: answers and the rows of one other output.
type delivery struct {
	answers, side [][]int64
	stream        Stream
}

// accountAll is the ledger of a run that delivered to two outputs by turns.
func accountAll(t testing.TB, w *Workload, d Delivered, all delivery) Ledger {
	t.Helper()
	c, err := w.NewChecker(t.TempDir(), CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	half := len(all.answers) / 2
	deliver(t, w, c, all.answers[:half])
	deliverTo(t, w, c, all.stream, all.side)
	deliver(t, w, c, all.answers[half:])
	l, err := c.Finish(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func deliverTo(t testing.TB, w *Workload, c Checker, s Stream, rows [][]int64) {
	t.Helper()
	if len(rows) == 0 {
		return
	}
	rs := NewResultsOf(w.Query, s, 100)
	for part := range slices.Chunk(rows, rs.Cap()) {
		rs.N = len(part)
		for i, row := range part {
			for col, x := range row {
				rs.Cols[col][i] = x
			}
		}
		if err := c.Add(rs, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// tooLateOrders finds the rows of the late output of orders without any window.
func tooLateOrders(w *Workload, n int) [][]int64 {
	var rows [][]int64
	top := int64(0)
	q := w.Query
	scan(w, n, func(b *Batch) {
		for i, ts := range b.TS[:b.N] {
			if top >= ts/q.Window.SizeMs*q.Window.SizeMs+q.Window.SizeMs+q.BoundMs+q.LatenessMs {
				rows = append(rows,
					[]int64{b.Seq[i], b.Cols[orderRegion][i], b.Cols[orderAmount][i], ts})
			}
			top = max(top, ts)
		}
	})
	return rows
}

// unreadable are the rows of the dead letters of poison.
func unreadable(w *Workload, n int) [][]int64 {
	var rows [][]int64
	for seq := range n {
		if reason := w.reason(uint64(seq)); reason != 0 {
			rows = append(rows, []int64{int64(seq), int64(seq % 8), int64(seq / 8), reason, 1})
		}
	}
	return rows
}

// sideMutations spoil one row of an output beside the answers.
var sideMutations = []struct {
	name             string
	spoil            func(rows [][]int64, i, stranger int) [][]int64
	missing, foreign uint64
	note             string // of the offender
}{
	{"nothing", func(r [][]int64, _, _ int) [][]int64 { return r }, 0, 0, ""},
	{"lose", func(r [][]int64, i, _ int) [][]int64 { return slices.Delete(r, i, i+1) }, 1, 0, ""},
	{"double", func(r [][]int64, i, _ int) [][]int64 { return append(r, r[i]) }, 0, 1,
		"it is there already"},
	{"change", func(r [][]int64, i, _ int) [][]int64 {
		r[i] = slices.Clone(r[i])
		r[i][3]++
		return r
	}, 0, 1, ""},
	{"invent", func(r [][]int64, i, _ int) [][]int64 {
		row := slices.Clone(r[i])
		row[0] = 1 << 40
		return append(r, row)
	}, 0, 1, "there is no such event"},
	{"let one in that has no place there", func(r [][]int64, i, stranger int) [][]int64 {
		row := slices.Clone(r[i])
		row[0] = int64(stranger)
		return append(r, row)
	}, 0, 1, ""},
	{"swap", func(r [][]int64, i, _ int) [][]int64 {
		j := i
		for r[i][3] == r[j][3] {
			j = (j + 1) % len(r)
		}
		a, b := slices.Clone(r[i]), slices.Clone(r[j])
		a[3], b[3] = b[3], a[3]
		r[i], r[j] = a, b
		return r
	}, 0, 2, ""},
}

// One row of the late output or of the dead letters that is lost, doubled, changed, invented or
// swapped is classed exactly and named, wherever it is.
func TestCheckerClassesOneBadRowOfAnotherOutputExactly(t *testing.T) {
	const n = 1_000_000
	for _, c := range []struct {
		workload string
		stream   Stream
		params   map[string]string
		rows     func(w *Workload, n int) [][]int64
		side     func(l *Ledger) *Side
		class    string
		names    []string // what the identity of an offender tells
	}{
		{ordersName, LateEvents, nil, tooLateOrders, func(l *Ledger) *Side { return l.LateOutput },
			"late-", []string{"seq=%d (202", " region=%d", " w=", "Z)"}},
		{poisonName, DeadLetters, map[string]string{"malformed": "500"}, unreadable,
			func(l *Ledger) *Side { return l.DeadLetters }, "dead-letter-",
			[]string{"seq=%d (202"}},
	} {
		t.Run(c.workload, func(t *testing.T) {
			t.Parallel()
			w := newWorkload(t, c.workload, 10_000, c.params)
			right := delivery{answers: answers(t, w, n), stream: c.stream, side: c.rows(w, n)}
			rows := len(right.side)
			if rows < 1000 {
				t.Fatalf("only %d rows", rows)
			}
			for _, m := range sideMutations {
				for _, i := range []int{0, rows / 2, rows - 1} {
					spoilt := right
					spoilt.side = m.spoil(slices.Clone(right.side), i, 12)
					l := accountAll(t, w, Delivered{Events: n, TooLate: -1, Strict: true}, spoilt)
					want := Side{Expected: uint64(rows), Received: uint64(len(spoilt.side)),
						Missing: m.missing, Foreign: m.foreign}
					if got := c.side(&l); got == nil || *got != want || classes(l) != "" {
						t.Fatalf("%s %d: %+v, %q, want %+v", m.name, i, got, classes(l), want)
					}
					if n := m.missing + m.foreign; n != uint64(len(l.Offenders)) {
						t.Fatalf("%s %d: %d offenders, want %d", m.name, i, len(l.Offenders), n)
					} else if n == 0 {
						continue
					}
					o := l.Offenders[0]
					class := c.class + map[bool]string{true: "missing", false: "foreign"}[m.missing > 0]
					if o.Class != class || !strings.Contains(o.Note, m.note) {
						t.Errorf("%s %d: %+v, want class %s and note %q", m.name, i, o, class, m.note)
					}
					if m.name == "invent" || strings.HasPrefix(m.name, "let") {
						stranger := fmt.Sprintf("seq=%d", spoilt.side[len(spoilt.side)-1][0])
						if !strings.Contains(o.Identity, stranger) {
							t.Errorf("%s %d: identity %q does not tell %q", m.name, i, o.Identity, stranger)
						}
						continue
					}
					if m.name == "swap" { // two offenders, in the order of their events
						other := l.Offenders[1]
						if o.Identity == other.Identity {
							t.Errorf("%s %d: both rows are told as %q", m.name, i, o.Identity)
						}
						if !strings.Contains(o.Identity, fmt.Sprintf("seq=%d ", right.side[i][0])) {
							o = other
						}
					}
					for k, name := range c.names {
						if strings.Contains(name, "%d") {
							name = fmt.Sprintf(name, right.side[i][k])
						}
						if !strings.Contains(o.Identity, name) {
							t.Errorf("%s %d: identity %q does not tell %q", m.name, i, o.Identity, name)
						}
					}
				}
			}
		})
	}
}

// A dead letter has to say why, after how many attempts and where; a malformed event has no answer.
func TestDeadLettersTellWhatHappened(t *testing.T) {
	const n = 20_000
	w := newWorkload(t, poisonName, 10_000, map[string]string{"malformed": "100"})
	right := delivery{answers: answers(t, w, n), stream: DeadLetters, side: unreadable(w, n)}
	for _, c := range []struct {
		column      int
		value       int64
		note        string
		wantForeign uint64
	}{
		{deadAttempts, 3, "", 0},
		{deadAttempts, 0, "0 attempts", 1},
		{deadReason, 0, "reason 0", 1},
		{deadReason, 3, "reason 3", 1},
		{deadPartition, -1, "where the event lay", 1},
		{deadOffset, -1, "where the event lay", 1},
	} {
		side := slices.Clone(right.side)
		side[5] = slices.Clone(side[5])
		side[5][c.column] = c.value
		l := accountAll(t, w, Delivered{Events: n, TooLate: -1},
			delivery{right.answers, side, DeadLetters})
		if l.DeadLetters.Foreign != c.wantForeign || l.DeadLetters.Missing != 0 ||
			c.note != "" && !strings.Contains(l.Offenders[0].Note, c.note) {
			t.Errorf("column %d is %d: %+v", c.column, c.value, l)
		}
	}
	// An event that is a dead letter and has an answer as well is one too many.
	both := append(slices.Clone(right.answers), []int64{right.side[0][0], 1, 1})
	l := accountAll(t, w, Delivered{Events: n, TooLate: -1}, delivery{both, right.side, DeadLetters})
	if classes(l) != "phantom 1" || l.DeadLetters.Foreign != 0 {
		t.Errorf("an answer to a dead letter: %+v", l)
	}
	if total := l.Expected + l.DeadLetters.Expected; total != n {
		t.Errorf("%d events are answers or dead letters, of %d", total, n)
	}
}

// lateQuery tumbles by ten, counts and takes the maximum, and sets aside what is too late.
func lateQuery(bound, lateness int64) Query {
	return Query{Key: "key", Window: Window{Kind: Tumbling, SizeMs: 10}, BoundMs: bound,
		LatenessMs: lateness,
		Aggregates: []Aggregate{{Func: Count, As: "n"}, {Func: Max, Field: "value", As: "m"}},
		Late:       &Output{Fields: identity("seq", "=key", "=value", "=ts")},
		Output:     Output{Kind: Upsert, Fields: identity("key", "w", "=n", "=m")}}
}

// lateRun folds rows as a system would whose watermark trails: an event that is too late counts or
// is set aside as it pleases, never both. It returns what it set aside and could have set aside.
func lateRun(rows [][]int64, q Query, aside func(n int64) bool) (d delivery, tooLate [][]int64) {
	type id struct{ key, w int64 }
	got := map[id][]int64{}
	var order []id
	top := int64(-1 << 40)
	for _, r := range rows {
		seq, ts, key, value := r[0], r[1], r[3], r[4]
		k := id{key, floorTo(ts, q.Window.SizeMs)}
		late := top >= k.w+q.Window.SizeMs+q.BoundMs+q.LatenessMs
		top = max(top, ts)
		if r[2] != 0 {
			continue
		}
		if late {
			tooLate = append(tooLate, []int64{seq, key, value, ts})
			if aside(seq) {
				d.side = append(d.side, []int64{seq, key, value, ts})
				continue
			}
		}
		row := got[k]
		if row == nil {
			row = []int64{k.key, k.w, 0, value, 0, 0}
			order = append(order, k)
		}
		row = slices.Clone(row)
		row[2]++
		row[3] = max(row[3], value)
		row[4]++
		row[5] += seq
		got[k] = row
	}
	for _, k := range order {
		d.answers = append(d.answers, got[k])
	}
	d.stream = LateEvents
	return d, tooLate
}

// Whichever of the events that are too late a system counts and whichever it sets aside, its results
// are right exactly where every event is in one place: in its window or in the late output.
func TestLateOutputsAreJudgedByConservation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rows := drawStream(r, rapid.Int64Range(0, 60).Draw(r, "disorder"))
		q := lateQuery(rapid.Int64Range(0, 9).Draw(r, "bound"), rapid.Int64Range(0, 9).Draw(r, "late"))
		w := handmade(q, rows)
		asides := rapid.SliceOfN(rapid.Bool(), len(rows), len(rows)).Draw(r, "aside")
		d, tooLate := lateRun(rows, q, func(n int64) bool { return asides[n] })
		what := Delivered{Events: uint64(len(rows)), TooLate: int64(len(d.side))}
		l := accountAll(t, w, what, d)
		if !l.clean() || l.LateOutput.Received != uint64(len(d.side)) ||
			l.Lateness.TooLate != uint64(len(tooLate)) {
			r.Fatalf("%d of %d set aside: %+v", len(d.side), len(tooLate), l)
		}
		if len(d.side) == 0 {
			return
		}
		gone := d
		i := rapid.IntRange(0, len(d.side)-1).Draw(r, "i")
		gone.side = slices.Delete(slices.Clone(d.side), i, i+1)
		if l := accountAll(t, w, what, gone); l.Wrong+l.Lost != 1 {
			r.Fatalf("an event in neither place: %+v", l)
		}
		what.Strict = true
		l = accountAll(t, w, what, d)
		if all := len(d.side) == len(tooLate); all != l.clean() ||
			l.LateOutput.Missing != uint64(len(tooLate)-len(d.side)) {
			r.Fatalf("strictly %d of %d set aside: %+v", len(d.side), len(tooLate), l)
		}
	})
}

// An engine's watermark trails the ideal one and never leads it: an event that is not too late must
// not be set aside, not even by a system that does not count it.
func TestNoSystemSetsAsideWhatIsNotTooLate(t *testing.T) {
	rows := [][]int64{{0, 1, 0, 1, 5}, {1, 15, 0, 1, 5}, {2, 2, 0, 1, 5}, {3, 40, 0, 1, 5}, {4, 3, 0, 1, 9}}
	w := handmade(lateQuery(0, 20), rows)
	right, tooLate := lateRun(rows, w.Query, func(int64) bool { return true })
	if len(tooLate) != 1 {
		t.Fatalf("too late: %v", tooLate)
	}
	d := right
	d.answers = slices.Clone(d.answers)
	d.answers[0] = []int64{1, 0, 1, 5, 1, 0}
	d.side = append(slices.Clone(d.side), []int64{2, 1, 5, 2})
	for _, strict := range []bool{true, false} {
		l := accountAll(t, w, Delivered{Events: 5, TooLate: 2, Strict: strict}, d)
		if l.LateOutput.Foreign != 1 || l.Wrong != 1 || l.LateOutput.Missing != 0 {
			t.Errorf("strict %v: %+v", strict, l)
		}
		l = accountAll(t, w, Delivered{Events: 5, TooLate: 1, Strict: strict}, right)
		if !l.clean() || l.LateOutput.Expected != 1 {
			t.Errorf("strict %v: right, but %+v", strict, l)
		}
	}
}
