package scenarios_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// sluggish is a pass-through that takes 2560 events a second and answers none.
type sluggish struct{}

func (sluggish) Supports(adapters.Job) error { return nil }

func (sluggish) Deploy(_ context.Context, job adapters.Job) (adapters.System, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sluggishSystem{cancel: cancel}
	s.work.Go(func() {
		for ctx.Err() == nil {
			shard := job.Load.Shard(0)
			if t := shard.Take(256); t.Slots.N > 0 {
				shard.Handed(t)
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	return s, nil
}

type sluggishSystem struct {
	cancel func()
	work   sync.WaitGroup
}

func (*sluggishSystem) Nodes() []chaos.Node { return nil }

func (*sluggishSystem) Config(context.Context) (map[string]string, error) { return nil, nil }

func (*sluggishSystem) Wait(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func (s *sluggishSystem) Close() error { s.cancel(); s.work.Wait(); return nil }

// TestASearchOverWindowsIsJudgedBeforeAndAfterTheOracle searches in real time with the real engine,
// up to the rate it begins with: the pass-through that bounds it is slow. The oracle of a windowed
// query adds latencies to the log of a probe after that was looked at for an early answer.
func TestASearchOverWindowsIsJudgedBeforeAndAfterTheOracle(t *testing.T) {
	t.Parallel()
	s := load(t, `
name: search
workload: iot-telemetry
params: {keys: 100, window: 250ms, disorder: 50ms}
load: {rate: {search: sustainable, contributor.p99: 10s}, event-rate: 20k/s, warmup: 1s, steady: 3s, drain: 20s}
`)
	r, err := carryOut(t, t.Context(), scenarios.RunRequest{
		Scenario: s, Systems: only(native.Adapter{}),
		Null: scenarios.Null{Adapter: sluggish{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	undisturbed(t, r)
	for _, p := range r.probesOf() {
		if p.Answer != record.ProbePass {
			t.Errorf("%+v", p)
		}
	}
	if b := r.result.Systems[0].Search; b.Unsettled != "" || b.Passed != 20e3 || b.Failed != 0 {
		t.Errorf("%+v", b)
	}
}
