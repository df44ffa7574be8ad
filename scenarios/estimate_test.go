package scenarios

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
)

// drain feeds the results of a system that answers so many a second once it has started, and shows
// them at its commits; an interval of 0 shows them as they are.
func drainAt(results int, perS float64, startUp, commit time.Duration) *progress {
	p := &progress{}
	const step = 5 * time.Millisecond
	shown := 0
	for at := startUp; shown < results; at += step {
		done := min(results, int((at-startUp).Seconds()*perS))
		if commit > 0 && (at-startUp)%commit >= step {
			continue
		}
		if done > shown {
			p.took(int64(at), done-shown)
			shown = done
		}
	}
	return p
}

func TestAStretchLeavesStartUpAndTheLastCommitOut(t *testing.T) {
	for _, tt := range []struct {
		name            string
		results         int
		perS            float64
		startUp, commit time.Duration
		started         bool
		within          float64
	}{
		{"as they come", 100_000, 10_000, 7 * time.Second, 0, false, 0.02},
		{"by commits", 100_000, 10_000, 7 * time.Second, time.Second, false, 0.02},
		{"by slow commits", 100_000, 10_000, 3 * time.Second, 3 * time.Second, false, 0.02},
		{"in one piece, which takes as long as its start", 1000, 10_000, time.Second, time.Second, true,
			1},
		{"too short to leave anything out", 10_000, 10_000, 0, 100 * time.Millisecond, true, 0.1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := drainAt(tt.results, tt.perS, tt.startUp, tt.commit)
			d := p.stretch(0, uint64(tt.results)*10)
			if off := math.Abs(d.EventsPerS/(10*tt.perS) - 1); off > tt.within {
				t.Errorf("%.0f events a second, %.1f%% off", d.EventsPerS, 100*off)
			}
			if d.Started != tt.started || d.ToNs <= d.FromNs {
				t.Errorf("%+v", d)
			}
		})
	}
	if d := (&progress{}).stretch(5, 7); d.EventsPerS != 0 || d.Events != 7 {
		t.Errorf("of nothing: %+v", d)
	}
}

func TestAShareIsOfWhatTheHostAllowsTogether(t *testing.T) {
	b := record.Bracket{Passed: 1000, Estimate: &record.Drain{EventsPerS: 1000, Together: 400}}
	share := Rate{OfCapacity: 0.5}
	if got := share.of(b); got != 200 {
		t.Errorf("half of 400 is %g", got)
	}
	b.Estimate.Together = 4000
	if got := share.of(b); got != 500 {
		t.Errorf("half of 1000 is %g", got)
	}
	if got := share.of(record.Bracket{Passed: 1000}); got != 500 {
		t.Errorf("half of a rate that was searched is %g", got)
	}
}

// usedUp is a deployment that tells what it has used, one answer after the other.
type usedUp struct {
	all  []adapters.Usage
	errs []error
}

func (d *usedUp) Used(context.Context) (u adapters.Usage, err error) {
	u, err = d.all[0], d.errs[0]
	d.all, d.errs = d.all[1:], d.errs[1:]
	return u, err
}

func TestContainersAreAccountedFromTheFirstTimeTheyAreAsked(t *testing.T) {
	d := &usedUp{
		all: []adapters.Usage{{CPUNs: 100, MemoryB: 7}, {CPUNs: 130, MemoryB: 8}, {}, {CPUNs: 120},
			{CPUNs: 150, MemoryB: 9}},
		errs: []error{nil, nil, errors.New("the engine is busy"), nil, nil},
	}
	var a account
	for i, want := range []struct {
		cpuNs   int64
		memoryB uint64
	}{{0, 7}, {30, 8}, {30, 8}, {30, 0}, {50, 9}} {
		if cpuNs, memoryB := a.used(d); cpuNs != want.cpuNs || memoryB != want.memoryB {
			t.Errorf("answer %d: %d ns, %d bytes, want %+v", i, cpuNs, memoryB, want)
		}
	}
	if cpuNs, memoryB := a.used(nil); cpuNs != 50 || memoryB != 0 {
		t.Errorf("once it is gone: %d ns, %d bytes", cpuNs, memoryB)
	}
}
