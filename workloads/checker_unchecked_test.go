package workloads

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// TestUncheckedResultsHaveTheOraclesDigest gives an unchecked set the right answer, in another order
// and, where results are refined, after others of the same identity.
func TestUncheckedResultsHaveTheOraclesDigest(t *testing.T) {
	const events = 30_000
	for _, c := range []struct {
		workload string
		params   map[string]string
	}{
		{iotName, map[string]string{"keys": "50", "window": "1s"}},
		{nexmarkName, map[string]string{"query": "q2"}},
		{ordersName, nil},
	} {
		w := newWorkload(t, c.workload, 1000, c.params)
		u, err := w.NewUnchecked(t.TempDir(), CheckerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		u.(*uncheckedResults).partRows = 100 // several passes
		var rows [][]int64
		_, err = w.Expect(t.Context(), events, func(e *Expected) error {
			rows = append(rows, append([]int64(nil), e.Row...))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		one := NewResults(w.Query, 1)
		give := func(row []int64, plus int64) {
			for col, v := range row {
				one.Cols[col][0] = v
			}
			one.Cols[2][0] += plus // a value
			one.N = 1
			if err := u.Add(one, 0); err != nil {
				t.Fatal(err)
			}
		}
		refined := 0
		for i, row := range rows {
			if w.Query.Output.Kind == Upsert && i%3 == 0 {
				give(row, 5)
				refined++
			}
			give(row, 0)
		}
		count, digest, err := w.Answer(t.Context(), events)
		if err != nil {
			t.Fatal(err)
		}
		l, err := u.Finish(t.Context(), Delivered{Events: events})
		if err != nil || l.Count != count || l.Digest != digest || int(l.Refinements) != refined {
			t.Errorf("%s: %+v, %v; want %d, %s, %d refined", c.workload, l, err, count, digest, refined)
		}
	}
}

func TestResultsThatAreNoAnswersAreNotCompared(t *testing.T) {
	for _, w := range []*Workload{
		newWorkload(t, nexmarkName, 1000, map[string]string{"query": "q12"}),
		newWorkload(t, clickstreamName, 1000, map[string]string{"profile": "lateness"}),
	} {
		_, err := w.NewUnchecked(t.TempDir(), CheckerOptions{})
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", w.Name, err)
		}
	}
}
