package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
)

// alarms is a process whose answers tell the order of everything its keys were given: each event and
// each timer makes one, with a sum that no other order gives. Events set timers ahead of them, at
// their own time and before it, or clear them; timers set themselves again, some of them at once.
func alarms(again bool) *workloads.Process {
	const sum, answers = 0, 1
	answer := func(state []int64, key, at, x int64, out []int64) []int64 {
		state[sum] = state[sum]*31 + at*7 + x
		state[answers]++
		return append(out, key, state[answers], at, state[sum])
	}
	return &workloads.Process{
		Name: "alarms", Reads: []string{"k", "v"}, StateWords: 2, Sorted: true,
		Step: func(state []int64, e workloads.ProcessEvent, out []int64) ([]int64, int64) {
			v := e.Values[1]
			out = answer(state, e.Key, e.TS, e.Seq*100+v, out)
			switch {
			case v > 2:
				return out, e.TS + v - 4
			case v < -6:
				return out, -1
			}
			return out, 0
		},
		Fire: func(state []int64, key, at int64, out []int64) ([]int64, int64) {
			out = answer(state, key, at, -1, out)
			if again && state[sum]%3 != 0 {
				return out, at + state[answers]%4 - 1
			}
			return out, 0
		},
		End: func(state []int64, key int64, out []int64) []int64 {
			return answer(state, key, 0, 0, out)
		},
	}
}

func askAlarms(p *workloads.Process) workloads.Query {
	q := workloads.Query{Name: "alarms", Key: "k", Process: p}
	if p.Keys != nil {
		q.Key = ""
	}
	for _, name := range []string{"key", "n", "at", "sum"} {
		q.Output.Fields = append(q.Output.Fields,
			workloads.ResultField{Name: name, Identity: name == "key" || name == "n"})
	}
	return q
}

// few are up to three keys of an event.
func few(dst, values []int64) []int64 {
	for i := range (values[1] + 9) % 4 {
		dst = append(dst, values[0]+i)
	}
	return dst
}

func TestASortedProcessSeesEventsAndTimersInOrderOnAnyNumberOfSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Which of the timers set after the end still fire depends on what other keys a slot has.
		p := alarms(false)
		if rapid.Bool().Draw(t, "fans out") {
			p.Keys = few
		}
		q := askAlarms(p)
		q.BoundMs = rapid.Int64Range(0, 15).Draw(t, "bound")
		s := drawEvents(t, q.BoundMs)
		slots := rapid.IntRange(1, 3).Draw(t, "slots")
		sizes := append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		w := ask(q, s)
		expected, _ := want(t, w, len(s))
		got, stats := answers(t, w, s, slots, sizes)
		if !slices.Equal(got, expected) {
			t.Fatalf("%d slots: %s", slots, diff(got, expected))
		}
		if stats.Late != 0 {
			t.Fatalf("%d late", stats.Late)
		}
	})
}

func TestASortedProcessRefusesLateEventsAsTheOracleDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := askAlarms(alarms(true))
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

// Timers further ahead than a wheel reaches, and time that jumps by more than it has places.
func TestTimersFarAheadFireInTheirTurn(t *testing.T) {
	const day = 86_400_000
	p := alarms(false)
	step := p.Step
	p.Step = func(state []int64, e workloads.ProcessEvent, out []int64) ([]int64, int64) {
		out, _ = step(state, e, out)
		return out, e.TS + e.Values[1]*day
	}
	s := script{
		{0, 1, 1}, {0, 2, 30}, {0, 3, 2}, {day / 2, 3, 1}, {day, 1, 5}, {day + 1, 4, 1},
		{20 * day, 5, 1}, {20*day + 1, 1, 1}, {29 * day, 6, 2}, {31 * day, 2, 1}, {90 * day, 1, 1},
	}
	w := ask(askAlarms(p), s)
	expected, _ := want(t, w, len(s))
	for _, size := range []int{1, 3, 16} {
		got, _ := answers(t, w, s, 1, []int{size})
		if !slices.Equal(got, expected) {
			t.Errorf("%d a batch: %s", size, diff(got, expected))
		}
	}
}

func TestEventsOfAMomentAreSortedHoweverTheyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := arena{batchRows: 16}
		defer state.close()
		m, err := newMoments(&state, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := &sortedFold{moments: m}
		seqs := rapid.SliceOfN(rapid.Int64Range(0, 60), 1, 80).Draw(t, "seqs")
		for _, seq := range seqs {
			e := m.room(5)
			e[eventTS], e[eventSeq] = 5, seq
		}
		if _, ok := m.next(math.MaxInt64); ok {
			m.take(f.note)
		}
		var got []int64
		for _, turn := range f.sortBySeq() {
			got = append(got, f.hooks[turn.hook][int(turn.at)+eventSeq])
		}
		sorted := slices.Sorted(slices.Values(seqs))
		if f.inOrder() != slices.IsSorted(seqs) || !slices.Equal(got, sorted) {
			t.Fatal(fmt.Sprint(seqs, " came out as ", got))
		}
	})
}
