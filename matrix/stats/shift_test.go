package stats

import (
	"math/rand/v2"
	"testing"
)

func TestAChangeOfLevelIsFoundWhereItIs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	series := func(n, at int, by float64) []float64 {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = 100 + rnd.NormFloat64()
			if i >= at {
				xs[i] *= by
			}
		}
		return xs
	}
	cases := []struct {
		why  string
		xs   []float64
		want bool
	}{
		{"a level that rises by a fifth", series(60, 30, 1.2), true},
		{"a level that falls by a fifth early on", series(60, 12, 0.8), true},
		{"noise around one level", series(60, 60, 1), false},
		{"a series without any change", make([]float64, 60), false},
		{"too few values to tell", series(7, 4, 2), false},
	}
	for _, c := range cases {
		s, ok := FindShift(c.xs)
		if ok != c.want {
			t.Errorf("%s: %+v, %t", c.why, s, ok)
		}
	}
	if s, _ := FindShift(series(60, 30, 1.2)); s.At != 30 || s.Before > 103 || s.After < 117 {
		t.Errorf("%+v, want a change from 100 to 120 at 30", s)
	}
}
