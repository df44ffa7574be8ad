package summary

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
)

// judgeRepair judges what repaired dead letters gave. Only a repetition in whose ledger nothing is
// amiss is asked: there the results missing are those of the dead letters, neither more nor less.
// One that fails convicts the system; without dead letters there is nothing to ask.
func judgeRepair(s *System, trails []Trail) []Verdict {
	var vs []Verdict
	for i, r := range s.Repetitions {
		l := r.Ledger
		if !r.counts() || l == nil || !l.Conclusive || offended(l) > 0 ||
			side(l.DeadLetters).Received == 0 {
			continue
		}
		v := repaired(trails[i].Repair, l.DeadLetters.Received)
		v.System, v.Rule = s.Name, RuleRepair
		if v.State != Pass {
			v.Rep = r.Rep
			return []Verdict{v}
		}
		vs = []Verdict{v}
	}
	return vs
}

// repaired judges the replay of a number of dead letters.
func repaired(p *record.Repair, letters uint64) Verdict {
	unknown := Verdict{State: Unknown, Exit: exitInvalid, Remedy: runAgain}
	switch {
	case p == nil:
		unknown.Text = "the record tells of no replay of the dead letters"
		return unknown
	case p.Failure != nil:
		state := Fail
		if p.Failure.Exit == exitInvalid {
			state = Unknown
		}
		return Verdict{State: state, Exit: p.Failure.Exit, Text: fmt.Sprintf("the replay of the "+
			"repaired dead letters failed in %s: %s", p.Failure.Phase, p.Failure.Text)}
	case p.Ledger == nil || !p.Ledger.Conclusive:
		unknown.Text = "the repaired dead letters were not answered to their end"
		if p.Ledger != nil {
			unknown.Text += ": " + p.Ledger.Why
			unknown.Remedy = "lengthen load.drain"
		}
		return unknown
	}
	what := Count(float64(p.Letters)) + " dead letters, repaired and replayed"
	evidence := append(classes(p.Ledger), Evidence{"dead letters replayed",
		Count(float64(p.Letters)), Count(float64(letters)) + ", all there were"})
	if p.Letters != letters || offended(p.Ledger) > 0 {
		return Verdict{State: Fail, Exit: exitGuarantee, Evidence: evidence,
			Text:   what + ", gave " + account(p.Ledger),
			Remedy: "see the ledger of the replay in the record"}
	}
	return Verdict{State: Pass, Evidence: evidence, Text: fmt.Sprintf("%s, gave exactly the %s that "+
		"were missing", what, Format(float64(p.Ledger.Matched), record.Results))}
}
