package summary

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// Guarantees that a system claims.
const (
	atMostOnce  = "at-most-once"
	atLeastOnce = "at-least-once"
)

// guarantee judges the delivery claim. Without a fault every class must be 0 under any guarantee,
// and with one only what the fault explains may offend. A repetition whose measurement is INVALID
// still convicts, if its ledger is conclusive, but it does not acquit.
func guarantee(claim string, system *System, trails []Trail) Verdict {
	v := Verdict{System: system.Name, Rule: RuleGuarantee, State: Unknown, Exit: exitInvalid,
		Text: claim + " claimed; no valid repetition to tell"}
	broken := 0
	for i, r := range system.Repetitions {
		l := r.Ledger
		if l == nil {
			continue
		}
		x := pardon(claim, l, &trails[i])
		switch {
		case l.Conclusive && x.fails != "":
			v.Rep, v.State, v.Exit = r.Rep, Fail, exitGuarantee
			v.Text, v.Evidence = claim+" claimed, "+account(l)+x.because(), classes(l)
			v.Remedy = "see: explain verdict @latest"
			return v
		case l.Unexplained > 0:
			v.Rep, v.State, v.Exit = r.Rep, Unknown, exitInvalid
			v.Text = fmt.Sprintf("%s claimed; %s are in no class of the ledger",
				claim, Format(float64(l.Unexplained), record.Results))
			v.Remedy = "report it with the run folder: the oracle must explain every result"
			return v
		case l.Conclusive && x.unclear != "":
			v.Rep, v.State, v.Exit = r.Rep, Unknown, exitInvalid
			v.Text, v.Evidence = claim+" claimed; "+x.unclear, classes(l)
			v.Remedy = "test the claim with a query that counts events, or with a fault that has a witness"
			return v
		case r.Status == Valid:
			v.State, v.Exit = Pass, 0
			broken += x.faults
			v.Text, v.Evidence = held(claim, l, &x), classes(l)
			if !x.used && broken > 0 && (claim == atMostOnce || claim == atLeastOnce) {
				v.Text += notDistinguished(claim, broken)
			}
		}
	}
	return v
}

// held is the verdict of a ledger in which nothing offends that is not explained.
func held(claim string, l *record.Ledger, x *pardoned) string {
	if !x.used {
		return fmt.Sprintf("%s held: %s, each once and right%s",
			claim, Format(float64(l.Matched), record.Results), sides(l))
	}
	return fmt.Sprintf("%s held: %s right of %s; %s, all of it explained by %s", claim,
		Format(float64(l.Matched), record.Results), Count(float64(l.Expected)),
		strings.Join(x.allowed, ", "), x.by)
}

// notDistinguished says that a weaker claim showed nothing it allows: that makes it no better.
func notDistinguished(claim string, faults int) string {
	what, than := "lost", "a stronger guarantee"
	if claim == atLeastOnce {
		what, than = "duplicated", "exactly-once"
	}
	return fmt.Sprintf("; nothing was %s over %d %s: not distinguished from %s", what, faults,
		noun("fault", faults), than)
}

func noun(one string, n int) string {
	if n == 1 {
		return one
	}
	return one + "s"
}

// unsupported are the faults a system cannot be broken by: what it does under them is unproven.
func unsupported(s *System, trails []Trail) []Verdict {
	var vs []Verdict
	told := map[string]bool{}
	for _, t := range trails {
		for _, f := range t.Faults {
			if f.Unsupported == "" || told[f.Verb] {
				continue
			}
			told[f.Verb] = true
			vs = append(vs, Verdict{System: s.Name, Rule: RuleFault, Code: f.Verb, State: Unknown,
				Exit: exitInvalid, Text: fmt.Sprintf("%s: n/a for %s (%s): what it does then is unproven",
					f.Text, s.Name, f.Unsupported),
				Remedy: "break this system in another way, or leave it out: --on"})
		}
	}
	return vs
}
