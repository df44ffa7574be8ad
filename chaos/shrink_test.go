package chaos

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// numbered are n faults that can be told apart.
func numberedFaults(n int) []Declaration {
	all := make([]Declaration, n)
	for i := range all {
		all[i].Poison = uint64(i + 1)
	}
	return all
}

func numbersOf(faults []Declaration) (ns []uint64) {
	for _, f := range faults {
		ns = append(ns, f.Poison)
	}
	return ns
}

// TestShrinkingFindsTheCulprits plants failures that need some of the faults together, in any
// number and place.
func TestShrinkingFindsTheCulprits(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 24; n++ {
		for culprits := 1; culprits <= min(n, 4); culprits++ {
			var want []uint64
			for _, i := range draw.Perm(n)[:culprits] {
				want = append(want, uint64(i+1))
			}
			slices.Sort(want)
			asked := 0
			got := Shrink(numberedFaults(n), func(part []Declaration) bool {
				asked++
				has := numbersOf(part)
				return !slices.ContainsFunc(want, func(w uint64) bool {
					return !slices.Contains(has, w)
				})
			})
			if !slices.Equal(numbersOf(got), want) {
				t.Errorf("of %d faults %v fail together: shrunk to %v", n, want, numbersOf(got))
			}
			if asked > n*n+3*n {
				t.Errorf("of %d faults: asked %d times", n, asked)
			}
		}
	}
}

// TestWhatIsShrunkStillFailsAndIsSmallest holds for any failure, even one that comes and goes with
// the number of faults.
func TestWhatIsShrunkStillFailsAndIsSmallest(t *testing.T) {
	for seed := range uint64(200) {
		fails := func(part []Declaration) bool {
			sum := seed
			for _, f := range part {
				sum = sum*31 + f.Poison
			}
			return len(part) == 12 || len(part) > 0 && sum%3 == 0
		}
		got := Shrink(numberedFaults(12), fails)
		if !fails(got) {
			t.Fatalf("seed %d: %v does not fail", seed, numbersOf(got))
		}
		for i := range got {
			less := slices.Concat(got[:i], got[i+1:])
			if len(less) > 0 && fails(less) {
				t.Errorf("seed %d: %v fails without its fault %d", seed, numbersOf(got), i+1)
			}
		}
	}
}

func TestAScheduleThatHoldsIsNotShrunk(t *testing.T) {
	all := numberedFaults(5)
	if got := Shrink(all, func([]Declaration) bool { return false }); len(got) != 5 {
		t.Errorf("shrunk to %v", numbersOf(got))
	}
}
