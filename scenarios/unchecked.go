package scenarios

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// What results are held against.
const (
	expectOracle = "oracle"
	expectNone   = record.ExpectNone // each other: for logic of a user's own, which no oracle knows
)

// unlessOracle is what a run says it held results against: nothing where that is what any does.
func unlessOracle(expect string) string {
	if expect == expectOracle {
		return ""
	}
	return expect
}

// newChecker makes what judges the results of a repetition.
func newChecker(
	expect string, w *workloads.Workload, dir string, o workloads.CheckerOptions,
) (workloads.Checker, error) {
	if expect == expectNone {
		return w.NewUnchecked(dir, o)
	}
	return w.NewChecker(dir, o)
}

// unchecked refuses what needs an oracle, or input that is not the same for every system, where
// results are compared with each other alone.
func (c *checker) unchecked() {
	s := c.s
	if s.Expect != expectNone {
		return
	}
	const path = "expect"
	if len(s.Systems) == 1 && c.sound("systems") {
		c.fail(path, "expect: none compares systems with each other, and there is one",
			"add a system, or the same one again with as and another jar")
	}
	if s.Mode.Name != "" {
		c.failKey("mode", "mode "+s.Mode.Name+" needs the oracle, and expect is none",
			"leave one of them out")
	}
	switch r := s.Load.Rate; {
	case !c.sound("load"):
	case r.searches():
		c.fail(path, "a rate is found by the oracle's verdicts, and expect is none",
			"write a load.rate such as 20k/s")
	case s.Load.Events == 0 && (r.Max || s.Load.Warmup.Auto):
		c.fail(path, "how many events a system is given follows from its own speed, so that no two "+
			"answer the same", "write load.events, or a load.rate such as 20k/s with a warmup")
	}
	for _, l := range s.SLO {
		if m, _ := record.FindMetric(l.Metric); m.Unit == record.Results {
			c.failKey("slo/"+l.Metric, l.Metric+" is counted by the oracle, and expect is none",
				"leave the limit out")
		}
	}
	t, ok := workloads.Find(s.Workload)
	if !ok || !c.sound("params", "workload") {
		return
	}
	values, errs := t.Resolve(s.Params)
	if len(errs) > 0 {
		return
	}
	w, err := t.New(workloads.Settings{Seed: 1, EventRate: t.Rate, Values: values})
	if err == nil && (w.Query.Retracts || w.Query.Output.Kind == workloads.Additive) {
		c.fail(path, fmt.Sprintf("results of %s are parts of an answer, which depend on when they were "+
			"given", s.Workload), "leave the key out: the oracle adds them up")
	}
}
