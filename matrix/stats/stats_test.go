package stats

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestIntervalTakesTheOrderStatisticsOfTheTable(t *testing.T) {
	cases := []struct {
		n, l  int
		level float64
	}{
		{6, 1, .969}, {7, 1, .984}, {8, 1, .992}, {9, 2, .961}, {10, 2, .979}, {12, 3, .961},
	}
	for _, c := range cases {
		xs := make([]float64, c.n)
		for i := range xs {
			xs[(i*5)%c.n] = float64(i + 1) // 1..n in some order
		}
		if c.n%5 == 0 {
			for i := range xs {
				xs[i] = float64(c.n - i)
			}
		}
		v := Median(xs)
		if !v.Ok || v.Lo != float64(c.l) || v.Hi != float64(c.n+1-c.l) ||
			math.Abs(v.Level-c.level) > .0005 || v.Median != float64(c.n+1)/2 {
			t.Errorf("n %d: %+v, want x(%d)..x(%d) at %.3f", c.n, v, c.l, c.n+1-c.l, c.level)
		}
	}
}

func TestFewerThanSixRunsHaveAMedianAndNoInterval(t *testing.T) {
	for n := 1; n < 6; n++ {
		v := Median([]float64{9, 1, 5, 3, 7}[:n])
		if v.Ok || v.N != n || math.IsNaN(v.Median) {
			t.Errorf("n %d: %+v", n, v)
		}
	}
	if v := Median(nil); !math.IsNaN(v.Median) || v.Ok {
		t.Errorf("empty: %+v", v)
	}
}

func TestTheilSenMatchesHandComputedSlopes(t *testing.T) {
	cases := []struct {
		why  string
		x, y []float64
		want float64
	}{
		{"a line", []float64{0, 1, 2, 3}, []float64{1, 3, 5, 7}, 2},
		{"a line with one wild point", []float64{0, 1, 2, 3, 4}, []float64{0, 1, 2, 3, 1000}, 1},
		{"slopes -1, 0.5, 2", []float64{0, 1, 2}, []float64{1, 0, 2}, 0.5},
		{"two points of one x are no slope", []float64{0, 0, 1}, []float64{0, 2, 4}, 3},
		{"a constant", []float64{0, 1, 2, 3}, []float64{4, 4, 4, 4}, 0},
	}
	for _, c := range cases {
		if got := TheilSen(c.x, c.y).Value; got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}

func TestSlopeOfSensOwnExampleHasHisInterval(t *testing.T) {
	// Hollander and Wolfe, Nonparametric Statistical Methods, example 9.3's layout: x 0..6 and a
	// near line. 21 slopes, var S = 7·6·19/18 = 44.33, c = 1.95996·6.658 = 13.05; so the interval
	// is x(3)..x(19): floor((21 − 13.05)/2) = 3 and ceil((21 + 13.05)/2) + 1 = 19.
	x := []float64{0, 1, 2, 3, 4, 5, 6}
	y := []float64{0, 2.1, 3.9, 6.2, 7.8, 10.1, 12.3}
	var all []float64
	for i := range x {
		for j := range i {
			all = append(all, (y[i]-y[j])/(x[i]-x[j]))
		}
	}
	slices.Sort(all)
	got := TheilSen(x, y)
	if got.Lo != all[2] || got.Hi != all[18] || got.Value != all[10] {
		t.Errorf("got %+v, want %v..%v around %v", got, all[2], all[18], all[10])
	}
}

func TestTooFewPointsHaveAnInfiniteInterval(t *testing.T) {
	got := TheilSen([]float64{0, 1}, []float64{0, 5})
	if got.Value != 5 || !math.IsInf(got.Lo, -1) || !math.IsInf(got.Hi, 1) {
		t.Errorf("got %+v", got)
	}
}

func TestSlopeFollowsItsDataUnderShiftAndScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 25).Draw(t, "n")
		y := rapid.SliceOfN(rapid.Float64Range(-100, 100), n, n).Draw(t, "y")
		a := rapid.Float64Range(-50, 50).Draw(t, "a")
		x, tilted := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = float64(i)
			tilted[i] = y[i] + a*x[i]
		}
		flat, tilt := TheilSen(x, y), TheilSen(x, tilted)
		if math.Abs(tilt.Value-flat.Value-a) > 1e-6 {
			t.Fatalf("slope %v became %v under a tilt of %v", flat.Value, tilt.Value, a)
		}
		if flat.Lo > flat.Value || flat.Value > flat.Hi {
			t.Fatalf("the interval does not hold its slope: %+v", flat)
		}
	})
}

func TestPettittMatchesTheHandComputedStatistic(t *testing.T) {
	// Ranks 1..6 in order: U(t) = 2·t(t+1)/2 − 7t = t² − 6t, largest at t = 3: 9.
	at, k := pettitt([]float64{1, 2, 3, 4, 5, 6})
	if at != 3 || k != 9 {
		t.Errorf("at %d, K %v", at, k)
	}
	// p of the two-sided extreme split of 3 + 3, exact by enumeration: 72 of 720 orders put 1-3 on
	// one side of the middle (K = 9 needs just that).
	if p := changePoint([]float64{1, 2, 3, 4, 5, 6}).P; math.Abs(p-0.1) > 0.02 {
		t.Errorf("p %v, want about 0.1", p)
	}
}

func TestASteadySeriesIsToldFromOneThatChanges(t *testing.T) {
	cases := []struct {
		why    string
		xs     []float64
		steady bool
	}{
		{"constant", []float64{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, true},
		{"noise", []float64{5, 5.4, 4.8, 5.2, 4.7, 5.3, 4.9, 5.1, 5.2, 4.9}, true},
		{"a lone spike", []float64{5, 5.1, 4.9, 5, 90, 5.2, 5, 4.9, 5.1, 5}, true},
		{"a step", []float64{5, 5.1, 4.9, 5.2, 5, 8, 8.1, 7.9, 8.2, 8}, false},
		{"a ramp", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, false},
		{"a drift below two percent",
			[]float64{100, 100.1, 100.2, 100.3, 100.4, 100.5, 100.6, 100.7, 100.8, 100.9}, true},
		{"from nothing to something", []float64{0, 0, 0, 0, 0, 7, 7, 7, 7, 7}, false},
		{"too short", []float64{5, 5, 5, 5, 5, 5, 5, 5, 5}, false},
		{"a change that lies further back", []float64{1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, true},
	}
	for _, c := range cases {
		if got := Steady(c.xs); got != c.steady {
			t.Errorf("%s: steady %v (%+v)", c.why, got, changePoint(c.xs))
		}
	}
}

func TestChangePointKnowsOnlyRanksAndIsRepeatable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(1, 1e3), 10, 30).Draw(t, "xs")
		curved := make([]float64, len(xs))
		for i, x := range xs {
			curved[i] = x * x * x
		}
		a, b := changePoint(xs), changePoint(curved)
		if a.At != b.At || a.P != b.P {
			t.Fatalf("%+v became %+v under a rising function", a, b)
		}
		if a.P <= 0 || a.P > 1 {
			t.Fatalf("p %v", a.P)
		}
	})
}

func TestFalseAlarmsStayNearFivePercent(t *testing.T) {
	const trials = 400
	alarms, state := 0, uint64(1)
	for range trials {
		xs := make([]float64, SteadySlices)
		for i := range xs {
			state = state*6364136223846793005 + 1442695040888963407
			xs[i] = float64(state >> 33)
		}
		if changePoint(xs).P < changeAlpha {
			alarms++
		}
	}
	if rate := float64(alarms) / trials; rate > 0.085 {
		t.Errorf("%.3f of random series raise an alarm, want about 0.05", rate)
	}
}
