package adaptertest

import (
	"fmt"
	"maps"
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
	// Format is the wire form; empty for that of the subject's Job.
	Format string
	// Template is a workload that is not in the catalog; nil for the one Workload names.
	Template *workloads.Template
	// Digest and Count are the known answer; Digest is empty where only the oracle knows it.
	Digest string
	Count  uint64
}

// simple is the case every system must be able to run: one sum a key and window.
var simple = Case{Name: "iot-telemetry", Workload: "iot-telemetry", Rate: 10_000, Events: 50_000,
	Params: map[string]string{"keys": "100", "window": "1s"}}

// first are the cases in which systems differ most, small enough for every change. Those with a gap
// have an hour of event time in which nothing happens: windows that were open before it must still
// answer.
var first = []Case{
	simple,
	{Name: "q5", Workload: "nexmark", Rate: 10_000, Events: 100_000,
		Params: map[string]string{"query": "q5"}},
	{Name: "clickstream", Workload: "clickstream", Rate: 1_000, Events: 60_000},
	{Name: "orders", Workload: "orders", Rate: 1_000, Events: 60_000},
	{Name: "fraud", Workload: "fraud", Rate: 1_000, Events: 80_000},
	{Name: "poison", Workload: "poison", Rate: 10_000, Events: 20_000, Format: workloads.JSONForm,
		Params: map[string]string{"keys": "100", "malformed": "50"}},
	simple.with("gap", "silence", "1h", "silence-at", "2500ms"),
	{Name: "gap q5", Workload: "nexmark", Rate: 10_000, Events: 60_000, Params: map[string]string{
		"query": "q5", "silence": "1h", "silence-at": "3s"}},
	{Name: "unlisted", Template: &unlisted, Rate: 1000, Events: 30_000},
}

// rest are cases of the same kind that take longer to go through.
var rest = []Case{
	{Name: "lateness", Workload: "iot-telemetry", Rate: 10_000, Events: 50_000,
		Params: map[string]string{"keys": "100", "window": "1s", "disorder": "50k:1ms:4s",
			"bound": "500ms", "lateness": "5s"}},
	{Name: "shuffled", Workload: "iot-telemetry", Rate: 10_000, Events: 50_000,
		Params: map[string]string{"keys": "100", "window": "1s", "groups": "1000"}},
	gapOf("clickstream", "20s", nil),
	gapOf("ysb", "15s", nil),
	gapOf("hopping-average", "15s", nil),
	gapOf("sliding-average", "15s", nil),
	gapOf("nexmark", "15s", map[string]string{"query": "q8"}),
	gapOf("nexmark", "15s", map[string]string{"query": "q9"}),
	gapOf("nexmark", "15s", map[string]string{"query": "q11"}),
	gapOf("karimov", "15s", map[string]string{"query": "join"}),
	{Name: "clickstream refined", Workload: "clickstream", Rate: 1_000, Events: 60_000,
		Params: map[string]string{"profile": "lateness"}},
}

// with is a case with more parameters, "name, value" one after the other.
func (c Case) with(name string, params ...string) Case {
	c.Name, c.Params = name, maps.Clone(c.Params)
	for pair := range slices.Chunk(params, 2) {
		c.Params[pair[0]] = pair[1]
	}
	return c
}

// gapOf is a workload with a gap of an hour, at a rate low enough for a few windows.
func gapOf(workload, at string, params map[string]string) Case {
	c := Case{Workload: workload, Rate: 1000, Events: 40_000, Params: map[string]string{}}
	maps.Copy(c.Params, params)
	name := strings.TrimSpace("gap " + workload + " " + params["query"])
	return c.with(name, "silence", "1h", "silence-at", at)
}

// cutTo is how many events of a golden vector are taken where its whole would take too long.
const cutTo = 60_000

// Cases are the inputs a size stands for: "first" or empty, "all" (these, more of their kind and
// every golden vector, cut short), "golden" (every golden vector in full length, held against its
// digest), or names of cases with commas between.
func Cases(size string) ([]Case, error) {
	known := slices.Concat(first, rest, vectors(cutTo))
	switch size {
	case "", "first":
		return first, nil
	case "all":
		return known, nil
	case "golden":
		return vectors(1 << 40), nil
	}
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
	if c.Template == nil {
		t, ok := workloads.Find(c.Workload)
		if !ok {
			return nil, fmt.Errorf("bind %s: no workload is called %q", c.Name, c.Workload)
		}
		c.Template = &t
	}
	values, errs := c.Template.Resolve(c.Params)
	if len(errs) > 0 {
		return nil, fmt.Errorf("bind %s: %w", c.Name, errs[0])
	}
	return c.Template.New(workloads.Settings{Seed: 1, EventRate: c.Rate, Values: values})
}
