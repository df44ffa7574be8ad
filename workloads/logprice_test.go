package workloads

import (
	"math"
	"math/big"
	"testing"
)

// TestPowersAreCorrectlyRounded recomputes the embedded tables from 300-bit square roots.
func TestPowersAreCorrectlyRounded(t *testing.T) {
	root := big.NewFloat(1e6).SetPrec(300)
	for i, table := range logPowers {
		for range 11 {
			root.Sqrt(root)
		}
		power := big.NewFloat(1).SetPrec(300)
		for k, got := range table {
			if want, _ := power.Float64(); got != want {
				t.Fatalf("table %d: power %d is %v, want %v", i, k, got, want)
			}
			power.Mul(power, root)
		}
	}
}

func TestPricesAreUniformInTheLogarithm(t *testing.T) {
	last := int64(0)
	for i := range uint64(1 << 16) {
		x := i<<48 | 0x7fff_ffff_ffff
		p := logPowers.price(x)
		want := 100 * math.Pow(10, 6*float64(x)/(1<<64))
		if p < last || math.Abs(float64(p)-want) > 0.51+want*2e-9 {
			t.Fatalf("price of %x is %d, want %.2f, at least %d", x, p, want, last)
		}
		last = p
	}
}
