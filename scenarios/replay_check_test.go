package scenarios

import (
	"testing"

	"github.com/streambench/streambench/workloads"
)

// keptRows is a checker that only has the rows it kept.
type keptRows struct {
	workloads.Checker
	rows [][]int64
}

func (k keptRows) Results(fn func(row []int64, receivedNs int64) error) error {
	for _, row := range k.rows {
		if err := fn(row, 0); err != nil {
			return err
		}
	}
	return nil
}

// TestASwitchedViewHasEveryIdentityOnce takes a query whose identity does not say when a result
// is, so that two instances which place one at different times give it to the view twice, or never.
func TestASwitchedViewHasEveryIdentityOnce(t *testing.T) {
	q := workloads.Query{Output: workloads.Output{Fields: []workloads.ResultField{
		{Name: "id", Identity: true}, {Name: workloads.WindowStart}, {Name: "sum"},
	}}, Window: workloads.Window{Kind: workloads.Tumbling, SizeMs: 10}}
	live := [][]int64{{1, 10, 5}, {2, 20, 5}, {3, 30, 5}, {4, 40, 5}}
	with := func(i int, row []int64) [][]int64 {
		rows := append([][]int64{}, live...)
		rows[i] = row
		return rows
	}
	for _, tt := range []struct {
		name   string
		shadow [][]int64
		at     int64
		says   string
		ofLive uint64
	}{
		{"equal", live, 30, "", 2},
		{"before all", live, 10, "", 0},
		{"after all", live, 50, "", 4},
		{"a difference before the switch", with(0, []int64{1, 10, 6}), 30, "", 2},
		{"one result in both", with(1, []int64{2, 30, 5}), 30, "2 is there once too often", 2},
		{"one result in none", with(2, []int64{3, 20, 5}), 30, "3 is missing", 2},
		{"one result twice in the second", append(with(0, live[0]), live[3]), 30,
			"4 is there once too often", 2},
		{"one lost in the second", live[:3], 30, "4 is missing", 2},
		{"one lost in the second before the switch", live[1:], 30, "", 2},
	} {
		v := switched{q: q, column: sideColumn(q), at: tt.at, all: newLineSorter(t.TempDir()),
			view: newLineSorter(t.TempDir())}
		ofLive, err := v.take(keptRows{rows: live}, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.take(keptRows{rows: tt.shadow}, true); err != nil {
			t.Fatal(err)
		}
		says, err := v.differs(t.TempDir())
		if err != nil || says != tt.says || ofLive != tt.ofLive {
			t.Errorf("%s: %q, %d of the first: %v", tt.name, says, ofLive, err)
		}
	}
}

// TestAResultSaysOnWhichSideOfASwitchItLies looks at one query of each kind; fraud's alerts, say,
// name two events and no window.
func TestAResultSaysOnWhichSideOfASwitchItLies(t *testing.T) {
	fields := func(names ...string) workloads.Output {
		var o workloads.Output
		for _, name := range names {
			o.Fields = append(o.Fields, workloads.ResultField{Name: name, Identity: true})
		}
		return o
	}
	for want, q := range map[int]workloads.Query{
		0:  {Output: fields("seq", "auction")},
		1:  {Output: fields("sensor", "w", "sum"), Window: workloads.Window{Kind: workloads.Tumbling}},
		2:  {Output: fields("a", "b", "start"), Window: workloads.Window{Kind: workloads.Session}},
		-1: {Output: fields("small", "large", "account"), Process: &workloads.Process{}},
	} {
		if got := sideColumn(q); got != want {
			t.Errorf("column %d of %+v, want %d", got, q.Output.Fields, want)
		}
	}
}
