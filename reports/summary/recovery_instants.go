package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// Instants of a recovery by their index, what they are and the phase that ends with them.
const (
	effective = iota
	detected
	reassigned
	restored
	firstResult
	caughtUp
	settled
	instants
)

var instantIs = [instants]string{"fault effective", "detected", "reassigned", "restored",
	"first result", "caught up", "settled"}

var phaseIs = [instants]string{"", "detect", "reassign", "restore", "first result", "catch-up",
	"settle"}

// early is how much before its witness's time a fault may show: who sees a connection end can be
// quicker than who looks for a process that is gone.
const early = int64(50e6)

// breakage is a fault whose recovery is divided, with what it is divided by.
type breakage struct {
	*recovering
	fault  *record.Fault
	t0     int64
	nextNs int64 // when the next fault of the repetition took effect; the end where none does
	ranges []int // affected
	all    int   // ranges there are
	band   *Band
	at     [instants]*int64
	why    [instants]string
}

// resolve sets an instant.
func (b *breakage) resolve(i int, ns int64, why string) { b.at[i], b.why[i] = &ns, why }

// word reports whether a milestone is of a kind: checkpoints have their number in front of it.
func word(m *record.Milestone, name string) bool {
	return m.Name == name || m.Checkpoint > 0 && strings.HasSuffix(m.Name, "."+name)
}

// find is the first milestone of some names between two times that fits.
func (b *breakage) find(from, to int64, fits func(*record.Milestone) bool, names ...string,
) *record.Milestone {
	var first *record.Milestone
	for i := range b.trail.Milestones {
		m := &b.trail.Milestones[i]
		named := slices.ContainsFunc(names, func(n string) bool { return word(m, n) })
		if named && m.AtNs >= from && m.AtNs < to && fits(m) && (first == nil || m.AtNs < first.AtNs) {
			first = m
		}
	}
	return first
}

// told resolves what the system itself says: t1 and t2. A fault that comes before the one at hand
// was detected takes over what follows.
func (b *breakage) told() {
	from := b.t0 - early
	if planned := b.fault.PlannedNs; planned > 0 {
		from = min(from, planned) // the witness of a crowded host may come after the system's own word
	}
	names := func(m *record.Milestone) bool {
		return m.Node == "" || len(b.fault.Nodes) == 0 || slices.Contains(b.fault.Nodes, m.Node)
	}
	to := b.nextNs
	b.why[detected] = "the system told of nothing that names the fault's node"
	if m := b.find(from, b.nextNs, names, record.MilestoneDetected); m != nil {
		b.resolve(detected, m.AtNs, "the system: "+sentenceOf(m))
		from, to = m.AtNs, b.endNs
	}
	about := func(m *record.Milestone) bool {
		return len(b.ranges) == 0 || len(m.Slots) == 0 || b.touches(m.Slots)
	}
	acts := []string{record.MilestoneReassigned}
	if slices.ContainsFunc(b.fault.Nodes, func(n string) bool {
		return strings.HasPrefix(n, "coordinator")
	}) {
		acts = append(acts, record.MilestoneTakeover)
	}
	b.why[reassigned] = "the system told of no work that was given to others"
	if m := b.find(from, to, about, acts...); m != nil {
		b.resolve(reassigned, m.AtNs, "the system: "+sentenceOf(m))
	}
}

// falseAlarm names nodes that the system took for lost though nobody had broken them: what that
// cost is in the figures too. On a crowded host a node that is alive can be silent for long.
func (b *breakage) falseAlarm() string {
	if b.fault.Verb == "partition" || b.fault.Verb == "link" {
		return "" // whoever is on the other side may be missed
	}
	var nodes []string
	until := b.untilNs()
	for i := range b.trail.Milestones {
		m := &b.trail.Milestones[i]
		if word(m, record.MilestoneDetected) && m.AtNs >= b.t0 && m.AtNs < until && m.Node != "" &&
			!slices.Contains(b.fault.Nodes, m.Node) && !slices.Contains(nodes, m.Node) {
			nodes = append(nodes, m.Node)
		}
	}
	if len(nodes) == 0 {
		return ""
	}
	slices.Sort(nodes)
	return "a false alarm: the system took " + strings.Join(nodes, ", ") + " for lost too, which " +
		"nobody had broken; what that cost is in these figures"
}

// sentenceOf is a milestone in words.
func sentenceOf(m *record.Milestone) string {
	text := m.Name
	if m.Node != "" {
		text += " " + m.Node
	}
	if m.Text != "" {
		text += " (" + m.Text + ")"
	}
	return text
}

func (b *breakage) touches(slots []int) bool {
	return slices.ContainsFunc(slots, func(s int) bool { return slices.Contains(b.ranges, s) })
}

// restoredAt is when the state of a range was back; nil without evidence.
func (b *breakage) restoredAt(p int) *record.Milestone {
	from, to := b.t0-early, b.nextNs
	for _, i := range []int{reassigned, detected} {
		if b.at[i] != nil {
			from, to = *b.at[i], b.endNs
			break
		}
	}
	return b.find(from, to, func(m *record.Milestone) bool {
		return len(m.Slots) == 0 || p < 0 || slices.Contains(m.Slots, p)
	}, record.MilestoneRestored)
}

// perRange resolves t3 and t4, of each range affected and of the last of them.
func (b *breakage) perRange() []RangeRecovery {
	firsts := b.trail.firsts(b.fault.ID)
	var all []RangeRecovery
	var why [instants]string
	late := [instants]int64{}
	for _, p := range b.ranges {
		x := RangeRecovery{Range: p}
		if m := b.restoredAt(p); m != nil {
			x.RestoredNs = &m.AtNs
			late[restored] = max(late[restored], m.AtNs)
			if b.at[detected] != nil {
				tax := max(0, m.AtNs-*b.at[detected])
				x.TaxNs = &tax
			}
		} else {
			why[restored] = fmt.Sprintf("the system did not say when key range %d was restored", p)
		}
		if at := firstOf(firsts, p); at > 0 {
			outage := at - b.t0
			x.FirstNs, x.OutageNs = &at, &outage
			late[firstResult] = max(late[firstResult], at)
		} else {
			why[firstResult] = fmt.Sprintf(
				"no result of key range %d came that needed an event due after the fault", p)
		}
		all = append(all, x)
	}
	if len(firsts) == 0 {
		why[firstResult] = "results do not tell which event they needed"
	}
	if len(all) == 0 {
		why[restored], why[firstResult] = "no key range is affected", "no key range is affected"
		if len(firsts) > 0 {
			why[firstResult] = "no key range has results"
		}
	}
	evidence := [instants]string{restored: "the system: the last of its key ranges",
		firstResult: "the collector: the last of its key ranges"}
	for _, i := range []int{restored, firstResult} {
		if b.why[i] = why[i]; why[i] == "" {
			b.resolve(i, late[i], evidence[i])
		}
	}
	return all
}

// firstOf is when the first result of a range came; one element stands for all ranges.
func firstOf(firsts []int64, p int) int64 {
	switch {
	case len(firsts) == 1:
		return firsts[0]
	case p >= 0 && p < len(firsts):
		return firsts[p]
	}
	return 0
}

// affected are the key ranges a fault concerns: those of its nodes or, where it is of none, those
// whose first result left the band. Ranges without results are in neither.
func (b *breakage) affected() {
	firsts := b.trail.firsts(b.fault.ID)
	b.all = len(firsts)
	for _, p := range b.fault.Slots {
		b.all = max(b.all, p+1)
		if len(firsts) == 0 || firstOf(firsts, p) != record.NeverFirst {
			b.ranges = append(b.ranges, p)
		}
	}
	if len(b.fault.Slots) > 0 {
		return
	}
	var normal []int
	for p, at := range firsts {
		switch late := at - b.t0; {
		case at == record.NeverFirst:
		case at == 0, late > max(b.band.P99Ns, b.band.LongestNs)+b.band.ResolvedNs:
			b.ranges = append(b.ranges, p)
		default:
			normal = append(normal, p)
		}
	}
	if len(b.ranges) == 0 {
		b.ranges = normal
	}
}
