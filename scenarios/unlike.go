package scenarios

import (
	"fmt"
	"maps"

	"github.com/streambench/streambench/reports/record"
)

// Searches reports whether a run has to find its rate.
func (s *Scenario) Searches() bool { return s.Load.Rate.searches() }

// Unlike lists in what an earlier run differs from what a run of the scenario would be here and
// now, rate and length apart; empty where a rate found by the one holds for the other.
func (s *Scenario) Unlike(m record.Manifest) []string {
	r := &run{req: RunRequest{Scenario: s}, plan: NewPlan(s), bound: s.mustBind()}
	was, is := m.Conditions, r.conditions()
	var list []string
	for _, c := range []struct{ what, was, is string }{
		{"host", m.Host.Hash, readHost().Hash},
		{"stream", m.StreamDigest, r.bound.Digest()},
		{"workload", was.Workload, is.Workload},
		{"query", was.Query, is.Query},
		{"transport", was.Transport, is.Transport},
		{"format", was.Format, is.Format},
		{"guarantee", was.Guarantee, is.Guarantee},
		{"checkpoint", was.Checkpoint, is.Checkpoint},
		{"profile", was.Profile, is.Profile},
		{"workers", fmt.Sprint(was.Workers), fmt.Sprint(is.Workers)},
		{"cores of a worker", fmt.Sprint(was.WorkerCPUs), fmt.Sprint(is.WorkerCPUs)},
	} {
		if c.was != c.is {
			list = append(list, fmt.Sprintf("%s: %s, here %s", c.what, c.was, c.is))
		}
	}
	if !maps.Equal(was.Params, is.Params) {
		list = append(list, fmt.Sprintf("params: %v, here %v", was.Params, is.Params))
	}
	return list
}
