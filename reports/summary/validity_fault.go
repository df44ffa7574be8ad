package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

const (
	// missedNs is how far from its time a fault may take effect, missedInContainers where a
	// container engine stands in between.
	missedNs           = int64(250e6)
	missedInContainers = int64(1e9)
)

// faultRules are the validity rules of repetitions in which something is broken.
var faultRules = []Rule{
	{"fault-witness", "Every fault must be seen to take effect by somebody who is not its injector. " +
		"Without a witness a system that was never broken passes for one that recovers at once.",
		unwitnessed},
	{"fault-skipped", "Every fault of the schedule must have been injected, or be told why not. One " +
		"that nobody came to leaves a run that passes for one that survived it.", faultSkipped},
	{"fault-missed", "A fault must take effect within 250 ms of its time (in containers: 1 s). One " +
		"that comes late hits another state than was asked for, and schedules are no longer alike.",
		faultMissed},
	{"gate-closed", "Nothing is broken unless in the 10 s before at least 95 % of what was due was " +
		"answered, or all but a burst where answers come in bursts, and the backlog did not grow: what " +
		"was unsteady before cannot be told from what the fault did.", gateClosed},
	{"baseline-missing", "At least 10 s of steady must precede the first fault: the band that tells " +
		"when a system has recovered is taken from them.", baselineMissing},
	{"unrelayed-edge", "All nodes must talk through the relay that partitions them. One connection " +
		"past it, and the fault did not cut what it says it cut.", unrelayed},
	{"lease-lost", "The tool must not stand still for 3 s while something is broken: it is then " +
		"taken for dead, and what it broke and started is undone while it measures.", leaseLost},
	{"residue", "After healing nothing of the faults may be left on the host: rules, shapers, " +
		"stopped processes, namespaces. What is left weighs on every later measurement.", residue},
}

func unwitnessed(s *subject) finding {
	for _, f := range s.trail.Faults {
		if f.Unsupported != "" || witnessed(&f) || f.Witness == nil && s.trail.shut() {
			continue // a gate that was shut is told by its own rule
		}
		seen, missing := "nothing", "no witness was asked"
		if w := f.Witness; w != nil {
			missing = w.Missing
			if len(w.Evidence) > 0 {
				seen = strings.Join(w.Evidence, "; ")
			}
		}
		if f.Error != "" {
			missing = f.Error
		}
		if missing == "" {
			missing = "when it took effect"
		}
		return finding{
			text:   fmt.Sprintf("no witness saw fault %d (%s) take effect: %s", f.ID, f.Text, missing),
			remedy: "streambench doctor says which faults this host can do, and why not the others",
			evidence: []Evidence{{"seen of fault " + fmt.Sprint(f.ID), seen,
				"its effect, by the prober"}},
		}
	}
	return finding{}
}

// faultSkipped finds a fault that was planned and that nothing more is said of. A gate that was
// shut says it for all that follow.
func faultSkipped(s *subject) finding {
	if s.trail.shut() {
		return finding{}
	}
	for _, p := range s.trail.Schedule {
		if slices.ContainsFunc(s.trail.Faults, func(f record.Fault) bool { return f.ID == p.ID }) {
			continue
		}
		planned := "at a milestone"
		if p.PlannedNs > 0 {
			planned = "at " + Format(float64(p.PlannedNs), record.Nanoseconds)
		}
		return finding{
			text: fmt.Sprintf("nothing became of fault %d (%s), planned %s: the repetition ended "+
				"before it", p.ID, p.Text, planned),
			remedy: "lengthen load.steady, or break it earlier",
			evidence: []Evidence{{"faults that something became of", fmt.Sprintf("%d of %d",
				len(s.trail.Faults), len(s.trail.Schedule)), "all that were planned"}},
		}
	}
	declared, planless := len(s.manifest.Conditions.Faults), s.trail.Rep >= record.FirstProbe
	if declared > 0 && !planless && !s.trail.Twin && len(s.trail.Schedule)+len(s.trail.Faults) == 0 {
		return finding{
			text: "the scenario asks for faults, and none was planned: the repetition ended before " +
				"steady began",
			remedy:   runAgain,
			evidence: []Evidence{{"faults planned", "none", fmt.Sprintf("%d declared", declared)}},
		}
	}
	return finding{}
}

func faultMissed(s *subject) finding {
	for _, f := range s.trail.Faults {
		limit := missedNs
		if f.Plane == "container" {
			limit = missedInContainers
		}
		off := f.ActualNs - f.PlannedNs
		if !witnessed(&f) || f.PlannedNs == 0 || max(off, -off) <= limit {
			continue
		}
		ns := func(v int64) string { return Format(float64(v), record.Nanoseconds) }
		return finding{
			text: fmt.Sprintf("fault %d (%s) took effect at %s, planned was %s", f.ID, f.Text,
				ns(f.ActualNs), ns(f.PlannedNs)),
			remedy: "run it on a quieter host, or break fewer nodes at once",
			evidence: []Evidence{{"planned and actual time of the fault, apart", ns(max(off, -off)),
				"≤ " + ns(limit)}},
		}
	}
	return finding{}
}

func gateClosed(s *subject) finding {
	for _, g := range s.trail.Gates {
		if g.Open {
			continue
		}
		return finding{
			text:   fmt.Sprintf("fault %d was not injected into an unsteady baseline: %s", g.Fault, g.Why),
			remedy: "lengthen load.warmup, lower load.rate, or break later",
			evidence: []Evidence{{"the 10 s before the fault", g.Why,
				"95 % of what was due, less one burst, and a backlog that does not grow"}},
		}
	}
	return finding{}
}

func baselineMissing(s *subject) finding {
	from, _, ok := s.trail.Steady()
	if !ok {
		return finding{}
	}
	first := int64(-1)
	for _, f := range s.trail.Faults {
		if witnessed(&f) && f.Verb != "poison" && (first < 0 || f.ActualNs < first) {
			first = f.ActualNs
		}
	}
	if first < 0 || first-from >= leastCalmNs {
		return finding{}
	}
	had := Format(float64(max(0, first-from)), record.Nanoseconds)
	return finding{
		text:     "only " + had + " of steady preceded the first fault: there is no baseline",
		remedy:   "break it at 10s of steady, or later",
		evidence: []Evidence{{"steady before the first fault", had, "≥ 10 s"}},
	}
}

func unrelayed(s *subject) finding {
	for _, w := range s.trail.Warnings {
		if w.Code == record.CodeUnrelayed {
			return finding{
				text:     "nodes talked past the relay: " + w.Text,
				remedy:   "report it with the run folder, or run it with namespaces (streambench doctor)",
				evidence: []Evidence{{"connections that no relay carries", w.Text, "none"}},
			}
		}
	}
	return finding{}
}

func leaseLost(s *subject) finding {
	for _, w := range s.trail.Warnings {
		if w.Code == record.CodeLeaseLost {
			return finding{
				text:     w.Text,
				remedy:   "run it on a quieter host, and do not stop the tool while it measures",
				evidence: []Evidence{{"lease of the repetition", "expired", "renewed every second"}},
			}
		}
	}
	return finding{}
}

func residue(s *subject) finding {
	r := s.trail.Residue
	if r == nil || len(r.Left) == 0 {
		return finding{}
	}
	return finding{
		text:   "after healing the host still has: " + strings.Join(r.Left, ", "),
		remedy: "streambench clean",
		evidence: []Evidence{{"left of the faults", fmt.Sprintf("%d: %s", len(r.Left),
			strings.Join(r.Left, ", ")), "nothing"}},
	}
}
