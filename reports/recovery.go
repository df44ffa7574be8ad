package reports

import (
	"fmt"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// recovery is what came of one fault in one repetition, as the page shows it.
type recovery struct {
	*breakage
	fault *record.Fault
	cost  *summary.Recovery // nil where the summary says nothing of it
	at    instants
	valid bool // figures are shown of valid repetitions alone
	kept  bool
}

// recoveryOf gathers it.
func recoveryOf(run *Run, b *breakage, f *record.Fault) *recovery {
	r := &recovery{breakage: b, fault: f, cost: costOf(run, b, f), at: instantsOf(run, b, f)}
	for _, s := range run.Result.Systems {
		for _, rep := range s.Repetitions {
			if s.Name == b.system && rep.Rep == b.rep {
				r.kept, r.valid = rep.Kept, rep.Status == summary.Valid
			}
		}
	}
	return r
}

func costOf(run *Run, b *breakage, f *record.Fault) *summary.Recovery {
	for _, s := range run.Result.Systems {
		for i := range s.Recoveries {
			if c := &s.Recoveries[i]; s.Name == b.system && c.Rep == b.rep && c.Fault == f.ID {
				return c
			}
		}
	}
	return nil
}

// instantsOf are t0..t6 of a fault, as far as there is evidence of them.
func instantsOf(run *Run, b *breakage, f *record.Fault) instants {
	var at instants
	if _, took := faultState(f); took {
		at[0] = f.ActualNs
	}
	if c := costOf(run, b, f); c != nil {
		for i := range min(len(c.Instants), len(at)) {
			if ns := c.Instants[i].AtNs; ns != nil {
				at[i] = *ns
			}
		}
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

func (r *recovery) name() string {
	text := r.system + ", " + record.RepetitionName(r.rep)
	if len(r.faults) > 1 {
		text += fmt.Sprintf(", fault %d", r.fault.ID)
	}
	if !r.kept {
		text += " (discarded)"
	}
	return text + ": " + r.fault.Text
}

// unresolved stands where there is no evidence.
const unresolved = "unresolved"

// notMeasured stands for a figure that needs runs nobody asked for.
const notMeasured = "not measured"

// word stands in place of figures, empty where there are some.
func (r *recovery) word() string {
	switch word, took := faultState(r.fault); {
	case word == "n/a":
		return "n/a: " + r.fault.Unsupported
	case !took:
		return word
	case !r.valid:
		return "not shown: the repetition is not valid"
	case r.cost == nil || len(r.cost.Phases) == 0 && r.cost.Excluded == "":
		return unresolved
	}
	return r.cost.Excluded
}

// bar is the row of the recovery in the picture of phases.
func (r *recovery) bar() bar {
	b := bar{label: r.name(), word: r.word()}
	if b.word != "" {
		return b
	}
	for _, p := range r.cost.Phases {
		b.segments = append(b.segments, segment{first: p.From, last: p.To - 1, ns: p.Ns})
	}
	if r.cost.TotalNs == nil { // the bar ends where the evidence ends
		b.word = "then " + unresolved
	}
	return b
}

// phaseRow is a row of the table under the picture of phases: a cell a phase and one for their sum,
// or a word for them all.
type phaseRow struct {
	Name, Word string
	Cells      []string
}

func (r *recovery) row() phaseRow {
	row := phaseRow{Name: r.name(), Word: r.word()}
	if row.Word != "" {
		return row
	}
	row.Cells = slices.Repeat([]string{unresolved}, len(phaseNames)+1)
	for _, p := range r.cost.Phases {
		for i := p.From; i < p.To-1; i++ {
			row.Cells[i] = unresolved + ", in the next"
		}
		row.Cells[p.To-1] = duration(p.Ns)
	}
	if r.cost.TotalNs != nil {
		row.Cells[len(phaseNames)] = duration(*r.cost.TotalNs)
	}
	return row
}

func duration(ns int64) string { return summary.Format(float64(ns), record.Nanoseconds) }

// orUnresolved writes a duration, or that there is no evidence for it.
func orUnresolved(ns *int64) string {
	if ns == nil {
		return unresolved
	}
	return duration(*ns)
}
