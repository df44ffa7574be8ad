package summary

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// answer is what one repetition gave, of a run without an oracle.
type answer struct {
	system string
	rep    int
	ledger *record.Ledger
}

// compared judges a run that has no oracle: all repetitions that were offered the same events have
// to give the same results. It says no more than that: what all get wrong alike is not seen.
func compared(systems []System) []Verdict {
	answers := map[uint64][]answer{}
	for _, s := range systems {
		for _, r := range s.Repetitions {
			if r.Ledger == nil || !r.Ledger.Conclusive || r.Twin {
				continue
			}
			n := r.Ledger.EventsIn
			answers[n] = append(answers[n], answer{s.Name, r.Rep, r.Ledger})
		}
	}
	if len(answers) == 0 {
		return []Verdict{{Rule: RuleAgreement, State: Unknown, Exit: exitInvalid,
			Text:   "not checked against an oracle, and no system has answered to its end",
			Remedy: "lengthen load.drain"}}
	}
	var vs []Verdict
	for _, n := range slices.Sorted(maps.Keys(answers)) {
		vs = append(vs, agree(n, answers[n]))
	}
	return vs
}

// agree compares the answers to the same events.
func agree(events uint64, answers []answer) Verdict {
	v := Verdict{Rule: RuleAgreement, State: Pass}
	names := map[string]bool{}
	first, other := answers[0], answers[0]
	for _, a := range answers {
		names[a.system] = true
		if other.gave() == first.gave() {
			other = a // the first that differs, if there is one
		}
		v.Evidence = append(v.Evidence, Evidence{
			a.system + " " + record.RepetitionName(a.rep), a.gave(), first.gave(),
		})
	}
	of := Format(float64(events), record.Events)
	switch {
	case other.gave() != first.gave():
		v.State, v.Exit = Fail, exitGuarantee
		v.Text = fmt.Sprintf("not checked against an oracle: of %s, %s gave %s and %s %s: digests differ",
			of, first.system, first.gave(), other.system, other.gave())
		v.Remedy = "run with --results and compare the lines of both in results.jsonl"
	case len(names) < 2:
		v.State, v.Exit = Unknown, exitInvalid
		v.Text = fmt.Sprintf("not checked against an oracle: of %s only %s has answered, and there is "+
			"nothing to compare it with", of, first.system)
		v.Remedy = "offer every system the same events: a fixed rate, or load.events"
	default:
		v.Text = fmt.Sprintf("not checked against an oracle: of %s, %s gave the same, %s: digests equal",
			of, listed(slices.Sorted(maps.Keys(names))), first.gave())
	}
	return v
}

// gave is the size and the digest of an answer.
func (a answer) gave() string {
	return fmt.Sprintf("%s, digest %s", Format(float64(a.ledger.Count), record.Results),
		a.ledger.Digest)
}

// listed are names, two at least, as in a sentence.
func listed(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
