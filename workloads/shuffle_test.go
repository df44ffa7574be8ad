package workloads

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestShuffleMatchesAreTheGoldenOnes asks every rule about every event and folds in maps.
func TestShuffleMatchesAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, shuffleName, 10_000, nil)
	r := newRules(1, 1000, shuffleSelectivity)
	if r.width != 1844674407370955 {
		t.Errorf("width of a rule %d, want 1844674407370955", r.width)
	}
	type state struct{ count, sum int64 }
	states := map[int64]*state{}
	matches, full := 0, 0
	var buf []int64
	scan(w, 1_000_000, func(b *Batch) {
		for i := range b.N {
			buf = r.matching(buf[:0], []int64{b.Cols[shuffleHigh][i], b.Cols[shuffleLow][i]})
			for _, rule := range buf {
				if states[rule] == nil {
					states[rule] = &state{}
				}
				s := states[rule]
				s.count++
				s.sum += b.Cols[shuffleHigh][i]
				matches++
				if s.count%10 == 0 {
					full++
				}
			}
		}
	})
	var sum uint64
	for rule, s := range states {
		sum += fnv1a64(Line(nil, []int64{rule, s.count, s.sum}))
	}
	checkSet(t, len(states), sum, "1000 8f616cfc43b727eb")
	if matches != 199_700 || full != 19_516 {
		t.Errorf("%d matches, %d full answers, want 199700 and 19516", matches, full)
	}
}

// However many rules there are and however their arcs overlap, the index finds what asking every
// rule finds.
func TestTheIndexOfRulesFindsWhatAskingEachFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "rules")
		ppm := rapid.Uint64Range(1, 900_000).Draw(t, "ppm") * uint64(rapid.IntRange(1, n).Draw(t, "f"))
		r := newRules(rapid.Uint64().Draw(t, "seed"), n, ppm)
		for range 50 {
			values := []int64{rapid.Int64().Draw(t, "high"), rapid.Int64().Draw(t, "low")}
			got, want := r.matching(nil, values), r.matchingOneByOne(nil, values)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("event %v of %d rules: the index finds %v, asking each %v", values, n, got, want)
			}
		}
	})
}

// An event holds 1024 bytes of content: its two draws and the pool's letters.
func TestAShuffleEventIsAKibibyte(t *testing.T) {
	w := newWorkload(t, shuffleName, 10_000, nil)
	pool, key := newPools(1).letters, newStreamKey(1, shuffleName)
	for n, event := range encode(w, BinaryCodec(w.Schema), 100) {
		head := 5 * word // seq, ts, the draws, and where the text lies
		if len(event) != head+1008 {
			t.Fatalf("event %d has %d bytes", n, len(event))
		}
		for d := range uint64(2) {
			if got := binary.LittleEndian.Uint64(event[(2+d)*word:]); got != key.draw(uint64(n), d) {
				t.Errorf("event %d: draw %d is %x", n, d, got)
			}
		}
		from := below(key.draw(uint64(n), 2), 1<<20-1024)
		if string(event[head:]) != string(pool[from:from+1008]) {
			t.Errorf("event %d: another text than the pool's at %d", n, from)
		}
	}
}

func BenchmarkRules(b *testing.B) {
	r := newRules(1, 1000, shuffleSelectivity)
	for name, match := range map[string]func(dst, values []int64) []int64{
		"index": r.matching, "one-by-one": r.matchingOneByOne,
	} {
		b.Run(name, func(b *testing.B) {
			var dst []int64
			n := int64(0)
			for b.Loop() {
				dst = match(dst[:0], []int64{n, n})
				n++
			}
		})
	}
}
