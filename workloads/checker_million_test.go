package workloads

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// named is how a ledger has to name a result: the fields of its identity, times of day beside
// milliseconds.
func named(q Query, row []int64) string {
	var words []string
	for i, f := range q.Columns() {
		if !f.Identity {
			continue
		}
		word := fmt.Sprintf("%s=%d", f.Name, row[i])
		if f.Name == WindowStart || f.Name == SessionFrom {
			word += time.UnixMilli(row[i]).UTC().Format(" (2006-01-02T15:04:05.000Z)")
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// millions are queries of every shape and enough events for a million results.
var millions = []struct {
	name, workload string
	rate           uint64
	params         map[string]string
	events         uint64
}{
	{"windows", iotName, 200_000,
		map[string]string{"keys": "200k", "window": "1s"}, 1_600_000},
	{"events", nexmarkName, 10_000, map[string]string{"query": "q0"}, 1_100_000},
	{"sessions", clickstreamName, 10_000, map[string]string{"keys": "50k", "gap": "1s",
		"disorder": "20k:900ms:1500ms"}, 1_400_000},
	{"upserts", ordersName, 1000, map[string]string{"window": "500ms"}, 1_350_000},
	{"retractions", clickstreamName, 10_000, map[string]string{"profile": "lateness",
		"keys": "50k", "gap": "1s", "bound": "500ms", "lateness": "5s",
		"disorder": "20k:900ms:1500ms"}, 1_400_000},
}

// changedMinds puts before every fifth result of a query that retracts one that is taken back: a
// session that seemed to begin a millisecond later.
func changedMinds(q Query, right [][]int64) [][]int64 {
	if !q.Retracts {
		return right
	}
	var rows [][]int64
	for i, row := range right {
		if i%5 == 0 {
			for _, op := range []int64{Insert, Retract} {
				early := slices.Clone(row)
				early[q.columnOf(SessionFrom)]++
				early[len(early)-1] = op
				rows = append(rows, early)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// offence is how one mutation of row i of a right result set has to be told.
type offence struct {
	class     string
	got, want []int64
}

// oneByOne are the ways to spoil a result set in one row, two where rows are swapped. Each says what
// has to be told of it. Right is the set as it should be.
var oneByOne = []func(q Query, rows *[][]int64, right [][]int64, i int) []offence{
	lose, double, change, invent, swap,
}

// at finds where a row of the right set lies by now.
func at(rows, right [][]int64, i int) int {
	j := max(i-2, 0) // a row may have been put in, another taken out
	for &rows[j][0] != &right[i][0] {
		j++
	}
	return j
}

func lose(_ Query, rows *[][]int64, right [][]int64, i int) []offence {
	j := at(*rows, right, i)
	*rows = slices.Concat((*rows)[:j], (*rows)[j+1:])
	return []offence{{classLost, nil, right[i]}}
}

func double(q Query, rows *[][]int64, right [][]int64, i int) []offence {
	*rows = slices.Insert(slices.Clone(*rows), at(*rows, right, i), right[i])
	if q.Output.Kind == Upsert && !q.Retracts {
		return nil // a refinement that changes nothing
	}
	return []offence{{classDuplicated, right[i], nil}}
}

func change(q Query, rows *[][]int64, right [][]int64, i int) []offence {
	return []offence{revalue(q, rows, right, [2]int{i, i}, right[i][q.LineWidth()-1]+7)}
}

func invent(_ Query, rows *[][]int64, right [][]int64, i int) []offence {
	row := slices.Clone(right[i])
	row[0] += 1 << 40
	*rows = slices.Insert(slices.Clone(*rows), at(*rows, right, i), row)
	return []offence{{classPhantom, row, nil}}
}

func swap(q Query, rows *[][]int64, right [][]int64, i int) []offence {
	value := q.LineWidth() - 1
	j := (i + len(right)/7) % len(right)
	for right[i][value] == right[j][value] {
		j = (j + 1) % len(right)
	}
	return []offence{revalue(q, rows, right, [2]int{i, j}, right[j][value]),
		revalue(q, rows, right, [2]int{j, i}, right[i][value])}
}

// revalue changes the last value of row of[0], which no identity has.
func revalue(q Query, rows *[][]int64, right [][]int64, of [2]int, value int64) offence {
	row := slices.Clone(right[of[0]])
	row[q.LineWidth()-1] = value
	spoilt := slices.Clone(*rows)
	spoilt[at(*rows, right, of[0])] = row
	*rows = spoilt
	return offence{classWrong, row, right[of[0]]}
}

// Of a million results one is lost, one doubled, one changed, one invented and two swapped, each of
// them at the head, in the middle and at the tail by turns: every one is classed exactly and named by
// key, window and time.
func TestEveryBadResultInAMillionIsNamed(t *testing.T) {
	for _, c := range millions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkload(t, c.workload, c.rate, c.params)
			right := delivery{answers: answers(t, w, c.events), stream: LateEvents}
			if w.Query.Late != nil {
				right.side = tooLateOrders(w, int(c.events))
			}
			n := len(right.answers)
			if n < 1_000_000 {
				t.Fatalf("%d results", n)
			}
			places := []int{0, n / 3, n / 2, 2 * n / 3, n - 1}
			for turn := range places {
				if w.Query.Retracts && turn%2 == 1 {
					continue // these cost twice what the others do
				}
				all := right
				all.answers = changedMinds(w.Query, right.answers)
				var told []offence
				for k, m := range oneByOne {
					// Later mutations do not move the rows of those before them.
					at := places[(k+turn)%len(places)]
					told = append(told, m(w.Query, &all.answers, right.answers, at)...)
				}
				l := accountAll(t, w, Delivered{Events: c.events, TooLate: -1, Strict: true}, all)
				tellsExactly(t, fmt.Sprintf("turn %d", turn), w.Query, l, told)
			}
		})
	}
}

func tellsExactly(t *testing.T, what string, q Query, l Ledger, told []offence) {
	t.Helper()
	want := map[string]uint64{}
	for _, o := range told {
		want[o.class]++
	}
	got := map[string]uint64{classLost: l.Lost, classDuplicated: l.Duplicated, classWrong: l.Wrong,
		classPhantom: l.Phantom}
	for class, n := range got {
		if n != want[class] {
			t.Errorf("%s: %d %s, want %d", what, n, class, want[class])
		}
	}
	if l.Corrupt+l.Unexplained > 0 || l.Matched != l.Expected-want[classLost]-want[classWrong] ||
		len(l.Offenders) != len(told) {
		t.Errorf("%s: %+v", what, l)
	}
	line := func(row []int64) string {
		if row == nil {
			return ""
		}
		return string(Line(nil, row[:q.LineWidth()]))
	}
	for _, o := range told {
		row := o.got
		if row == nil {
			row = o.want
		}
		found := slices.ContainsFunc(l.Offenders, func(f Offender) bool {
			return f.Class == o.class && f.Identity == named(q, row) && f.Got == line(o.got) &&
				f.Want == line(o.want)
		})
		if !found {
			t.Errorf("%s: %s is not told as %s: %+v", what, named(q, row), o.class, l.Offenders)
		}
	}
}
