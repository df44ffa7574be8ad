package engine

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// answerSet holds the answers left after all changes delivered so far, by key and start. Where
// events are too late there may be several of one start: a session that was dropped, and one begun
// after it that a late event has led back to where the other began.
type answerSet struct {
	rows  map[[2]int64][][]int64
	apart bool // no event is too late: sessions of a key are more than a gap apart, at any time
	wrong []string
	n     map[int64]int // changes by what they do
}

func (s *answerSet) apply(row []int64) {
	id, op := [2]int64{row[0], row[1]}, row[len(row)-1]
	row[len(row)-1] = workloads.Insert // what is left is there, however it came
	old := s.rows[id]
	last := len(old) - 1
	s.n[op]++
	switch {
	case op == workloads.Insert && (last < 0 || !s.apart):
		s.rows[id] = append(old, row)
	case op == workloads.Update && last >= 0:
		old[last] = row
	case op == workloads.Retract && last >= 0 && slices.Equal(old[last], row):
		s.rows[id] = old[:last]
	default:
		s.wrong = append(s.wrong, fmt.Sprintf("op %d of %v over %v", op, row, old))
	}
	if op != workloads.Retract && s.apart {
		s.compare(row)
	}
}

func (s *answerSet) compare(row []int64) {
	for _, others := range s.rows {
		for _, o := range others {
			if o[0] == row[0] && o[1] != row[1] && o[1] <= row[2] && row[1] <= o[2] {
				s.wrong = append(s.wrong, fmt.Sprintf("%v is not apart from %v", row, o))
			}
		}
	}
}

func (s *answerSet) lines() []string {
	var lines []string
	for _, rows := range s.rows {
		for _, row := range rows {
			lines = append(lines, fmt.Sprint(row))
		}
	}
	slices.Sort(lines)
	return lines
}

// retracting runs an engine and applies what it delivers. Each slot owns its keys, so the changes
// of an answer come in order.
func retracting(
	t fataler, w *workloads.Workload, s script, slots int, sizes []int, left *answerSet,
) Stats {
	var sources []Source
	for i := range slots {
		sources = append(sources, &reader{events: s, first: i, step: slots, sizes: sizes})
	}
	e, err := New(Config{Workload: w, Sources: sources, BatchRows: 16, OutputDepth: 2})
	if err != nil {
		t.Fatal(err)
	}
	left.rows, left.n = map[[2]int64][][]int64{}, map[int64]int{}
	deliver(t, e, func(rs *workloads.Results) {
		for i := range rs.N {
			left.apply(rs.Row(make([]int64, len(rs.Cols)), i))
		}
	})
	return e.Stats()
}

// lateSessions draws a query over sessions that are answered early and taken back.
func lateSessions(t *rapid.T) workloads.Query {
	q := workloads.Query{
		Name: "drawn", Key: "k", Retracts: true,
		BoundMs:    rapid.Int64Range(0, 6).Draw(t, "bound"),
		LatenessMs: rapid.Int64Range(0, 40).Draw(t, "lateness"),
		Window:     workloads.Window{Kind: workloads.Session, GapMs: rapid.Int64Range(1, 12).Draw(t, "gap")},
		Aggregates: []workloads.Aggregate{
			{Func: workloads.Count, As: "n"}, {Func: workloads.Sum, Field: "v", As: "sum"},
			{Func: workloads.Last, Field: "v", As: "last"},
		},
	}
	q.Output.Kind = workloads.Upsert
	for _, name := range []string{"k", "start", "end", "n", "sum", "last"} {
		q.Output.Fields = append(q.Output.Fields, workloads.ResultField{
			Name: name, Identity: name == "k" || name == "start",
		})
	}
	return q
}

func TestAfterAllRetractionsTheOraclesSessionsAreLeft(t *testing.T) {
	seen := map[int64]int{}
	rapid.Check(t, func(t *rapid.T) {
		q := lateSessions(t)
		slots := rapid.IntRange(1, 3).Draw(t, "slots")
		inTime := slots > 1 || rapid.Bool().Draw(t, "in time")
		delay := int64(60) // one slot drops exactly what the oracle does
		if inTime {
			delay = q.BoundMs + q.LatenessMs // of more the watermark trails
		}
		s := drawEvents(t, delay)
		sizes := append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		w := ask(q, s)
		expected, late := want(t, w, len(s))
		got := &answerSet{apart: inTime}
		stats := retracting(t, w, s, slots, sizes, got)
		if lines := got.lines(); !slices.Equal(lines, expected) {
			t.Fatalf("%d slots: %s", slots, diff(lines, expected))
		}
		if len(got.wrong) > 0 {
			t.Fatal(got.wrong)
		}
		if stats.Late != late.TooLate || slots == 1 && stats.Allowed != late.Allowed {
			t.Fatalf("late: engine %d and %d, oracle %+v", stats.Late, stats.Allowed, late)
		}
		for op, n := range got.n {
			seen[op] += n
		}
	})
	if testing.Short() {
		return // so few draws may be without one
	}
	for _, op := range []int64{workloads.Insert, workloads.Update, workloads.Retract} {
		if seen[op] == 0 {
			t.Errorf("no change was of kind %d: %v", op, seen)
		}
	}
}

// The state of a session goes when its lateness is over, and its row with it.
func TestSessionsLeaveNothingBehind(t *testing.T) {
	w := workloadstest.Bind(t, "clickstream", 1_000, map[string]string{"profile": "lateness", "keys": "3000"})
	const events = 400_000 // 400 s of event time, a gap and the lateness are 90 s
	source := &generated{events: w.Events(), step: 1, end: events}
	e, err := New(Config{Workload: w, Sources: []Source{source}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.release()
	s := e.slots[0]
	op := s.op.(*sessions)
	var rows [2]int
	for turn := 0; !s.ended; turn++ {
		s.turn()
		s.out.flush()
		for rs := s.out.out.Pop(); rs != nil; rs = s.out.out.Pop() {
			s.out.out.Free(rs)
		}
		half := 0
		if turn >= events/1024/2 {
			half = 1
		}
		if rows[half] = max(rows[half], op.table.n); s.ended {
			break
		}
		if used := op.table.n - len(op.table.free); op.live > used {
			t.Fatalf("%d sessions in %d rows", op.live, used)
		}
	}
	if rows[1] > rows[0]*5/4 {
		t.Errorf("rows grow with the stream: %d in its first half, %d in its second", rows[0], rows[1])
	}
}

// What is left is what the profile that waits for late clicks answers once and for all.
func TestTheGoldenVectorOfClickstreamIsWhatIsLeft(t *testing.T) {
	for slots := 1; slots <= 2; slots++ {
		t.Run(fmt.Sprintf("slots=%d", slots), func(t *testing.T) {
			w := workloadstest.Bind(t, "clickstream", 10_000, map[string]string{"profile": "lateness"})
			l := judged(t, w, 1_000_000, slots)
			if l.Count != 133_084 || l.Digest != "d8ac7256d468c7fc" || l.Matched != l.Expected ||
				l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 || l.Refinements == 0 {
				t.Errorf("ledger %+v", l)
			}
		})
	}
}
