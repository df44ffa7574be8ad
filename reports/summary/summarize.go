package summary

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/streambench/streambench/reports/record"
)

// Summarize computes a run's result from its record. The entries may end early: what is missing
// makes repetitions INVALID, it is no error. An error means that the three do not belong together.
func Summarize(
	m record.Manifest, entries []record.Entry, h *record.HistogramLog,
) (Result, error) {
	if len(entries) == 0 || entries[0].Plan == nil {
		return Result{}, errors.New("summarize run: the record does not begin with its plan")
	}
	if got := entries[0].Plan.Scenario; got != m.Scenario {
		return Result{}, fmt.Errorf("summarize run: the record is of scenario %q, the manifest of %q",
			got, m.Scenario)
	}
	r := Result{
		Schema: Schema, Run: m.ID, Scenario: m.Scenario, Start: m.Start, Conditions: m.Conditions,
		Host: m.Host, LockSHA256: m.LockHash, Systems: []System{}, Verdicts: []Verdict{},
		Warnings: runWarnings(entries),
	}
	end := runEnd(entries)
	stopped := end != nil && end.Interrupted
	for _, trails := range bySystem(Trails(entries), entries[0].Plan.Systems) {
		s := system(&m, trails, h, known{stopped, bracketOf(entries, trails[0].base())})
		s.capacity(entries, trails)
		s.Headroom = headroom(m.Conditions.Ceiling, s.Figures)
		vs := append(verdicts(&m, &s, trails), judgeMode(m.Conditions, &s, trails, h)...)
		r.Systems = append(r.Systems, s)
		r.Verdicts = append(r.Verdicts, vs...)
	}
	if m.Conditions.Expect == record.ExpectNone {
		r.Verdicts = append(r.Verdicts, compared(r.Systems)...)
	}
	r.Verdicts = append(r.Verdicts, runVerdicts(end, r.Verdicts)...)
	r.Comparison = compare(&m, &r)
	codes := make([]int, len(r.Verdicts))
	for i, v := range r.Verdicts {
		codes[i] = v.Exit
	}
	r.Exit, r.State = Exit(codes...), overall(r.Verdicts)
	r.Sentence = sentence(&r)
	return r, nil
}

func runEnd(entries []record.Entry) *record.End {
	for _, e := range entries {
		if e.End != nil && e.Rep == 0 && e.System == "" {
			return e.End
		}
	}
	return nil
}

func runWarnings(entries []record.Entry) []record.Warning {
	var ws []record.Warning
	for _, text := range entries[0].Plan.Warnings {
		ws = append(ws, record.Warning{Code: "plan", Text: text})
	}
	for _, e := range entries {
		if e.Warning != nil && e.System == "" {
			ws = append(ws, *e.Warning)
		}
	}
	return ws
}

// bySystem groups trails by system, and by rate where there are several. Systems are in the order
// of the scenario, or in that of the plan where the record does not tell.
func bySystem(trails []Trail, order []string) [][]Trail {
	var groups [][]Trail
	at := map[string]int{}
	for _, t := range trails {
		i, ok := at[t.System]
		if !ok {
			i = len(groups)
			at[t.System] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	place := func(g []Trail) int { return slices.Index(order, g[0].base()) }
	slices.SortStableFunc(groups, func(a, b []Trail) int { return cmp.Compare(place(a), place(b)) })
	return groups
}

// known is what a run says of a system beside its repetitions.
type known struct {
	stopped bool            // it was interrupted
	bracket *record.Bracket // of its sustainable rate; nil where none is known
}

func bracketOf(entries []record.Entry, system string) (b *record.Bracket) {
	for _, e := range entries {
		if e.Bracket != nil && e.System == system {
			b = e.Bracket
		}
	}
	return b
}

func system(m *record.Manifest, trails []Trail, h *record.HistogramLog, k known) System {
	s := System{Name: trails[0].System, Claim: m.Conditions.Guarantee, Rate: trails[0].Rate}
	if m.Claim.Guarantee != "" {
		s.Claim = m.Claim.Of(trails[0].base())
	}
	if s.Rate != "" {
		s.Of = trails[0].Of
	}
	for i := range trails {
		all := recoveries(&trails[i], h, k.bracket)
		r := repetition(m, &trails[i], h, k.stopped)
		if end := trails[i].End; end != nil {
			s.DeployNs = max(s.DeployNs, end.DeployNs)
		}
		if r.Status == Valid {
			recoveryFigures(r.Figures, all)
			calmLatency(r.Figures, &trails[i], h, all)
		}
		s.Repetitions = append(s.Repetitions, r)
		if r.Kept && !r.Twin {
			s.Recoveries = append(s.Recoveries, told(all, r.Status)...)
		}
	}
	s.Twins = twins(trails, s.Repetitions)
	s.Figures = combine(trails, s.Repetitions)
	weaken(s.Figures, valid(trails, s.Repetitions), h)
	overloaded(s.Figures)
	s.Cores = coresOf(valid(trails, s.Repetitions))
	pass(s.Figures, s.Repetitions)
	for _, r := range s.Repetitions {
		if r.Ledger == nil || !r.Kept || r.Twin {
			continue
		}
		if s.Ledger == nil || offended(r.Ledger) > offended(s.Ledger) {
			s.Ledger, s.Results = r.Ledger, r.Results
		}
	}
	return s
}

func valid(trails []Trail, reps []Repetition) []Trail {
	var vs []Trail
	for i, r := range reps {
		if r.counts() {
			vs = append(vs, trails[i])
		}
	}
	return vs
}

// Codes of warnings of a repetition that weaken what is claimed of its system most.
const (
	CodeNoLatency    = "no-latency"    // it has no result latency
	CodeBacklogGrows = "backlog-grows" // its rate is beyond what is sustainable
)

func repetition(
	m *record.Manifest, t *Trail, h *record.HistogramLog, stopped bool,
) Repetition {
	r := Repetition{Rep: t.Rep, Kept: t.Kept, Twin: t.Twin, Status: Valid, Warnings: t.Warnings,
		Config: t.Config}
	r.SteadyFromNs, r.SteadyToNs, _ = t.Steady()
	if t.Ledger != nil {
		r.Ledger = t.Ledger
		r.Results = &ResultSet{Count: t.Ledger.Count, Digest: t.Ledger.Digest}
	}
	switch {
	case t.Failure != nil:
		r.Status = Failed
		r.Reasons = []Reason{{Code: "failed", Text: t.Failure.Text}}
		return r
	case !t.began():
		r.Status = NotRun
		return r
	}
	figures := measured(m, t, h)
	r.Reasons = judge(&subject{
		manifest: m, trail: t, log: h, figures: figures, stopped: stopped,
	})
	if len(r.Reasons) > 0 {
		r.Status = Invalid
		return r
	}
	r.Figures = figures
	if !t.broken() { // a fault is a shift, and makes the backlog grow
		r.Warnings = append(r.Warnings, shifts(m, t, h)...)
	}
	r.Warnings = append(r.Warnings, untimed(t)...)
	if _, ok := figures["latency.p50"]; !ok && !m.Conditions.RateMax {
		r.Warnings = append(r.Warnings, record.Warning{Code: CodeNoLatency, Text: "no latency: no " +
			"result can be told to be set off by one event of steady"})
	}
	if slope, ok := growth(t); ok && slope.Lo > 0 && !t.broken() {
		r.Warnings = append(r.Warnings, record.Warning{Code: CodeBacklogGrows, Text: fmt.Sprintf(
			"backlog grew by %s a second (95%% interval %s to %s): this rate is not sustainable",
			Format(slope.Value, record.Events), Count(slope.Lo), Count(slope.Hi))})
	}
	return r
}

func verdicts(m *record.Manifest, s *System, trails []Trail) []Verdict {
	vs := repetitionVerdicts(s.Name, s.Repetitions, trails)
	vs = append(vs, searchVerdict(s)...)
	oracle := m.Conditions.Expect != record.ExpectNone
	if oracle {
		vs = append(vs, guarantee(s.Claim, s, trails))
	}
	vs = append(vs, unsupported(s, trails)...)
	if oracle {
		vs = append(vs, judgeRepair(s, trails)...)
	}
	for _, l := range m.Limits {
		vs = append(vs, limit(l, s))
	}
	return vs
}

// runVerdicts are those of the run itself, where no repetition gave them already.
func runVerdicts(end *record.End, given []Verdict) []Verdict {
	has := func(rule string) bool {
		for _, v := range given {
			if v.Rule == rule {
				return true
			}
		}
		return false
	}
	switch {
	case end == nil && !has(RuleValidity):
		return []Verdict{{Rule: RuleValidity, State: Unknown, Exit: exitInvalid,
			Text:   "the record is cut off: the tool was killed before the run ended",
			Remedy: "run it again"}}
	case end != nil && end.Interrupted && !has(RuleInterrupted):
		return []Verdict{{Rule: RuleInterrupted, State: Unknown, Exit: exitInterrupted,
			Text: "the run was interrupted", Remedy: "run it again"}}
	}
	return nil
}

// sentence is the verdict that decides the exit code, or what was held if all passed.
func sentence(r *Result) string {
	for _, v := range r.Verdicts {
		if v.Exit == r.Exit && v.Exit != 0 {
			return v.Text
		}
	}
	text := ""
	for _, v := range r.Verdicts {
		if v.Rule == RuleAgreement {
			text += v.Text + "; "
		}
	}
	if c := r.Comparison; c != nil && len(r.Systems) > longestSentence {
		return text + c.sentence(r)
	}
	for i, s := range r.Systems {
		if i > 0 {
			text += "; "
		}
		text += achievement(&s)
	}
	return text
}

// longestSentence is of how many systems one can be told in a sentence.
const longestSentence = 3

// sentence tells of many systems what they can do at most, and that all was right.
func (c *Comparison) sentence(r *Result) string {
	text, how, right := "", "compared", uint64(0)
	for i, s := range c.Systems {
		if i > 0 {
			text += ", "
		}
		text += s.System
		if s.Capacity == nil {
			continue
		}
		text += " " + Format(*s.Capacity, record.PerSecond)
		if how = "at most"; s.Estimated {
			how = "ESTIMATED at most"
		}
	}
	for _, s := range r.Systems {
		if s.Ledger != nil {
			right += s.Ledger.Matched
		}
	}
	return fmt.Sprintf("%s: %s; all %s of %d systems at %s were right", how, text,
		Format(float64(right), record.Results), len(c.Systems), rates(len(c.Systems[0].Rates)))
}

func rates(n int) string {
	if n == 1 {
		return "one rate"
	}
	return fmt.Sprintf("%d rates", n)
}

func achievement(s *System) string {
	text := s.Name + " took " + Format(s.Figures["accepted"].Median, record.PerSecond)
	if s.Search != nil {
		text = s.Name + " " + s.Search.Text()
	}
	if s.Headroom != nil && s.Headroom.DriverLimited {
		text += fmt.Sprintf(" (DRIVER-LIMITED: %.0f%% of what the driver itself can do)",
			100*s.Headroom.Share)
	}
	if p99, ok := s.Figures["latency.p99"]; ok && s.Search == nil {
		text += " with a result latency p99 of " + Format(p99.Median, p99.Unit)
		for _, w := range p99.Warnings {
			if w.Code == codeFloor {
				text += ", which the noise of this host reaches"
			}
		}
	}
	if s.Ledger != nil && !s.Ledger.Unchecked {
		text += ", and all " + Format(float64(s.Ledger.Matched), record.Results) + " were right"
	}
	return text + comeback(s.Recoveries)
}
