package scenarios

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

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
		{"workload", was.Workload, is.Workload},
		{"query", was.Query, is.Query},
		{"transport", was.Transport, is.Transport},
		{"broker", was.Broker, is.Broker},
		{"partitions", fmt.Sprint(was.Partitions), fmt.Sprint(is.Partitions)},
		{"linger", was.Linger, is.Linger},
		{"format", was.Format, is.Format},
		{"guarantee", was.Guarantee, is.Guarantee},
		{"expect", was.Expect, is.Expect},
		{"checkpoint", was.Checkpoint, is.Checkpoint},
		{"profile", was.Profile, is.Profile},
		{"workers", fmt.Sprint(was.Workers), fmt.Sprint(is.Workers)},
		{"cores of a worker", fmt.Sprint(was.WorkerCPUs), fmt.Sprint(is.WorkerCPUs)},
	} {
		if c.was != c.is {
			list = append(list, fmt.Sprintf("%s: %s, here %s", c.what, c.was, c.is))
		}
	}
	list = append(list, unlikeSystems(was, is)...)
	if was.Workload == is.Workload {
		both := maps.Clone(is.Params)
		maps.Copy(both, was.Params)
		for _, k := range slices.Sorted(maps.Keys(both)) {
			if was.Params[k] != is.Params[k] {
				list = append(list, fmt.Sprintf("params.%s: %s, here %s", k, was.Params[k], is.Params[k]))
			}
		}
	}
	if len(list) == 0 && m.StreamDigest != r.bound.Digest() {
		list = append(list, fmt.Sprintf("stream: %.12s, here %.12s", m.StreamDigest, r.bound.Digest()))
	}
	return list
}

// unlikeSystems lists what an earlier run declared otherwise of systems that both have. Of a run
// that declares nothing nothing is known.
func unlikeSystems(was, is record.Conditions) (list []string) {
	for _, now := range is.Systems {
		then, ok := was.Of(now.System)
		if !ok || reflect.DeepEqual(then, now) {
			continue
		}
		list = append(list, fmt.Sprintf("system %s: %s, here %s", now.System, then, now))
	}
	return list
}
