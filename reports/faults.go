package reports

import (
	"cmp"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// breakage is what the record says of the faults of one repetition.
type breakage struct {
	system     string
	rep        int
	faults     []record.Fault     // the last word on each, by their number
	milestones []record.Milestone // in the order they happened
	firsts     map[int]record.Firsts
	gates      map[int]record.Gate
	stretches  []record.Stretch // in the order of time
	residue    *record.Residue
}

// breakageOf gathers the entries of one repetition that tell of faults.
func breakageOf(run *Run, system string, rep int) *breakage {
	b := &breakage{system: system, rep: rep, firsts: map[int]record.Firsts{},
		gates: map[int]record.Gate{}}
	for i := range run.Entries {
		e := &run.Entries[i]
		if e.System == system && e.Rep == rep {
			b.add(e)
		}
	}
	slices.SortStableFunc(b.faults, func(x, y record.Fault) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortStableFunc(b.milestones, func(x, y record.Milestone) int {
		return cmp.Compare(x.AtNs, y.AtNs)
	})
	slices.SortStableFunc(b.stretches, func(x, y record.Stretch) int {
		return cmp.Compare(x.FromNs, y.FromNs)
	})
	return b
}

func (b *breakage) add(e *record.Entry) {
	switch {
	case e.Fault != nil:
		i := slices.IndexFunc(b.faults, func(f record.Fault) bool { return f.ID == e.Fault.ID })
		if i < 0 {
			b.faults = append(b.faults, *e.Fault)
			return
		}
		b.faults[i] = *e.Fault
	case e.Milestone != nil:
		b.milestones = append(b.milestones, *e.Milestone)
	case e.Firsts != nil:
		b.firsts[e.Firsts.Fault] = *e.Firsts
	case e.Gate != nil:
		b.gates[e.Gate.Fault] = *e.Gate
	case e.Residue != nil:
		b.residue = e.Residue
	}
	b.stretches = append(b.stretches, e.Stretches...)
}

// breakages are those of all repetitions of a run in which something was broken or was to be.
func breakages(run *Run) []*breakage {
	var all []*breakage
	for _, s := range run.Result.Systems {
		for _, r := range s.Repetitions {
			if b := breakageOf(run, s.Name, r.Rep); len(b.faults) > 0 {
				all = append(all, b)
			}
		}
	}
	return all
}

// until is where the story of a fault ends: where the next one takes effect; 0 where none does.
func (b *breakage) until(f *record.Fault) int64 {
	var next int64
	for _, other := range b.faults {
		if at := other.ActualNs; at > f.ActualNs && other.ID != f.ID && (next == 0 || at < next) {
			next = at
		}
	}
	return next
}

// state of a fault in one word, and whether what follows it can be read as its effect.
func faultState(f *record.Fault) (word string, took bool) {
	switch {
	case f.Unsupported != "":
		return "n/a", false
	case f.Error != "" && f.ActualNs == 0:
		return "not injected", false
	case f.Witness == nil || !f.Witness.Holds:
		return "not witnessed", false
	}
	return "witnessed", true
}

// milestoneName is a milestone's name without the number of its checkpoint.
func milestoneName(m *record.Milestone) string {
	if rest, ok := strings.CutPrefix(m.Name, "checkpoint."); ok {
		return rest[strings.IndexByte(rest, '.')+1:]
	}
	return m.Name
}
