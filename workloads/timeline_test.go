package workloads

import (
	"math/rand/v2"
	"testing"
)

// groupSizes are sizes of groups around the stride, its multiples apart, and far from it.
var groupSizes = []uint64{1, 2, 3, 7, 952, 954, 1000, 953*2 + 1, 4096, 100_000}

func TestEveryEventStandsInExactlyOneSlotOfItsGroup(t *testing.T) {
	for _, g := range groupSizes {
		tl := Timeline{EventRate: 1000, Groups: g}
		for _, start := range []uint64{0, g, 12345 * g} {
			seen := map[uint64]bool{}
			for slot := start; slot < start+g; slot++ {
				n := tl.Event(slot)
				if n < start || n >= start+g || seen[n] {
					t.Fatalf("groups of %d: slot %d holds event %d", g, slot, n)
				}
				seen[n] = true
				if back := tl.Slot(n); back != slot {
					t.Fatalf("groups of %d: event %d is in slot %d, not %d", g, n, slot, back)
				}
			}
		}
	}
}

func TestAMultipleOfTheStrideWouldRepeatEvents(t *testing.T) {
	tl := Timeline{EventRate: 1000, Groups: groupStride}
	for slot := range uint64(groupStride) {
		if n := tl.Event(slot); n != 0 {
			t.Fatalf("slot %d holds event %d: then the parameter check is too strict", slot, n)
		}
	}
}

func TestPlacesAreExactAtAnyDistance(t *testing.T) {
	for _, c := range []struct {
		rate, n uint64
		ms      int64
	}{
		{1, 3, 3000},
		{3, 1, 333},
		{1_500_000, 1_500_000*86_400 + 1499, 86_400_000},
		{1_500_000, 1_500_000*86_400 + 1500, 86_400_001},
		{1_000_000_000, 3_000_000_000_000_000_000, 3_000_000_000_000},
	} {
		tl := Timeline{EventRate: c.rate, Groups: 1}
		if got := tl.PlaceMs(c.n) - EpochMs; got != c.ms {
			t.Errorf("event %d at %d/s is placed at %d ms, want %d", c.n, c.rate, got, c.ms)
		}
	}
}

func TestFirstAtIsTheFirstEventAtOrAfterATime(t *testing.T) {
	for _, rate := range []uint64{1, 3, 34, 999, 1000, 1001, 10_000, 1_500_000} {
		tl := Timeline{EventRate: rate, Groups: 1}
		n := uint64(0)
		for ms := int64(EpochMs - 2); ms < EpochMs+2000; ms++ {
			for tl.PlaceMs(n) < ms {
				n++
			}
			if got := tl.FirstAt(ms); got != n {
				t.Fatalf("rate %d: first event at +%d ms is %d, want %d", rate, ms-EpochMs, got, n)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 10_000 {
		tl := Timeline{EventRate: 1 + rng.Uint64N(maxEventRate), Groups: 1}
		if i%2 > 0 {
			tl.Silence = Silence{At: 1 + rng.Uint64N(1<<50), Ms: rng.Int64N(maxMillis)}
		}
		ms := EpochMs + rng.Int64N(maxEndMs-EpochMs)
		n := tl.FirstAt(ms)
		if tl.PlaceMs(n) < ms || n > 0 && tl.PlaceMs(n-1) >= ms {
			t.Fatalf("rate %d: first event at %d ms is not %d", tl.EventRate, ms, n)
		}
	}
}

// TestASilenceIsDatedAlikeInAnyBatch compares events made one at a time with those of batches that
// lie across the silence, in every order of slots.
func TestASilenceIsDatedAlikeInAnyBatch(t *testing.T) {
	for _, groups := range []string{"1", "1000"} {
		w := newWorkload(t, iotName, 1001, map[string]string{
			"silence": "1h", "silence-at": "2s", "groups": groups,
		})
		still := newWorkload(t, iotName, 1001, map[string]string{"groups": groups})
		const n = 5000
		for _, step := range []uint64{1, 3} {
			b, one := NewBatch(w.Schema, n), NewBatch(still.Schema, 1)
			w.Events().Fill(b, Slots{First: 5, Step: step, N: n / int(step)})
			for i := range b.N {
				still.Events().Fill(one, Slots{First: 5 + uint64(i)*step, Step: 1, N: 1})
				want := one.TS[0]
				if one.Seq[0] >= 2002 {
					want += 3_600_000
				}
				if b.Seq[i] != one.Seq[0] || b.TS[i] != want {
					t.Fatalf("groups of %s, step %d: event %d at %d, want %d", groups, step, b.Seq[i],
						b.TS[i], want)
				}
			}
		}
	}
}
