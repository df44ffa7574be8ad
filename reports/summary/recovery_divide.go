package summary

import (
	"cmp"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// recovering divides the recoveries of one repetition.
type recovering struct {
	trail     *Trail
	log       *record.HistogramLog
	intervals []record.Interval // of results, by second of receipt
	course    *course
	t0Ns      int64 // T0 on the run's clock
	fromNs    int64 // steady
	endNs     int64
	// capacity is the sustainable rate of the system, unprotected that without protection; 0 where
	// they are not known, and why the latter is not.
	capacity, unprotected float64
	unprotectedWhy        string
}

// recoveries are those of every fault of a repetition, in the order they took effect.
func recoveries(t *Trail, h *record.HistogramLog, b *record.Bracket) []Recovery {
	faults := slices.Clone(t.Faults)
	slices.SortStableFunc(faults, func(a, b record.Fault) int {
		return cmp.Compare(when(&a), when(&b))
	})
	if len(faults) == 0 {
		return nil
	}
	r := &recovering{trail: t, log: h, intervals: h.Intervals[tagOf(t, record.StageResult)],
		course: courseOf(t), t0Ns: t.T0Ns()}
	r.fromNs, r.endNs, _ = t.Steady()
	if b != nil && b.Unsettled == "" && b.Failed > 0 { // what nothing bounds is no capacity
		r.capacity, r.unprotected, r.unprotectedWhy = b.Passed, b.Unprotected, b.UnprotectedWhy
	}
	var all []Recovery
	calm := undisturbed{fromNs: r.fromNs}
	for i := range faults {
		f := &faults[i]
		x := Recovery{Rep: t.Rep, Fault: f.ID, Text: f.Text, Verb: f.Verb, Nodes: f.Nodes,
			Plane: f.Plane, HealedNs: f.HealedNs, Unsupported: f.Unsupported, Excluded: excluded(f)}
		if witnessed(f) {
			r.divide(&x, f, r.next(faults[i+1:]), &calm)
		}
		all = append(all, x)
	}
	return all
}

// told are the recoveries of a repetition, without figures where it is not valid.
func told(all []Recovery, s Status) []Recovery {
	if s == Valid {
		return all
	}
	for i, x := range all {
		all[i] = Recovery{Rep: x.Rep, Fault: x.Fault, Text: x.Text, Verb: x.Verb, Nodes: x.Nodes,
			Plane: x.Plane, HealedNs: x.HealedNs, Unsupported: x.Unsupported, Excluded: x.Excluded}
		if x.Excluded == "" && x.Unsupported == "" {
			all[i].Excluded = "the repetition is " + string(s)
		}
	}
	return all
}

// undisturbed is since when a repetition has been calm, and the band of the fault before.
type undisturbed struct {
	fromNs int64
	band   *Band
	fault  int
}

// next is when the next of some faults took effect; the end of steady where none did.
func (r *recovering) next(faults []record.Fault) int64 {
	for i := range faults {
		if witnessed(&faults[i]) {
			return faults[i].ActualNs
		}
	}
	return r.endNs
}

// divide divides the recovery of a fault, if there is something to compare with.
func (r *recovering) divide(x *Recovery, f *record.Fault, nextNs int64, calm *undisturbed) {
	b := &breakage{recovering: r, fault: f, t0: f.ActualNs, nextNs: nextNs}
	band, ok := r.band(calm.fromNs, b.t0)
	switch {
	case ok:
		calm.band, calm.fault = band, f.ID
	case calm.band == nil:
		x.Excluded = "fewer than 10 s of steady preceded it: there is nothing to compare with"
		calm.fromNs = r.endNs
		return
	default:
		shared := *calm.band
		band, shared.Of = &shared, calm.fault
	}
	b.band = band
	b.account(x)
	calm.fromNs = r.endNs
	if x.TotalNs != nil {
		calm.fromNs = b.t0 + *x.TotalNs
	}
}

// when a fault took effect or, where it did not, was to.
func when(f *record.Fault) int64 {
	if witnessed(f) {
		return f.ActualNs
	}
	return f.PlannedNs
}

// excluded says why nothing is said of a fault; empty where there is no reason.
func excluded(f *record.Fault) string {
	switch {
	case f.Unsupported != "":
		return ""
	case f.Error != "":
		return "it was not injected: " + strings.TrimPrefix(f.Error, "not injected: ")
	case !witnessed(f):
		return "no witness saw it take effect"
	case f.During != "" && !f.Landed:
		return "it landed outside " + f.During
	}
	return ""
}

// account fills in what one fault cost.
func (b *breakage) account(x *Recovery) {
	x.Band, x.ResolutionNs = b.band, b.band.ResolvedNs
	b.resolve(effective, b.t0, "the witness")
	b.affected()
	b.told()
	x.Ranges, x.All = b.perRange(), b.all
	b.catchUp()
	b.settle()
	x.Instants, x.Phases = b.lines(), b.phases()
	b.spreads(x)
	note := func(why string) {
		if why != "" {
			x.Notes = append(x.Notes, why)
		}
	}
	var why string
	x.Checkpoints = b.checkpoints()
	x.Replay, why = b.replay()
	note(why)
	if b.at[firstResult] != nil && b.at[caughtUp] != nil {
		x.Law, why = b.law()
		note(why)
	}
	note(b.falseAlarm())
	if b.at[settled] == nil {
		note("recovery is unresolved: " + b.why[settled])
		return
	}
	total := b.latest(settled) - b.t0
	x.TotalNs = &total
	if x.Tax != nil && total > 0 {
		share := float64(x.Tax.MaxNs) / float64(total)
		x.TaxShare = &share
	}
	x.Dip = b.dip(b.t0 + total)
	if area, ok := b.latencyArea(b.t0 + total); ok {
		x.LatencyArea = &area
	}
	x.Cost, why = b.costOf(x.Dip)
	note(why)
}

// lines are the instants as they are printed.
func (b *breakage) lines() []Instant {
	var all []Instant
	for i := range instants {
		x := Instant{Name: "t" + string(rune('0'+i)), Is: instantIs[i], AtNs: b.at[i], Why: b.why[i]}
		switch {
		case i == firstResult:
			x.ResolutionNs = b.band.ResolvedNs
		case i >= caughtUp:
			x.ResolutionNs = max(b.band.ResolvedNs, record.StretchNs)
		}
		all = append(all, x)
	}
	return all
}

// phases are the differences of the running maximum of the instants that are known. The phases of
// an instant that is not are joined with the next.
func (b *breakage) phases() []RecoveryPhase {
	var all []RecoveryPhase
	name, from, since := "", effective, b.t0
	for i := detected; i < instants; i++ {
		if name != "" {
			name += " + "
		}
		name += phaseIs[i]
		if b.at[i] == nil {
			continue
		}
		at := b.latest(i)
		all = append(all, RecoveryPhase{Name: name, Ns: at - since, From: from, To: i})
		name, from, since = "", i, at
	}
	return all
}

// spreads sums up over key ranges.
func (b *breakage) spreads(x *Recovery) {
	var outages, taxes []int64
	for _, r := range x.Ranges {
		if r.OutageNs != nil {
			outages = append(outages, *r.OutageNs)
		}
		if r.TaxNs != nil {
			taxes = append(taxes, *r.TaxNs)
		}
	}
	if len(outages) > 0 && len(outages) == len(x.Ranges) {
		s, sum := spreadOf(outages)
		partial := sum / int64(max(x.All, 1))
		x.Outage, x.PartialNs = s, &partial
	}
	if len(taxes) > 0 && len(taxes) == len(x.Ranges) {
		s, sum := spreadOf(taxes)
		work := float64(sum) / 1e9
		x.Tax, x.Work = s, &work
	}
	to := b.untilNs()
	for i := range b.trail.Milestones {
		m := &b.trail.Milestones[i]
		if word(m, record.MilestoneRestored) && m.AtNs >= b.t0 && m.AtNs < to {
			x.RestoredB += m.Bytes
		}
	}
}

func spreadOf(ns []int64) (s *Spread, sum int64) {
	for _, v := range ns {
		sum += v
	}
	return &Spread{MaxNs: slices.Max(ns), MeanNs: sum / int64(len(ns))}, sum
}
