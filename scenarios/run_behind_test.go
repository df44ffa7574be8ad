package scenarios_test

import (
	"context"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
	"github.com/streambench/streambench/workloads"
)

// halfBehind is the native engine, the results of whose odd keys come ever later: of two windows of
// them one is passed on, as if a worker of half the keys had half the capacity it needs.
type halfBehind struct{ native.Adapter }

func (a halfBehind) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	c := &holding{Collector: job.Collector, job: job}
	job.Collector = c
	s, err := a.Adapter.Deploy(ctx, job)
	return &caughtUp{s, c}, err
}

type holding struct {
	adapters.Collector
	job     adapters.Job
	held    [][]*workloads.Results // by window
	newest  int64
	windows int
	err     error
}

func (c *holding) Collect(rs *workloads.Results, receivedNs int64) error {
	odd := workloads.NewResults(c.job.Workload.Query, rs.N)
	even := workloads.NewResults(c.job.Workload.Query, rs.N)
	for i := range rs.N {
		to := even
		if rs.Cols[0][i]%2 == 1 {
			to = odd
		}
		for col := range rs.Cols {
			to.Cols[col][to.N] = rs.Cols[col][i]
		}
		to.N++
	}
	if w := rs.Cols[1][0]; w > c.newest {
		c.newest = w
		c.held = append(c.held, nil)
		if c.windows++; c.windows%2 == 0 {
			c.release()
		}
	}
	c.held[len(c.held)-1] = append(c.held[len(c.held)-1], odd)
	if c.err != nil || even.N == 0 {
		return c.err
	}
	return c.Collector.Collect(even, receivedNs)
}

// release passes on what is held of the oldest window.
func (c *holding) release() {
	for _, rs := range c.held[0] {
		if rs.N > 0 && c.err == nil {
			c.err = c.Collector.Collect(rs, c.job.Load.NowNs())
		}
	}
	c.held = c.held[1:]
}

// caughtUp passes on what is held once the engine has ended.
type caughtUp struct {
	adapters.System
	c *holding
}

func (s *caughtUp) Wait(ctx context.Context) error {
	if err := s.System.Wait(ctx); err != nil {
		return err
	}
	for len(s.c.held) > 0 { // no faster than before
		time.Sleep(200 * time.Millisecond)
		s.c.release()
	}
	return s.c.err
}

// TestABacklogOfSomeKeysAloneIsSeen has half of the keys fall behind: the newest trigger whose
// results arrive does not, so only what the oracle knows tells that the rate is not sustained.
func TestABacklogOfSomeKeysAloneIsSeen(t *testing.T) {
	s := load(t, `
name: behind
workload: iot-telemetry
params: {keys: 100, window: 100ms, disorder: 1ms}
load: {rate: 10k/s, warmup: 500ms, steady: 3s, drain: 20s}
`)
	for name, a := range map[string]adapters.Adapter{
		"half behind": halfBehind{}, "sound": native.Adapter{},
	} {
		r, err := carryOut(t, t.Context(), scenarios.RunRequest{Scenario: s, Systems: only(a)})
		if err != nil {
			t.Fatal(err)
		}
		l, end := r.ledgers()[0], r.ends()[0]
		if l.Matched != l.Expected || len(end.Backlog) < 10 {
			t.Fatalf("%s: %+v, %+v", name, *l, *end)
		}
		// Whether the rest of the run was valid depends on this host: entries are judged as a probe is.
		var rep []record.Entry
		for _, e := range r.entries {
			if e.Rep == 1 {
				rep = append(rep, e)
			}
		}
		p := summary.Probed(&r.manifest, rep, r.log, nil)
		if (p.Answer == record.ProbeFail && p.Reason == "backlog") != (name == "half behind") {
			t.Errorf("%s: the probe says %+v", name, p)
		}
		end.Backlog = nil // as it is read live
		live := summary.Probed(&r.manifest, rep, r.log, nil)
		if live.Reason == "backlog" {
			t.Errorf("%s: it is seen live too, so this test shows nothing: %+v", name, live)
		}
	}
}
