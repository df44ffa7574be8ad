package summary

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
)

// ceilingShare of the null ceiling is the most a claim can reach without the stamp: beyond it
// driver, transport and collector may be what is measured.
const ceilingShare = 0.70

const (
	codeDriverLimited = "driver-limited"
	codeUnconfirmed   = "unconfirmed"
	codeEstimated     = "estimated"
)

// Search is how the sustainable rate of a system was found.
type Search struct {
	record.Bracket
	Probes []record.Probe `json:"probes"` // in the order they were tried
}

// Headroom is what the highest rate of a system takes of the null ceiling: the rate that driver,
// transport and collector reach with a pass-through in place of a system.
type Headroom struct {
	Ceiling float64 `json:"ceiling"` // events/s
	Share   float64 `json:"share"`   // of it
	// DriverLimited is set above 70 %.
	DriverLimited bool `json:"driverLimited,omitempty"`
	// Outdone is set where the system has done clearly more than that: the ceiling was measured on a
	// busier host and says nothing.
	Outdone bool `json:"outdone,omitempty"`
}

// outdone is the share of a null ceiling above which it is none; up to it the two are as good as
// equal.
const outdone = 1.1

// Outdoes reports whether a rate is clearly above a null ceiling, both in events a second: then the
// ceiling was measured on a busier host.
func Outdoes(rate, ceiling float64) bool { return rate > outdone*ceiling }

// searchOf gathers what the record says of a system's search; nil if there was none. A search that
// was cut off has probes and no answer.
func searchOf(entries []record.Entry, system string) *Search {
	s := &Search{Probes: []record.Probe{}}
	found := false
	for _, e := range entries {
		if e.System != system {
			continue
		}
		if e.Probe != nil && !e.Probe.Unprotected {
			s.Probes = append(s.Probes, *e.Probe)
		}
		if e.Bracket != nil {
			s.Bracket, found = *e.Bracket, true
		}
	}
	switch {
	case found:
		return s
	case len(s.Probes) > 0:
		s.Unsettled = "the record ends before the search does"
		return s
	}
	return nil
}

// capacity adds what is known of the highest rate of a system. Of one that is offered several rates
// it stands where it was used.
func (s *System) capacity(entries []record.Entry, trails []Trail) {
	for _, e := range entries { // of probes and drains too: what stands was started for the first
		if e.End != nil && e.System == s.Base() {
			s.DeployNs = max(s.DeployNs, e.End.DeployNs)
		}
	}
	search := searchOf(entries, s.Base())
	if search == nil || s.Rate != "" && !trails[0].Found {
		return
	}
	s.Search = search
	if search.Estimate == nil {
		search.hold(trails, s.Repetitions)
	}
	switch {
	case !search.Settled():
	case search.Estimate != nil:
		s.Figures["capacity"] = search.estimate()
	default:
		s.Figures["sustainable"] = search.figure()
	}
}

// estimate is the capacity, with the stamp that says what it is.
func (s *Search) estimate() Figure {
	return Figure{Median: s.Passed, N: 1, Unit: record.PerSecond,
		Warnings: []record.Warning{{Code: codeEstimated, Text: "ESTIMATED: " + s.drained()}}}
}

// drained tells what an estimate stands on.
func (s *Search) drained() string {
	d := s.Estimate
	text := fmt.Sprintf("a topic that held %s was drained at this rate", Format(float64(d.Events),
		record.Events))
	if d.Started {
		return text + fmt.Sprintf(" within %s, the start-up of the job included: nothing but a search "+
			"tells what is sustained", Format(float64(d.ToNs-d.FromNs), record.Nanoseconds))
	}
	return text + fmt.Sprintf(" over %s, without the start-up: nothing but a search tells what is "+
		"sustained", Format(float64(d.ToNs-d.FromNs), record.Nanoseconds))
}

// hold counts the repetitions of the plan that were offered the rate found: each is one more try of
// it, over the whole of steady. A rate that passed probes and no repetition is no answer.
func (s *Search) hold(trails []Trail, reps []Repetition) {
	tries, held, why := 0, 0, ""
	for i, r := range reps {
		if !r.counts() || s.Offered != s.Passed || s.Passed == 0 {
			continue
		}
		tries++
		if _, text := unsustained(&trails[i], r.Figures, s.Limits); text != "" {
			why = text
		} else {
			held++
		}
	}
	s.Repeats += tries
	s.Confirmed += held
	if tries > 0 && held == 0 {
		s.Unsettled = fmt.Sprintf("%s passed as a probe, but did not hold over the whole of steady "+
			"in any of %s: %s", Format(s.Passed, record.PerSecond), repetitions(tries), why)
	}
}

func repetitions(n int) string {
	if n == 1 {
		return "1 repetition"
	}
	return fmt.Sprintf("%d repetitions", n)
}

// Settled reports whether a rate was found.
func (s *Search) Settled() bool { return s.Unsettled == "" && s.Passed > 0 }

// confirmed reports whether the bracket's lower bound passed every time it was tried again.
func (s *Search) confirmed() bool { return s.Repeats > 0 && s.Confirmed == s.Repeats }

// figure is the sustainable rate: the highest that passed.
func (s *Search) figure() Figure {
	f := Figure{Median: s.Passed, N: 1 + s.Repeats, Unit: record.PerSecond}
	if !s.confirmed() {
		f.Warnings = append(f.Warnings, record.Warning{Code: codeUnconfirmed, Text: fmt.Sprintf(
			"the rate passed %d of %d times when it was tried again", s.Confirmed, s.Repeats)})
	}
	return f
}

// Text is the answer in words, with the bracket's other bound and why it failed.
func (s *Search) Text() string {
	if !s.Settled() {
		why := s.Unsettled
		if why == "" {
			why = "no rate passed; the lowest tried, " + Format(s.Failed, record.PerSecond) +
				", failed: " + s.reason()
		}
		if s.Drains() {
			return "no capacity was estimated: " + why
		}
		return "no sustainable rate was found: " + why
	}
	if s.Estimate != nil {
		return s.estimated()
	}
	text := "sustains " + Format(s.Passed, record.PerSecond)
	if s.Failed > 0 {
		text += "; " + Format(s.Failed, record.PerSecond) + " failed: " + s.reason()
	} else {
		text += ", the highest rate tried"
	}
	if s.Repeats > 0 {
		text += fmt.Sprintf("; confirmed %d of %d times", s.Confirmed, s.Repeats)
	}
	if s.From != "" {
		text += "; found by run " + s.From
	}
	if s.Offered != s.Passed && s.Offered > 0 {
		text += fmt.Sprintf("; offered %s, %.0f%% of it", Format(s.Offered, record.PerSecond),
			100*s.Offered/s.Passed)
	}
	return text
}

// warming is how much faster than the one before a drain is of a system that has not settled.
const warming = 1.1

// estimated is the answer in words where it is an estimate.
func (s *Search) estimated() string {
	d := s.Estimate
	text := fmt.Sprintf("drains %s, ESTIMATED from a topic of %s in %s", Format(s.Passed,
		record.PerSecond), Format(float64(d.Events), record.Events),
		Format(float64(d.ToNs-d.FromNs), record.Nanoseconds))
	if n := len(s.Probes); n > 1 && s.Probes[n-1].Rate > warming*s.Probes[n-2].Rate {
		text += ", still warming up: the drain before had " +
			Format(s.Probes[n-2].Rate, record.PerSecond)
	}
	if s.From != "" {
		text += "; estimated by run " + s.From
	}
	if s.Offered == 0 {
		return text
	}
	text += "; offered " + Format(s.Offered, record.PerSecond)
	share := fmt.Sprintf(", %.0f%% of it", 100*s.Offered/d.Most())
	if d.Most() < d.EventsPerS {
		share = fmt.Sprintf(", %.0f%% of the %s that this host allows with the driver at work",
			100*s.Offered/d.Most(), Format(d.Most(), record.PerSecond))
	}
	return text + share
}

func (s *Search) reason() string {
	if s.Bracket.Text != "" {
		return s.Bracket.Text
	}
	return s.Reason
}

// searchVerdict says whether the question for the highest rate has an answer.
func searchVerdict(system *System) []Verdict {
	s := system.Search
	if s == nil {
		return nil
	}
	v := Verdict{System: system.Name, Rule: RuleSearch, Metric: "sustainable", State: Pass,
		Text: s.Text()}
	limit := "backlog does not grow, the latency limit holds, every result is right"
	if s.Drains() {
		v.Metric, limit = "capacity", "every result is right"
	}
	for _, p := range s.Probes {
		v.Evidence = append(v.Evidence, Evidence{Format(p.Rate, record.PerSecond), probeText(p),
			limit})
	}
	if !s.Settled() {
		v.State, v.Exit = Unknown, exitInvalid
		v.Remedy = "look at the probes in the report; a host without other work and a longer " +
			"load.steady make their verdicts firmer"
	}
	return []Verdict{v}
}

// Drains reports whether topics were drained in place of a search.
func (s *Search) Drains() bool {
	return s.Estimate != nil || len(s.Probes) > 0 && s.Probes[0].Drain != nil
}

func probeText(p record.Probe) string {
	switch {
	case p.Text != "":
		return p.Answer + ": " + p.Text
	case p.Reason != "":
		return p.Answer + ": " + p.Reason
	}
	return p.Answer
}

// headroom holds a system's claim against the null ceiling and stamps the figures of one that comes
// too close; nil where no ceiling was measured or nothing is claimed.
func headroom(ceiling float64, figures map[string]Figure) *Headroom {
	claim, claimed := figures["sustainable"]
	if !claimed {
		claim, claimed = figures["accepted"]
	}
	if ceiling <= 0 || !claimed {
		return nil
	}
	h := &Headroom{Ceiling: ceiling, Share: claim.Median / ceiling}
	if h.Outdone = Outdoes(claim.Median, ceiling); h.Outdone || h.Share <= ceilingShare {
		return h
	}
	h.DriverLimited = true
	for _, name := range []string{"sustainable", "accepted"} {
		if f, ok := figures[name]; ok && f.Median > ceilingShare*ceiling {
			f.Warnings = append(f.Warnings, record.Warning{Code: codeDriverLimited,
				Text: fmt.Sprintf("DRIVER-LIMITED: this is %.0f%% of the %s that driver, transport "+
					"and collector reach without a system; above 70%% they may be what is measured",
					100*f.Median/ceiling, Format(ceiling, record.PerSecond))})
			figures[name] = f
		}
	}
	return h
}
