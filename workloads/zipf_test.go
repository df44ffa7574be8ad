package workloads

import (
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"testing"
)

// TestZipfDrawsAreTheGoldenOnes counts the ranks drawn for a million events.
func TestZipfDrawsAreTheGoldenOnes(t *testing.T) {
	z, key := newZipf(1000, 0.99), newStreamKey(1, ordersName)
	seq, ranks := make([]int64, 1_000_000), make([]int64, 1_000_000)
	for n := range seq {
		seq[n] = int64(n)
	}
	z.fill(ranks, seq, key, 1)
	var drawn [1000]int
	for _, r := range ranks {
		drawn[r]++
	}
	if got := [4]int(drawn[:4]); got != [4]int{128746, 64999, 43848, 32875} {
		t.Errorf("ranks 0..3 drawn %v times", got)
	}
}

// TestZipfTablesFollowTheLaw adds up the share of the slots every rank has.
func TestZipfTablesFollowTheLaw(t *testing.T) {
	for _, c := range []struct {
		k int
		s float64
	}{{1, 1}, {2, 0.99}, {10, 0}, {1000, 0.99}, {5000, 2}} {
		z := newZipf(c.k, c.s)
		share, sum := make([]float64, c.k), 0.0
		for slot, e := range z.slots {
			own := float64(e>>32) / (1 << 32)
			share[slot] += own
			share[e&math.MaxUint32] += 1 - own
			sum += math.Pow(float64(slot+1), -c.s)
		}
		for r, got := range share {
			want := math.Pow(float64(r+1), -c.s) / sum * float64(c.k)
			if math.Abs(got-want) > 1e-6*(1+want) {
				t.Fatalf("%d ranks, s %v: rank %d has %v slots, want %v", c.k, c.s, r, got, want)
			}
		}
	}
}

// TestCustomersAreTheSameEveryTime holds the whole table of a million ranks, as amd64 makes it.
func TestCustomersAreTheSameEveryTime(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("last bits of powers differ on " + runtime.GOARCH)
	}
	h := fnv.New64a()
	for _, e := range orderCustomers().slots {
		fmt.Fprintln(h, e)
	}
	if got := h.Sum64(); got != 0x6fffe5524c25e193 {
		t.Errorf("the table is another one: %016x", got)
	}
}
