package workloads

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

var paceRates = []uint64{1, 3, 7, 999, 1000, 123_457, 1_500_000, 999_999_937, 1_000_000_000,
	7_000_000_000}

// dueExactly is floor(i*10^9/rate) in numbers without bounds.
func dueExactly(i, rate uint64) time.Duration {
	n := new(big.Int).Mul(new(big.Int).SetUint64(i), big.NewInt(1e9))
	return time.Duration(n.Div(n, new(big.Int).SetUint64(rate)).Int64())
}

func TestAConstantRateDoesNotDrift(t *testing.T) {
	for _, rate := range paceRates {
		p := Constant(rate)
		for _, i := range []uint64{0, 1, 2, 1000, 1e6 + 1, 1e9 - 1, 1_000_000_000_000,
			1_000_000_000_007} {
			want := dueExactly(i, rate)
			if n := new(big.Int).SetUint64(i); i/rate > math.MaxInt64/1_000_000_000 {
				_, want = n, math.MaxInt64 // beyond three centuries
			}
			if got := p.Due(i); got != want {
				t.Errorf("rate %d: slot %d is due at %d, want %d", rate, i, got, want)
			}
		}
	}
}

// checkInverse says that the slots before t are exactly those due strictly before it.
func checkInverse(t *testing.T, p Pacer, at time.Duration) {
	t.Helper()
	n := p.Before(at)
	if n > 0 && p.Due(n-1) >= at {
		t.Fatalf("slot %d is due at %d, not before %d", n-1, p.Due(n-1), at)
	}
	if p.Due(n) < at {
		t.Fatalf("slot %d is due at %d, before %d, and not counted", n, p.Due(n), at)
	}
}

func TestBeforeIsTheInverseOfDue(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, rate := range paceRates {
		p := Constant(rate)
		for range 2000 {
			checkInverse(t, p, time.Duration(rng.Int64N(int64(1)<<(1+rng.IntN(55)))))
			i := rng.Uint64N(uint64(1) << (1 + rng.IntN(30)))
			for _, d := range []time.Duration{-1, 0, 1} {
				if at := p.Due(i) + d; at >= 0 {
					checkInverse(t, p, at)
				}
			}
		}
	}
}

func TestNothingIsDueBeforeTheStart(t *testing.T) {
	for _, p := range []Pacer{Constant(1000), Profile([]Piece{{time.Second, 5}}), Profile(nil)} {
		for _, at := range []time.Duration{math.MinInt64, -1, 0} {
			if n := p.Before(at); n != 0 {
				t.Errorf("%d slots due before %d", n, at)
			}
		}
	}
}

func TestARateOfNothingIsNeverDue(t *testing.T) {
	p := Constant(0)
	if p.Due(0) != math.MaxInt64 || p.Before(math.MaxInt64) != 0 {
		t.Errorf("slot 0 of rate 0 is due at %d", p.Due(0))
	}
}

func TestAProfileFollowsItsPieces(t *testing.T) {
	p := Profile([]Piece{
		{10 * time.Millisecond, 300},   // slots 0..2 at 0, 3.33, 6.67 ms; slot 3 would be at 10
		{5 * time.Millisecond, 0},      // a pause
		{2 * time.Millisecond, 1000},   // slots 3, 4 at 15, 16 ms
		{time.Nanosecond, 100},         // slot 5 at 17 ms
		{time.Hour, 1_000_000_000_000}, // slots from 6 on, a thousand a nanosecond
	})
	const ms = time.Millisecond
	for i, want := range []time.Duration{0, 3_333_333, 6_666_666, 15 * ms, 16 * ms, 17 * ms,
		17*ms + 1, 17*ms + 1} {
		if got := p.Due(uint64(i)); got != want {
			t.Errorf("slot %d is due at %v, want %v", i, got, want)
		}
	}
	if got := p.Due(6 + 1000); got != 17*ms+2 {
		t.Errorf("slot 1006 is due at %v", got)
	}
	if got, want := p.Before(15*ms), uint64(3); got != want {
		t.Errorf("%d slots before the end of the pause, want %d", got, want)
	}
}

func TestAProfileOfOnePieceIsItsRate(t *testing.T) {
	p, q := Profile([]Piece{{time.Second, 123_457}}), Constant(123_457)
	for _, i := range []uint64{0, 1, 123_456, 123_457, 1e12} {
		if p.Due(i) != q.Due(i) {
			t.Errorf("slot %d: %d and %d", i, p.Due(i), q.Due(i))
		}
	}
}

func TestDueTimesOfAnyProfileRiseAndInvert(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		pieces := make([]Piece, 1+rng.IntN(6))
		for k := range pieces {
			pieces[k] = Piece{time.Duration(rng.Int64N(3e9)), rng.Uint64N(2_000_000)}
			if rng.IntN(4) == 0 {
				pieces[k].Rate = 0
			}
		}
		pieces[len(pieces)-1].Rate++
		p := Profile(pieces)
		last := time.Duration(-1)
		for i := range uint64(50) {
			if due := p.Due(i * 5003); due < last {
				t.Fatalf("%v: slot %d is due before the one before it", pieces, i*5003)
			} else {
				last = due
			}
			checkInverse(t, p, time.Duration(rng.Int64N(20e9)))
			checkInverse(t, p, p.Due(i))
			checkInverse(t, p, p.Due(i)+1)
		}
	}
}
