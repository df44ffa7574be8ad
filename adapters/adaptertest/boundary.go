package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/streambench/streambench/workloads"
)

// boundary runs sessions with exactly one pair of events one gap apart, and looks whether the
// second of them begins a session: that a system draws the line where its subject says.
func (b *bench) boundary(ctx context.Context) error {
	if b.subject.Boundary == "" {
		return fmt.Errorf("%w: the subject declares none", errSkipped)
	}
	c, at, err := onePair()
	if err != nil {
		return err
	}
	w, err := c.bind()
	if err != nil {
		return err
	}
	key, start := resultColumn(w, w.Query.Key), resultColumn(w, workloads.SessionFrom)
	found := Inclusive
	l, err := b.answered(ctx, c, func(row []int64, _ int64) error {
		if row[key] == at.key && row[start] == at.second {
			found = Exclusive
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case found != b.subject.Boundary:
		return fmt.Errorf("two events one gap apart: the boundary is %s, declared is %s", found,
			b.subject.Boundary)
	case found == Inclusive:
		return c.clean(l)
	}
	return nil
}

// pair are two neighbouring events of a key.
type pair struct{ key, first, second int64 }

// onePair is a case of clickstream in which exactly one pair of neighbouring events of a user is
// one gap apart.
func onePair() (Case, pair, error) {
	c := Case{Name: "clickstream pair", Workload: "clickstream", Rate: 1000, Events: 5000,
		Params: map[string]string{"keys": "500", "disorder": "0ms", "bound": "0ms"}}
	w, err := c.bind()
	if err != nil {
		return c, pair{}, err
	}
	apart := map[int64][]pair{} // by how far
	last := map[int64]int64{}
	b := workloads.NewBatch(w.Schema, int(c.Events))
	w.Events().Fill(b, workloads.Slots{Step: 1, N: int(c.Events)})
	for i, key := range b.Cols[0] {
		if from, ok := last[key]; ok {
			d := b.TS[i] - from
			apart[d] = append(apart[d], pair{key, from, b.TS[i]})
		}
		last[key] = b.TS[i]
	}
	for gap := int64(500); gap < 3000; gap++ {
		if len(apart[gap]) == 1 {
			c.Params["gap"] = strconv.FormatInt(gap, 10) + "ms"
			return c, apart[gap][0], nil
		}
	}
	return c, pair{}, errors.New("BUG: no gap with exactly one pair of events that far apart")
}

// resultColumn is the place of a field in a result.
func resultColumn(w *workloads.Workload, name string) int {
	for i, f := range w.Query.Output.Fields {
		if f.Name == name {
			return i
		}
	}
	panic("BUG: " + w.Name + " has no result field " + name)
}
