package scenarios_test

import (
	"context"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
	"github.com/streambench/streambench/workloads"
)

// alters is native with logic of its own: what a hook does to its results.
type alters struct {
	native.Adapter
	hook func(deployment int, rs *workloads.Results)
	n    *int
}

func (a alters) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	job.Collector = altered{job.Collector, a.hook, *a.n}
	*a.n++
	return a.Adapter.Deploy(ctx, job)
}

type altered struct {
	to   adapters.Collector
	hook func(deployment int, rs *workloads.Results)
	n    int
}

func (c altered) Collect(rs *workloads.Results, ns int64) error {
	c.hook(c.n, rs)
	return c.to.Collect(rs, ns)
}

const unchecked = `name: own
workload: iot-telemetry
params: {keys: 100, window: 250ms, disorder: 100ms}
systems: [{name: native, as: old}, {name: native, as: new}]
load: {rate: 20k/s, warmup: 1s, steady: 2s, drain: 10s}
expect: none
`

// TestSystemsWithoutAnOracleAreComparedWithEachOther has two systems whose logic is not that of the
// workload: they agree, or they do not.
func TestSystemsWithoutAnOracleAreComparedWithEachOther(t *testing.T) {
	run := func(hook func(int, *workloads.Results)) *recorded {
		r, err := carryOut(t, t.Context(), scenarios.RunRequest{
			Scenario: load(t, unchecked), Systems: only(alters{hook: hook, n: new(int)}),
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	double := func(rs *workloads.Results) {
		for i := range rs.N {
			rs.Cols[2][i] *= 2 // the sum
		}
	}
	same := run(func(_ int, rs *workloads.Results) { double(rs) })
	v := agreement(t, same)
	if v.State != summary.Pass || !strings.Contains(v.Text, "not checked against an oracle: of 60") ||
		!strings.Contains(v.Text, "digests equal") || !strings.Contains(v.Text, "new and old") {
		t.Errorf("%+v", v)
	}
	for _, s := range same.result.Systems {
		if _, ok := s.Figures["wrong"]; ok {
			t.Errorf("%s has figures of an oracle that was not asked: %v", s.Name, s.Figures["wrong"])
		}
	}
	if !strings.HasPrefix(same.result.Sentence, "not checked against an oracle") &&
		same.result.Exit == 0 {
		t.Errorf("%q", same.result.Sentence)
	}
	differ := run(func(n int, rs *workloads.Results) {
		if n == 0 {
			double(rs)
		}
	})
	v = agreement(t, differ)
	if v.State != summary.Fail || v.Exit != 12 || !strings.Contains(v.Text, "digests differ") {
		t.Errorf("%+v", v)
	}
}

func agreement(t *testing.T, r *recorded) summary.Verdict {
	t.Helper()
	for _, v := range r.result.Verdicts {
		if v.Rule == summary.RuleGuarantee {
			t.Errorf("a guarantee is judged without an oracle: %+v", v)
		}
	}
	for _, v := range r.result.Verdicts {
		if v.Rule == summary.RuleAgreement {
			return v
		}
	}
	t.Fatal("no verdict on agreement")
	return summary.Verdict{}
}
