package main

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports"
	"github.com/streambench/streambench/reports/record"
)

// faultEntry shows an entry that tells of faults; false for one that is of something else.
func (p *progress) faultEntry(e record.Entry) bool {
	verbose := p.each == 0
	switch {
	case e.Fault != nil:
		p.fault(e)
	case e.Milestone != nil:
		if verbose {
			p.line(e.T, "milestone", "%s%s", of(e), reports.MilestoneSentence(e.Milestone))
		}
	case e.Gate != nil:
		if verbose || !e.Gate.Open {
			p.line(e.T, "gate", "%s%s", of(e), gateText(e.Gate))
		}
	case e.Residue != nil:
		if left := e.Residue.Left; len(left) > 0 {
			p.line(e.T, "residue", "%sleft on this host: %s", of(e), strings.Join(left, ", "))
		}
	default:
		return false
	}
	return true
}

// fault shows that a fault took effect or did not, and later that it was healed.
func (p *progress) fault(e record.Entry) {
	f := e.Fault
	id := fmt.Sprint(e.System, e.Rep, f.ID)
	if p.broken[id] && f.HealedNs > 0 {
		after := ""
		if f.ActualNs > 0 { // nobody saw when another one took effect, if it did
			after = fmt.Sprintf(", %.2fs after it took effect", float64(f.HealedNs-f.ActualNs)/1e9)
		}
		p.line(e.T, "heal", "%s%s%s", of(e), reports.HealSentence(f), after)
		return
	}
	if p.broken == nil {
		p.broken = map[string]bool{}
	}
	p.broken[id] = true
	text := f.Text
	if !strings.Contains(f.Text, strings.Join(f.Nodes, ", ")) {
		text += " on " + strings.Join(f.Nodes, ", ")
	}
	p.line(e.T, "fault", "%s%s (%s)  %s", of(e), text, p.faultTimes(f), reports.FaultState(f))
}

// faultTimes are when a fault was planned and when it took effect, from the start of steady as a
// scenario writes it.
func (p *progress) faultTimes(f *record.Fault) string {
	since := func(ns int64) string { return fmt.Sprintf("%.2fs", float64(ns-p.steadyNs)/1e9) }
	planned := "at a milestone"
	if f.PlannedNs > 0 {
		planned = "planned " + since(f.PlannedNs)
	}
	if f.ActualNs == 0 {
		return planned
	}
	return planned + ", actual " + since(f.ActualNs)
}

func gateText(g *record.Gate) string {
	if g.Open {
		return fmt.Sprintf("fault %d may be injected: %s", g.Fault, g.Why)
	}
	return fmt.Sprintf("fault %d is not injected: %s", g.Fault, g.Why)
}
