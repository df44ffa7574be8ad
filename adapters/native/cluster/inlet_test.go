package cluster

import (
	"math"
	"slices"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// taker is a collector that remembers the first column of what is visible.
type taker struct{ rows []int64 }

func (k *taker) Collect(rs *workloads.Results, _ int64) error {
	k.rows = append(k.rows, rs.Cols[0][:rs.N]...)
	return nil
}

func inletOf(t *testing.T, guarantee, plant string) (*inlet, *taker) {
	k := &taker{}
	given := adapters.Job{
		Workload:  workloadstest.Bind(t, "iot-telemetry", 1000, nil),
		Collector: k, Load: adapters.NewLoad(nil, 1),
	}
	return newInlet(given, &job{Guarantee: guarantee, Plant: plant}), k
}

// send has a node send one row of an epoch.
func (in *inlet) send(t *testing.T, attempt, epoch uint64, row int64) (fenced bool) {
	t.Helper()
	rs := in.room(workloads.Answers, 1)
	rs.N, rs.Cols[0][0] = 1, row
	fenced, err := in.take("worker-1", results{attempt: attempt, epoch: epoch, rs: rs})
	if err != nil {
		t.Fatal(err)
	}
	return fenced
}

func TestAnEpochIsVisibleOnceItIsCommitted(t *testing.T) {
	in, k := inletOf(t, exactlyOnce, "")
	in.send(t, 1, 0, 10)
	in.send(t, 1, 7, 20)
	if len(k.rows) != 0 {
		t.Fatalf("%v are visible before any commit", k.rows)
	}
	for range 2 { // again changes nothing
		if err := in.commit(1, 7); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(k.rows, []int64{10}) {
			t.Fatalf("%v are visible after checkpoint 7", k.rows)
		}
	}
	in.send(t, 1, 0, 11) // it was on its way: its epoch is visible
	if err := in.commit(1, math.MaxUint64); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(k.rows, []int64{10, 11, 20}) {
		t.Errorf("%v are visible at the end", k.rows)
	}
}

func TestANewAttemptDropsWhatWasNotCommitted(t *testing.T) {
	in, k := inletOf(t, exactlyOnce, "")
	in.send(t, 1, 0, 10)
	in.send(t, 1, 5, 20)
	if err := in.fence(fence{Attempt: 2, Done: 5}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(k.rows, []int64{10}) {
		t.Fatalf("%v: what checkpoint 5 completed is visible, and nothing else", k.rows)
	}
	if !in.send(t, 1, 5, 21) || in.send(t, 1, 5, 22) {
		t.Error("a zombie is told of once")
	}
	in.send(t, 2, 5, 20)
	if err := in.commit(1, math.MaxUint64); err != nil || len(k.rows) != 1 {
		t.Errorf("an old attempt committed: %v, %v", k.rows, err)
	}
	if err := in.commit(2, 8); err != nil || !slices.Equal(k.rows, []int64{10, 20}) {
		t.Errorf("%v are visible, %v", k.rows, err)
	}
}

// What was committed and comes again under a new attempt is taken again: whoever removed it by its
// identity would hide what the ledger is there to find.
func TestNothingIsRemovedByItsIdentity(t *testing.T) {
	in, k := inletOf(t, exactlyOnce, "")
	in.send(t, 1, 0, 10)
	if err := in.fence(fence{Attempt: 2, Done: 3}); err != nil {
		t.Fatal(err)
	}
	in.send(t, 2, 0, 10)
	if !slices.Equal(k.rows, []int64{10, 10}) {
		t.Errorf("%v", k.rows)
	}
}

func TestAtLeastOnceResultsAreVisibleAsTheyCome(t *testing.T) {
	in, k := inletOf(t, "at-least-once", "")
	in.send(t, 1, 0, 10)
	if err := in.fence(fence{Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	in.send(t, 1, 0, 11)
	in.send(t, 2, 0, 10)
	if !slices.Equal(k.rows, []int64{10, 10}) {
		t.Errorf("%v", k.rows)
	}
}

func TestSlotsOfTheLostGoToThoseWhoHaveFewest(t *testing.T) {
	for _, c := range []struct {
		owners, live, want []string
		moved              []int
	}{
		{[]string{"a", "b", "c"}, []string{"a", "c"}, []string{"a", "a", "c"}, []int{1}},
		{[]string{"a", "b", "c"}, []string{"a", "c", "d"}, []string{"a", "d", "c"}, []int{1}},
		{[]string{"a", "a", "b", "b"}, []string{"c", "d"}, []string{"c", "d", "c", "d"},
			[]int{0, 1, 2, 3}},
		{[]string{"a", "b"}, []string{"a", "b"}, []string{"a", "b"}, nil},
	} {
		got, moved := reassign(c.owners, c.live)
		if !slices.Equal(got, c.want) || !slices.Equal(moved, c.moved) {
			t.Errorf("%v to %v: %v, moved %v", c.owners, c.live, got, moved)
		}
	}
}
