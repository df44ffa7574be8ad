package adaptertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// Case is an input of the kit: the first events of a workload with seed 1.
type Case struct {
	Name, Workload string
	Rate           uint64 // events per second of event time
	Params         map[string]string
	Events         uint64
	// Format is the wire form; empty for binary.
	Format string
	// Digest and Count are the known answer; Digest is empty where only the oracle knows it.
	Digest string
	Count  uint64
}

// first are the cases in which systems differ most, small enough for every change.
var first = []Case{
	{Name: "iot-telemetry", Workload: "iot-telemetry", Rate: 10_000, Events: 50_000,
		Params: map[string]string{"keys": "100", "window": "1s"}},
	{Name: "q5", Workload: "nexmark", Rate: 10_000, Events: 100_000,
		Params: map[string]string{"query": "q5"}},
	{Name: "clickstream", Workload: "clickstream", Rate: 1_000, Events: 60_000},
	{Name: "orders", Workload: "orders", Rate: 1_000, Events: 60_000},
	{Name: "fraud", Workload: "fraud", Rate: 1_000, Events: 80_000},
	{Name: "poison", Workload: "poison", Rate: 10_000, Events: 20_000, Format: workloads.JSONForm,
		Params: map[string]string{"keys": "100", "malformed": "50"}},
}

// cutTo is how many events of a golden vector are taken where its whole would take too long.
const cutTo = 60_000

// Cases are the inputs a size stands for: "first" or empty, "all" (these and every golden vector,
// cut short), "golden" (every golden vector in full length, held against its digest), or names of
// cases with commas between.
func Cases(size string) ([]Case, error) {
	switch size {
	case "", "first":
		return first, nil
	case "all":
		return slices.Concat(first, vectors(cutTo)), nil
	case "golden":
		return vectors(1 << 40), nil
	}
	known := slices.Concat(first, vectors(cutTo))
	var chosen []Case
	for name := range strings.SplitSeq(size, ",") {
		i := slices.IndexFunc(known, func(c Case) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: no case is called %q; there are first, all, golden, %s",
				sizeVariable, name, strings.Join(namesOf(known), ", "))
		}
		chosen = append(chosen, known[i])
	}
	return chosen, nil
}

// vectors are the golden vectors, of at most so many events.
func vectors(most uint64) []Case {
	var all []Case
	for _, v := range workloadstest.Golden {
		c := Case{Name: "golden " + v.Name, Workload: v.Workload, Rate: v.Rate, Params: v.Params,
			Events: v.Events, Digest: v.Digest, Count: v.Count}
		if c.Events > most {
			c.Events, c.Digest, c.Count = most, "", 0
		}
		all = append(all, c)
	}
	return all
}

func namesOf(cases []Case) []string {
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = c.Name
	}
	return names
}

// bind makes the workload of a case.
func (c Case) bind() (*workloads.Workload, error) {
	t, ok := workloads.Find(c.Workload)
	if !ok {
		return nil, fmt.Errorf("bind %s: no workload is called %q", c.Name, c.Workload)
	}
	values, errs := t.Resolve(c.Params)
	if len(errs) > 0 {
		return nil, fmt.Errorf("bind %s: %w", c.Name, errs[0])
	}
	return t.New(workloads.Settings{Seed: 1, EventRate: c.Rate, Values: values})
}
