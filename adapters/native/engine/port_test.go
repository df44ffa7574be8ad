package engine

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

func TestEnginesJoinedByPortsAnswerAsOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := question(t)
		q.BoundMs = rapid.Int64Range(0, 15).Draw(t, "bound")
		s := drawEvents(t, q.BoundMs)
		w := ask(q, s)
		slots := rapid.IntRange(2, 5).Draw(t, "slots")
		r := &trial{t: t, w: w, n: len(s), rows: 16, sizes: []int{5, 0, 16}, pending: map[uint64][]string{}}
		expected, _ := want(t, w, len(s))
		got, _ := r.finish(slots, rapid.IntRange(2, 3).Draw(t, "engines"), 0)
		if !slices.Equal(got, expected) {
			t.Fatalf("%d slots: %s", slots, diff(got, expected))
		}
	})
}

// Key groups are dealt out the same way everywhere: who holds the state of a key is asked by others.
func TestAnExchangeSendsAKeyToTheSlotWorkloadsNames(t *testing.T) {
	w := ask(countByKey(0), nil)
	p, err := newPlan(w)
	if err != nil {
		t.Fatal(err)
	}
	for slots := 1; slots <= maxSlots; slots++ {
		x := newExchange(p, newStage(p, 16), 0, slots)
		for key := int64(-500); key < 500; key++ {
			if got := int(x.owner[workloads.KeyGroupOf(key)]); got != workloads.SlotOf(key, slots) {
				t.Fatalf("key %d of %d slots: %d, want %d", key, slots, got, workloads.SlotOf(key, slots))
			}
		}
	}
}

// joined are the two ends of what joins slot 0 of a job with slot 1, of a query with a rank: blocks
// go both ways and letters to slot 0.
func joined(tb testing.TB, rows int) (judge, other *Engine) {
	tb.Helper()
	w := workloadstest.Bind(tb, "nexmark", 100_000, map[string]string{"query": "q5"})
	for i := range 2 {
		e, err := New(Config{
			Workload: w, Slots: []int{i}, All: 2, BatchRows: rows, Sources: []Source{&endless{silent: true}},
		})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(e.release)
		judge, other = other, e
	}
	return judge, other
}

// fill sends a block of n rows and, if a letter may be sent, one of lines.
func fillPort(e *Engine, n int) {
	s := e.slots[0]
	b, _ := s.x.out[1-s.id].free.pop()
	b.n, b.from, b.said, b.barrier = n, s.id, said{int64(n), n%2 == 1}, 0
	for i := range n {
		b.key[i], b.ts[i], b.seq[i] = int64(i), int64(-i), int64(i)*3
	}
	s.x.out[1-s.id].full.push(b)
	if s.post != nil {
		lines := make([]int64, len(e.plan.out)*2)
		s.post.push(letter{kind: aStanding, words: [3]int64{1, 2, 3}, lines: lines})
	}
}

func TestAFrameCarriesABlockAsItWas(t *testing.T) {
	judge, other := joined(t, 16)
	for n := range 17 {
		fillPort(other, n)
		from, to := other.Ports()[0], judge.Ports()[0]
		for frame, ok := from.Next(nil); ok; frame, ok = from.Next(nil) {
			if err := to.Deliver(frame); err != nil {
				t.Fatal(err)
			}
		}
		b, ok := judge.slots[0].x.in[1].full.pop()
		if !ok || b.n != n || b.from != 1 || b.said != (said{int64(n), n%2 == 1}) {
			t.Fatalf("%d rows: %v %+v", n, ok, b)
		}
		for i := range n {
			if b.key[i] != int64(i) || b.ts[i] != int64(-i) || b.seq[i] != int64(i)*3 {
				t.Fatalf("row %d of %d: %d %d %d", i, n, b.key[i], b.ts[i], b.seq[i])
			}
		}
		judge.slots[0].x.in[1].free.push(b)
		l, ok := to.mail.pop()
		if !ok || l.words != [3]int64{1, 2, 3} || len(l.lines) != 2*len(judge.plan.out) {
			t.Fatalf("letter: %v %+v", ok, l)
		}
		if credit := to.Freed(); credit != 1+letterCredit {
			t.Fatalf("credit %#x", credit)
		} else if err := from.Credit(credit); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMoreThanTheCreditIsRefused(t *testing.T) {
	judge, other := joined(t, 16)
	from, to := other.Ports()[0], judge.Ports()[0]
	fillPort(other, 1)
	var frames [][]byte
	for frame, ok := from.Next(nil); ok; frame, ok = from.Next(nil) {
		frames = append(frames, frame)
	}
	if err := from.Credit(3); err == nil {
		t.Error("credit for blocks that are not out was taken")
	}
	if err := from.Credit(2 * letterCredit); err == nil {
		t.Error("credit for letters that are not out was taken")
	}
	if err := from.Credit(-1); err == nil {
		t.Error("credit below nothing was taken")
	}
	for _, frame := range frames {
		var err error
		for range postDepth + 1 {
			err = to.Deliver(frame)
		}
		if err == nil {
			t.Error("frames beyond the credit were taken")
		}
	}
}

// FuzzFrame delivers any bytes: they are refused, or are a block or letter that is written the same
// way again.
func FuzzFrame(f *testing.F) {
	_, other := joined(f, 16)
	fillPort(other, 3)
	for frame, ok := other.Ports()[0].Next(nil); ok; frame, ok = other.Ports()[0].Next(nil) {
		f.Add(frame)
	}
	f.Add(make([]byte, headWords*8))
	judge, _ := joined(f, 16)
	port := judge.Ports()[0]
	f.Fuzz(func(t *testing.T, frame []byte) {
		if err := port.Deliver(frame); err != nil {
			if b, ok := port.in.full.pop(); ok {
				t.Fatalf("refused, and delivered %+v: %v", b, err)
			}
			return
		}
		var again []byte
		if b, ok := port.in.full.pop(); ok {
			again = appendBlock(nil, b)
			port.in.free.push(b)
		} else if l, ok := port.mail.pop(); ok {
			again = appendLetter(nil, l)
		}
		if !bytes.Equal(again, frame) {
			t.Fatalf("%x was read as %x", frame, again)
		}
	})
}

// BenchmarkPort prints what it costs to encode and decode the events that go to another process.
func BenchmarkPort(b *testing.B) {
	judge, other := joined(b, 1024)
	from, to := other.Ports()[0], judge.Ports()[0]
	other.slots[0].post = nil
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		fillPort(other, 1024)
		frame, _ := from.Next(buf[:0])
		if err := to.Deliver(frame); err != nil {
			b.Fatal(err)
		}
		k, _ := to.in.full.pop()
		to.in.free.push(k)
		if err := from.Credit(to.Freed()); err != nil {
			b.Fatal(err)
		}
		buf = frame
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/event")
	b.SetBytes(int64(len(buf)))
}
