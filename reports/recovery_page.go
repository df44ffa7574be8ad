package reports

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// recoverySection is section 6 of the page.
type recoverySection struct {
	Nothing   string // why there is nothing to show
	Phases    template.HTML
	PhaseHead []string
	PhaseRows []phaseRow
	PhaseDocs []row
	Tax       string // what the recovery tax is
	Faults    []faultSection
	Others    string // what is left out
	Law       template.HTML
	LawRows   [][]string
	LedgerTop []string
	Ledger    [][]string
	Claims    []row
	Twins     []twinSection
	NoTwin    string
	Residue   []row
}

// twinSection holds a repetition with faults against the same stream without.
type twinSection struct {
	Title, Words, Same string
	Rows               [][]string
}

// faultSection tells one fault of one repetition.
type faultSection struct {
	Title, Words string
	Picture      template.HTML
	Table        [][]string
	Story        []told
	Figures      []row
	RangeHead    []string
	Ranges       [][]string
	Instants     []row
	Proof        []row
}

// taxWords say what the recovery tax is and what it is not.
const taxWords = "The recovery tax is reassign and restore: what it costs to give the work of a " +
	"lost node to others and to bring its state there. Detection before it is bought by shorter " +
	"time-outs and catch-up after it by spare capacity; the tax is the design of the system."

// stories is how many faults of a system are told one by one: those of its first kept repetition.
const stories = 6

func (p *page) recovery(run *Run) {
	s := &p.Recovery
	all := breakages(run)
	if len(all) == 0 {
		s.Nothing = "Nothing was broken in this run, so it says nothing about recovery. Faults in the " +
			"scenario do: streambench list faults."
		return
	}
	s.PhaseHead = append(phaseNames[:len(phaseNames):len(phaseNames)], "total: t6 − t0")
	for i, name := range phaseNames {
		s.PhaseDocs = append(s.PhaseDocs, row{Name: name, Value: phaseDocs[i]})
	}
	s.Tax = taxWords
	s.faults(run, all)
	broken := map[string]bool{}
	for _, b := range all {
		broken[b.system] = true
		s.Residue = append(s.Residue, residueRow(b))
	}
	s.LedgerTop, s.Ledger = ledgerUnderFault(run, broken)
	for _, sys := range run.Result.Systems {
		if text := guaranteeOf(run, sys.Name); text != "" && broken[sys.Name] {
			s.Claims = append(s.Claims, row{Name: sys.Name, Value: text})
		}
	}
	if s.Twins = twinTables(run); len(s.Twins) == 0 {
		s.NoTwin = "There is no twin: no repetition of the same stream without the faults, so what " +
			"they cost beyond the time of recovery is not known."
	}
}

// faults tells every fault: in the pictures all, one by one those of a repetition of each system.
func (s *recoverySection) faults(run *Run, all []*breakage) {
	var bars []bar
	var laws []lawBar
	shown, left := map[string]int{}, 0
	told := toldRepetitions(run, all)
	for _, b := range all {
		for i := range b.faults {
			r := recoveryOf(run, b, &b.faults[i])
			bars = append(bars, r.bar())
			s.PhaseRows = append(s.PhaseRows, r.row())
			if r.word() == "" && r.cost.Law != nil {
				laws = append(laws, lawBar{r.name(), r.cost.Law})
			}
			if told[b.system] != b.rep || shown[b.system] == stories {
				left++
				continue
			}
			shown[b.system]++
			s.Faults = append(s.Faults, r.section(run))
		}
	}
	if left > 0 {
		s.Others = fmt.Sprintf("%d more faults stand in the pictures and tables and are not told one by "+
			"one: record.jsonl and faults.json have them.", left)
	}
	s.Phases = phasePicture(bars)
	if len(laws) > 0 {
		s.Law, s.LawRows = lawPicture(laws), lawTable(laws)
	}
}

// toldRepetitions picks the repetition of each system whose faults are told: the first that is kept
// and valid, else the first.
func toldRepetitions(run *Run, all []*breakage) map[string]int {
	told, good := map[string]int{}, map[string]bool{}
	for _, b := range all {
		r := recoveryOf(run, b, &b.faults[0])
		if told[b.system] == 0 || !good[b.system] && r.kept && r.valid {
			told[b.system], good[b.system] = b.rep, r.kept && r.valid
		}
	}
	return told
}

func residueRow(b *breakage) row {
	r := row{
		Name: b.system + ", " + record.RepetitionName(b.rep), Value: "nothing was left on this host",
	}
	switch {
	case b.residue == nil:
		r.Value = "not known: the repetition ended before it was looked for"
	case len(b.residue.Left) > 0:
		r.Value = "LEFT: " + strings.Join(b.residue.Left, ", ") + " (streambench clean)"
	}
	return r
}

// section tells one fault: its story, the picture around it, its figures and its proof.
func (r *recovery) section(run *Run) faultSection {
	s := faultSection{Title: r.name(), Proof: r.proof(run)}
	if !r.valid {
		s.Words = "This repetition is not valid: what happened is told, its figures are not."
	} else if r.cost != nil && r.cost.Excluded != "" {
		s.Words = "No figure is given: " + r.cost.Excluded + "."
	}
	s.Story = lines(r.story(r.fault, r.at), r.at[0])
	if _, took := faultState(r.fault); !took {
		return s
	}
	m := &mark{*r.fault, r.at}
	if z := r.zoomOf(trailOf(run, r.system, r.rep), m); z != nil && r.valid {
		s.Picture, s.Table = z.picture(r.name(), m), z.table()
	}
	if r.word() == "" {
		s.Figures, s.Instants = r.figures(), r.instantRows()
		s.RangeHead, s.Ranges = r.ranges()
	}
	return s
}

// proof is what the figures of a fault stand on: the schedule, the plane, and the witness.
func (r *recovery) proof(run *Run) []row {
	f := r.fault
	trail := trailOf(run, r.system, r.rep)
	steady, _, _ := trail.Steady()
	since := func(ns int64) string {
		return fmt.Sprintf("%.3f s of steady (%.3f s since T0)", float64(ns-steady)/1e9, float64(ns)/1e9)
	}
	planned := row{"Planned", "at a milestone", ""}
	if f.PlannedNs > 0 {
		planned.Value = since(f.PlannedNs)
	}
	actual := row{"Took effect (t0)", "never", ""}
	if f.ActualNs > 0 {
		actual.Value = since(f.ActualNs)
		actual.Note = "by the witness, not by the injector"
		if f.PlannedNs > 0 {
			actual.Note += "; " + signed(f.ActualNs-f.PlannedNs) + " off the plan"
		}
	}
	if f.During != "" {
		landed := "and did"
		if !f.Landed {
			landed = "and did not: it stands in no figure"
		}
		planned.Note = "was to land in " + f.During + ", " + landed
	}
	rows := []row{planned, actual, r.witnessRow()}
	healed := row{"Healed", "not during the run", ""}
	if f.HealedNs > 0 {
		healed.Value = since(f.HealedNs)
		healed.Note = summary.Format(float64(f.HealedNs-f.ActualNs), record.Nanoseconds) + " after t0"
	}
	rows = append(rows, healed)
	if f.Plane != "" {
		rows = append(rows, row{"Plane", f.Plane, planes[f.Plane]})
	}
	if len(f.Slots) > 0 {
		rows = append(rows, row{"Key ranges of the victim", keyRanges(f.Slots), ""})
	}
	if g, ok := r.gates[f.ID]; ok {
		word := map[bool]string{true: "calm: ", false: "not calm: "}[g.Open]
		rows = append(rows, row{"Baseline before it", word + g.Why, ""})
	}
	return append(rows, row{"Seed", fmt.Sprint(run.Manifest.Conditions.Seed),
		"the same seed draws the same nodes at the same times"})
}

// planes say what each plane of faults is.
var planes = map[string]string{
	"process": "signals to the processes of the node",
	"relay": "what travels between nodes passes a relay that holds it; never compared with runs " +
		"whose nodes have namespaces",
	"netns": "nodes live in network namespaces and packets are dropped by the kernel",
}

func (r *recovery) witnessRow() row {
	w := r.fault.Witness
	word, _ := faultState(r.fault)
	out := row{"Witness", word, ""}
	if w == nil {
		return out
	}
	if w.Holds {
		out.Value = "saw it at " + fmt.Sprintf("%.3f s", float64(w.AtNs)/1e9)
	}
	out.Note = strings.Join(w.Evidence, "; ")
	if w.Missing != "" {
		out.Note = strings.TrimPrefix(out.Note+"; missing: "+w.Missing, "; ")
	}
	return out
}
