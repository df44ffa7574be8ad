package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// tellRecoveries writes a line for each fault of the kept repetitions of a system: what it cost, or
// why that is not known.
func (a *app) tellRecoveries(s summary.System) {
	for i := range s.Recoveries {
		r := &s.Recoveries[i]
		for _, rep := range s.Repetitions {
			if rep.Rep == r.Rep && rep.Kept {
				a.say("fault    %s run %d  %s  %s", s.Name, r.Rep, r.Text, recoveryText(r, rep.Ledger))
				if text := phasesText(r); text != "" {
					a.say("phases   %s", text)
				}
			}
		}
	}
}

// recoveryText is a recovery in a line: recovery 7.40 s, area 611k events, lost 0, duplicated 0.
func recoveryText(r *summary.Recovery, l *record.Ledger) string {
	switch {
	case r.Unsupported != "":
		return "n/a: " + r.Unsupported
	case r.Excluded != "":
		return "no figures: " + r.Excluded
	}
	parts := []string{"recovery " + resolved(r.TotalNs)}
	if r.TotalNs == nil {
		parts[0] += missingText(r)
	}
	if r.Outage != nil {
		parts = append(parts, "outage "+resolved(&r.Outage.MaxNs))
	}
	if r.Tax != nil {
		parts = append(parts, "tax "+resolved(&r.Tax.MaxNs))
	}
	if r.Dip != nil {
		parts = append(parts, "area "+count(r.Dip.Area)+" events")
	}
	if l != nil {
		parts = append(parts, fmt.Sprintf("lost %s, duplicated %s", summary.Count(float64(l.Lost)),
			summary.Count(float64(l.Duplicated))))
	}
	return strings.Join(parts, ", ")
}

// explainRecoveries tells for each fault what followed it, instant by instant, and by what that is
// known.
func (a *app) explainRecoveries(s summary.System) {
	for i := range s.Recoveries {
		r := &s.Recoveries[i]
		a.say("FAULT   %s run %d: %s", s.Name, r.Rep, r.Text)
		a.wrapped(below+"what it cost: ", recoveryText(r, nil))
		for _, at := range r.Instants {
			a.wrapped(below+at.Name+" "+at.Is+": ", instantText(at, r.Instants[0]))
		}
		for _, n := range r.Notes {
			a.wrapped(below+"note: ", n)
		}
	}
}

// instantText is when an instant was, from that of the fault on.
func instantText(at, fault summary.Instant) string {
	switch {
	case at.AtNs == nil:
		return "unresolved: " + at.Why
	case fault.AtNs == nil || at.Name == fault.Name:
		return at.Why
	}
	return fmt.Sprintf("after %s: %s", summary.Format(float64(*at.AtNs-*fault.AtNs),
		record.Nanoseconds), at.Why)
}

// phasesText is how a recovery went, phase by phase. Those too short to be seen are left out.
func phasesText(r *summary.Recovery) string {
	if r.TotalNs == nil {
		return ""
	}
	var parts []string
	for _, p := range r.Phases {
		if p.Ns > 0 {
			parts = append(parts, p.Name+" "+resolved(&p.Ns))
		}
	}
	return strings.Join(parts, ", then ")
}

func resolved(ns *int64) string {
	if ns == nil {
		return "unresolved"
	}
	return summary.Format(float64(*ns), record.Nanoseconds)
}

// missingText says why there is no time of recovery: the last instant is without evidence.
func missingText(r *summary.Recovery) string {
	for _, at := range slices.Backward(r.Instants) {
		if at.AtNs == nil {
			return fmt.Sprintf(" (%s: %s)", at.Name, at.Why)
		}
	}
	return ""
}
