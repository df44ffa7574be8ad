package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// offences are the classes of a ledger that no guarantee allows where nothing was broken.
var offences = []struct {
	name string
	of   func(l *record.Ledger) uint64
}{
	{"lost", func(l *record.Ledger) uint64 { return l.Lost }},
	{"duplicated", func(l *record.Ledger) uint64 { return l.Duplicated }},
	{"wrong", func(l *record.Ledger) uint64 { return l.Wrong }},
	{"phantom", func(l *record.Ledger) uint64 { return l.Phantom }},
	{"corrupt", func(l *record.Ledger) uint64 { return l.Corrupt }},
	{"missing in the late output", func(l *record.Ledger) uint64 {
		return side(l.LateOutput).Missing
	}},
	{"in the late output against its rule", func(l *record.Ledger) uint64 {
		return side(l.LateOutput).Foreign
	}},
	{"dead letters missing", func(l *record.Ledger) uint64 { return side(l.DeadLetters).Missing }},
	{"dead letters of readable events", func(l *record.Ledger) uint64 {
		return side(l.DeadLetters).Foreign
	}},
}

// side is an account of nothing where the query has no such output.
func side(s *record.Side) record.Side {
	if s == nil {
		return record.Side{}
	}
	return *s
}

func offended(l *record.Ledger) (n uint64) {
	for _, o := range offences {
		n += o.of(l)
	}
	return n
}

// repetitionVerdicts are what single repetitions say: those that failed or are INVALID.
func repetitionVerdicts(system string, reps []Repetition, trails []Trail) []Verdict {
	var vs []Verdict
	for i, r := range reps {
		v := Verdict{System: system, Rep: r.Rep}
		switch r.Status {
		case Failed:
			f := trails[i].Failure
			v.Rule, v.State, v.Exit = RuleFailure, Fail, f.Exit
			v.Text = fmt.Sprintf("%s failed in %s: %s", system, f.Phase, f.Text)
			vs = append(vs, v)
		case Invalid:
			for _, reason := range r.Reasons {
				v.Rule, v.State, v.Exit = RuleValidity, Unknown, exitInvalid
				if reason.Code == "interrupted" {
					v.Rule, v.Exit = RuleInterrupted, exitInterrupted
				}
				v.Text = fmt.Sprintf("%s %s: %s", system, record.RepetitionName(r.Rep), reason.Text)
				v.Code, v.Remedy, v.Evidence = reason.Code, reason.Remedy, reason.Evidence
				vs = append(vs, v)
			}
		}
	}
	return vs
}

// classes is the ledger as evidence: what was expected, and every class that is not 0.
func classes(l *record.Ledger) []Evidence {
	es := []Evidence{{"results right, of those expected",
		Count(float64(l.Matched)) + " of " + Count(float64(l.Expected)), "all"}}
	for _, s := range []struct {
		what string
		of   *record.Side
	}{{"rows in the late output", l.LateOutput}, {"dead letters", l.DeadLetters}} {
		if s.of != nil {
			es = append(es, Evidence{s.what, Count(float64(s.of.Received)),
				Count(float64(s.of.Expected)) + ", by the stream itself"})
		}
	}
	for _, o := range offences {
		if n := o.of(l); n > 0 {
			es = append(es, Evidence{o.name, Count(float64(n)), "0"})
		}
	}
	return es
}

// sides tells the sizes of refinements, late output and dead letters, where there are any.
func sides(l *record.Ledger) string {
	text := ""
	if l.Refinements > 0 {
		text += ", refined " + Count(float64(l.Refinements)) + " times"
	}
	if l.LateOutput != nil {
		text += ", " + Count(float64(l.LateOutput.Received)) + " events in the late output"
	}
	if l.DeadLetters != nil {
		text += ", " + Count(float64(l.DeadLetters.Received)) + " dead letters"
	}
	return text
}

// account lists what is not 0, lost and duplicated always, then the first offender.
func account(l *record.Ledger) string {
	var parts []string
	for i, o := range offences {
		if n := o.of(l); n > 0 || i < 2 {
			parts = append(parts, Count(float64(n))+" "+o.name)
		}
	}
	text := strings.Join(parts, ", ")
	if len(l.Offenders) > 0 {
		o := l.Offenders[0]
		text += fmt.Sprintf("; first: %s %s", o.Class, o.Identity)
		if o.Note != "" {
			text += " (" + o.Note + ")"
		}
	}
	return text
}

// limit judges one slo of the scenario. Counts of the ledger must hold in every repetition, so
// their worst decides; other figures are judged by their median.
func limit(l record.Limit, system *System) Verdict {
	v := Verdict{System: system.Name, Rule: RuleLimit, Metric: l.Metric}
	if slices.Contains(ofRecovery, l.Metric) {
		v.Rule = RuleRecovery
	}
	f, ok := system.Figures[l.Metric]
	if !ok {
		return silent(v, l, system)
	}
	value := f.Median
	if isCount(l.Metric) {
		value = worst(l.Metric, system.Repetitions)
	}
	v.State, v.Text = Pass, fmt.Sprintf("%s is %s, limit %s", l.Metric,
		Format(value, f.Unit), bound(l))
	v.Evidence = []Evidence{{l.Metric, Format(value, f.Unit) + ", " + overHow(l.Metric, f),
		bound(l)}}
	if (l.AtLeast && value < l.Value) || (!l.AtLeast && value > l.Value) {
		v.State, v.Exit = Fail, exitLimit
		if v.Rule == RuleRecovery {
			v.Exit = exitRecovery
		}
		if slices.ContainsFunc(f.Warnings, func(w record.Warning) bool { return w.Code == codeFloor }) {
			v.Text += "; the noise of this host reaches that figure, so the fault may be the host's"
			v.Remedy = "run it on a quieter host before the system is blamed"
		}
	}
	return v
}

// ofRecovery are the metrics a limit on which is one on recovery.
var ofRecovery = []string{"recovery", "outage", "recovery.tax", "dip.area"}

// unresolved says what is missing of the first recovery that is not whole.
func unresolved(system *System) string {
	for _, r := range system.Recoveries {
		if r.Unsupported != "" {
			return "the system cannot be broken by " + r.Verb + ": " + r.Unsupported
		}
		if r.Excluded != "" {
			return fmt.Sprintf("fault %d is excluded: %s", r.Fault, r.Excluded)
		}
		for _, i := range r.Instants {
			if i.AtNs == nil {
				return fmt.Sprintf("%s (%s) of fault %d: %s", i.Name, i.Is, r.Fault, i.Why)
			}
		}
	}
	return ""
}

// silent is the verdict on a limit without a figure: it is never skipped and never kept.
func silent(v Verdict, l record.Limit, system *System) Verdict {
	v.State, v.Exit = Unknown, exitInvalid
	n := 0
	for _, r := range system.Repetitions {
		if r.counts() {
			n++
		}
	}
	v.Text = fmt.Sprintf("%s %s: there is no figure to judge", l.Metric, bound(l))
	v.Remedy = "make a repetition valid: only those have figures"
	if n > 0 {
		v.Text += ", the metric was silent"
		v.Remedy = "leave the limit out, or see where there is such a figure: " +
			"streambench explain metric " + l.Metric
	}
	if why := unresolved(system); n > 0 && v.Rule == RuleRecovery && why != "" {
		v.Text = fmt.Sprintf("%s %s: unresolved, %s", l.Metric, bound(l), why)
		v.Remedy = "lengthen load.steady after the fault, or see what was missing: " +
			"explain verdict @latest"
	}
	v.Evidence = []Evidence{{l.Metric, fmt.Sprintf("none in %d valid repetitions", n), bound(l)}}
	return v
}

// overHow says what a judged value stands on.
func overHow(metric string, f Figure) string {
	switch {
	case f.N == 1:
		return "of 1 valid repetition"
	case isCount(metric):
		return fmt.Sprintf("the worst of %d valid repetitions", f.N)
	}
	return fmt.Sprintf("the median of %d valid repetitions", f.N)
}

func bound(l record.Limit) string {
	if l.AtLeast {
		return "≥ " + strings.TrimLeft(l.Text, ">= ")
	}
	return "≤ " + l.Text
}

func isCount(metric string) bool {
	m, _ := record.FindMetric(metric)
	return m.Unit == record.Results || metric == "late"
}

func worst(metric string, reps []Repetition) float64 {
	var most float64
	for _, r := range reps {
		if r.counts() {
			most = max(most, r.Figures[metric])
		}
	}
	return most
}

// overall is the worst state of all verdicts.
func overall(vs []Verdict) State {
	state := Pass
	for _, v := range vs {
		switch {
		case v.State == Fail:
			return Fail
		case v.State == Unknown:
			state = Unknown
		}
	}
	return state
}
