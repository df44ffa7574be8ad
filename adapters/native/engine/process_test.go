package engine

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
)

// testProcesses are the state machines the text files name.
var testProcesses = map[string]*workloads.Process{
	// Of each key the sum of v, ten milliseconds after the last event with v above 0, unless one
	// with v below 0 comes before that.
	"alarm":  alarm(false),
	"alarms": alarm(true), // with events in order
	// Of each key: after every second event its count and the sum of v, at the end the rest.
	"pairs": pairs(nil),
	// The same of every divisor of v among 2, 3 and 5, whatever the key of the event.
	"divisors": pairs(func(dst, values []int64) []int64 {
		for _, d := range []int64{2, 3, 5} {
			if values[0]%d == 0 {
				dst = append(dst, d)
			}
		}
		return dst
	}),
}

func alarm(sorted bool) *workloads.Process {
	return &workloads.Process{
		Name: "alarm", Reads: []string{"v"}, StateWords: 1, Sorted: sorted,
		Step: func(state []int64, e workloads.ProcessEvent, out []int64) ([]int64, int64) {
			state[0] += e.Values[0]
			switch {
			case e.Values[0] > 0:
				return out, e.TS + 10
			case e.Values[0] < 0:
				return out, -1
			}
			return out, 0
		},
		Fire: func(state []int64, key, at int64, out []int64) ([]int64, int64) {
			return append(out, key, at, state[0]), 0
		},
	}
}

func pairs(keys func(dst, values []int64) []int64) *workloads.Process {
	end := func(state []int64, key int64, out []int64) []int64 {
		if state[0] == 0 {
			return out
		}
		return append(out, key, state[0], state[1])
	}
	return &workloads.Process{
		Name: "pairs", Reads: []string{"v"}, Keys: keys, StateWords: 2, End: end,
		Step: func(state []int64, e workloads.ProcessEvent, out []int64) ([]int64, int64) {
			state[0]++
			state[1] += e.Values[0]
			if state[0] == 2 {
				out = end(state, e.Key, out)
				clear(state)
			}
			return out, 0
		},
	}
}

// ledgers is a process whose answer at the end of the stream tells everything it was given, and so
// does not depend on the order of events: of each key the count and the sums of seq, ts and v.
func ledgers(keys func(dst, values []int64) []int64) workloads.Query {
	q := workloads.Query{Name: "ledgers", Key: "k", Process: &workloads.Process{
		Name: "ledgers", Reads: []string{"k", "v"}, Keys: keys, StateWords: 4,
		Step: func(state []int64, e workloads.ProcessEvent, out []int64) ([]int64, int64) {
			for i, v := range [...]int64{1, e.Seq, e.TS, e.Values[1]} {
				state[i] += v
			}
			return out, 0
		},
		End: func(state []int64, key int64, out []int64) []int64 {
			return append(append(out, key), state...)
		},
	}}
	if keys != nil {
		q.Key = ""
	}
	for _, name := range []string{"key", "n", "seqs", "times", "values"} {
		q.Output.Fields = append(q.Output.Fields,
			workloads.ResultField{Name: name, Identity: name == "key"})
	}
	return q
}

// many are v+9 keys of an event, so that a batch has more of them than a block has room for.
func many(dst, values []int64) []int64 {
	for i := range values[1] + 9 {
		dst = append(dst, values[0]*7+i)
	}
	return dst
}

func TestAProcessIsGivenEveryEventOfEveryKeyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var keys func(dst, values []int64) []int64
		if rapid.Bool().Draw(t, "fans out") {
			keys = many
		}
		q := ledgers(keys)
		if rapid.Bool().Draw(t, "filter") {
			q.Where = []workloads.Predicate{{Field: "v", Op: workloads.Greater, Value: -5}}
		}
		s := drawEvents(t, 10)
		slots := rapid.IntRange(1, 3).Draw(t, "slots")
		sizes := append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		w := ask(q, s)
		expected, _ := want(t, w, len(s))
		got, stats := answers(t, w, s, slots, sizes)
		if !slices.Equal(got, expected) {
			t.Fatalf("%d slots: %s", slots, diff(got, expected))
		}
		if stats.Late != 0 || stats.Events != uint64(len(s)) {
			t.Fatalf("%+v", stats)
		}
	})
}

// The watermark after a batch that takes several blocks is said with the last one: an event still to
// come would be late by its own batch.
func TestABatchInSeveralBlocksIsCompleteWithTheLast(t *testing.T) {
	s := script{{7, 1, 9}, {8, 2, 9}}
	w := ask(ledgers(many), s)
	marked := &marker{reader{events: s, step: 1, sizes: []int{2}}, math.MaxInt64}
	e, err := New(Config{
		Workload: w, Sources: []Source{marked, &endless{silent: true}}, BatchRows: 16,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.release()
	from, link := e.slots[0], e.slots[1].x.in[0]
	for blocks := 1; ; blocks++ {
		from.turn()
		k, ok := link.full.pop()
		if !ok {
			t.Fatalf("no block after %d", blocks)
		}
		if (k.said.watermarkMs == math.MaxInt64) == from.fanning {
			t.Errorf("block %d says %d, and there is more: %v", blocks, k.said.watermarkMs, from.fanning)
		}
		if link.free.push(k); !from.fanning {
			if blocks < 3 {
				t.Errorf("%d blocks, want several", blocks)
			}
			return
		}
	}
}

// marker is a source that knows its watermark.
type marker struct {
	reader
	watermarkMs int64
}

func (m *marker) Next(b *workloads.Batch) Pull {
	p := m.reader.Next(b)
	p.Marks, p.WatermarkMs = true, m.watermarkMs
	return p
}

func TestAnIdleShardDoesNotLetTheStreamEnd(t *testing.T) {
	s := newShards(2)
	s.heard(0, said{watermarkMs: 10})
	s.heard(1, said{watermarkMs: 5, idle: true})
	if got := s.heard(0, said{watermarkMs: math.MaxInt64}); got != 10 {
		t.Errorf("with one shard ended and one idle the watermark is %d, want 10", got)
	}
	if got := s.heard(1, said{watermarkMs: 20}); got != 20 {
		t.Errorf("when the idle one wakes up it is %d, want 20", got)
	}
	if got := s.heard(1, said{watermarkMs: math.MaxInt64, idle: true}); got != math.MaxInt64 {
		t.Errorf("when both have ended it is %d", got)
	}
}

func TestAProcessTheEngineCannotRunIsRefused(t *testing.T) {
	keyless := ledgers(nil)
	keyless.Key = ""
	if Supports(ask(keyless, nil)) == nil {
		t.Error("keyless: accepted")
	}
}
