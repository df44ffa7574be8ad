package reports

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// recovery is what came of one fault in one repetition, as the page shows it.
type recovery struct {
	*breakage
	fault *record.Fault
	at    instants
	valid bool // figures are shown of valid repetitions alone
	kept  bool
}

// recoveryOf gathers it.
func recoveryOf(run *Run, b *breakage, f *record.Fault) *recovery {
	r := &recovery{breakage: b, fault: f, at: instantsOf(run, b, f), valid: true}
	for _, s := range run.Result.Systems {
		for _, rep := range s.Repetitions {
			if s.Name == b.system && rep.Rep == b.rep {
				r.kept, r.valid = rep.Kept, rep.Status == summary.Valid
			}
		}
	}
	return r
}

// segments are the phases: differences of the running maximum of t0..t6, so that they sum up to
// t6 - t0. A phase whose end has no evidence is joined to the next.
func (r *recovery) segments() []segment {
	var all []segment
	reached, first := r.at[0], 0
	for i := 1; i < len(r.at); i++ {
		if r.at[i] == 0 {
			continue
		}
		all = append(all, segment{first: first, last: i - 1, ns: max(r.at[i]-reached, 0)})
		reached, first = max(reached, r.at[i]), i
	}
	return all
}

func (r *recovery) name() string {
	text := fmt.Sprintf("%s, run %d: %s", r.system, r.rep, r.fault.Text)
	if !r.kept {
		text += " (discarded)"
	}
	return text
}

// bar is the row of the recovery in the picture of phases.
func (r *recovery) bar() bar {
	b := bar{label: r.name()}
	switch word, took := faultState(r.fault); {
	case !took:
		b.word = word
		if word == "n/a" {
			b.word += ": " + r.fault.Unsupported
		}
	default:
		b.segments = r.segments()
		if r.at[6] == 0 { // the bar ends where the evidence ends
			b.word = "then unresolved"
		}
	}
	return b
}

// cells are the phases in the table under the picture, a cell each, then their sum.
func (r *recovery) cells() []string {
	cells := []string{r.name()}
	word, took := faultState(r.fault)
	if !took {
		for range phaseNames {
			cells = append(cells, word)
		}
		return append(cells, word)
	}
	next := 0
	for _, s := range r.segments() {
		for ; next < s.last; next++ {
			cells = append(cells, "unresolved, in the next")
		}
		cells = append(cells, summary.Format(float64(s.ns), record.Nanoseconds))
		next++
	}
	for ; next < len(phaseNames); next++ {
		cells = append(cells, unresolved)
	}
	total := unresolved
	if r.at[6] > 0 {
		total = summary.Format(float64(max(r.at[6]-r.at[0], 0)), record.Nanoseconds)
	}
	return append(cells, total)
}

// unresolved stands where there is no evidence.
const unresolved = "unresolved"

// instantsOf are t0..t6 of a fault.
func instantsOf(run *Run, b *breakage, f *record.Fault) instants {
	var at instants
	if _, took := faultState(f); !took {
		return at
	}
	at[0] = f.ActualNs
	for _, m := range b.milestones {
		for i, name := range []string{"", record.MilestoneDetected, record.MilestoneReassigned,
			record.MilestoneRestored} {
			if i > 0 && at[i] == 0 && m.Name == name && m.AtNs >= at[0] {
				at[i] = m.AtNs
			}
		}
	}
	if _, last, _ := b.firstResults(f); last != nil {
		at[4] = last.atNs
	}
	return at
}

// marksOf are the faults of a repetition on its time axis.
func marksOf(run *Run, system string, rep int) []mark {
	var all []mark
	b := breakageOf(run, system, rep)
	for i := range b.faults {
		f := &b.faults[i]
		if at := instantsOf(run, b, f); at[0] > 0 {
			all = append(all, mark{*f, at})
		}
	}
	return all
}
