package summary

import (
	"fmt"
	"slices"

	"github.com/streambench/streambench/reports/record"
)

// Comparison sets the systems of a run side by side: each with what it can do at most, and with a
// row for every rate it was offered.
type Comparison struct {
	Systems []Compared `json:"systems"`
	// Unlike says in what they differ that a reader must know before ranking them; empty for nothing.
	Unlike string `json:"unlike,omitempty"`
}

// Compared is a system in a comparison.
type Compared struct {
	System string `json:"system"`
	Claim  string `json:"claim"`            // the guarantee it was held to
	Weaker bool   `json:"weaker,omitempty"` // than the one the run asks for
	// Capacity is what it can do at most, and Estimated says that a drain has told and no search. It
	// is absent where neither has. LimitedBy is what kept it from more, by what each role used.
	Capacity  *float64 `json:"capacity,omitempty"`
	Estimated bool     `json:"estimated,omitempty"`
	LimitedBy string   `json:"limitedBy,omitempty"`
	DeployNs  int64    `json:"deployNs,omitempty"`
	Settings  int      `json:"settings"` // read back from it, as the repetitions have them
	Rates     []AtRate `json:"rates"`
}

// AtRate is a system at one rate.
type AtRate struct {
	Name    string `json:"name"` // as in the systems of the result
	Rate    string `json:"rate"` // as the scenario has it
	Verdict string `json:"verdict"`
	// Figures are the medians of those compared, by their metrics. One without a valid repetition has
	// none.
	Figures map[string]float64 `json:"figures"`
}

// comparedFigures are the metrics of a comparison, in the order they are shown.
var comparedFigures = []string{
	"offered", "accepted", "latency.p50", "latency.p99", "latency.p99.9", "cpu.system", "cpu.broker",
	"cpu.driver", "cpu", "memory.system", "memory.broker", "memory", "lost", "duplicated", "wrong",
}

// compare is nil where there is nothing to compare: one system at one rate.
func compare(m *record.Manifest, r *Result) *Comparison {
	if len(r.Systems) < 2 {
		return nil
	}
	c := &Comparison{}
	for i := range r.Systems {
		s := &r.Systems[i]
		at := slices.IndexFunc(c.Systems, func(x Compared) bool { return x.System == s.Base() })
		if at < 0 {
			at = len(c.Systems)
			c.Systems = append(c.Systems, Compared{
				System: s.Base(), Claim: s.Claim, Weaker: s.Claim != m.Conditions.Guarantee,
			})
		}
		c.Systems[at].add(m, s, r)
	}
	c.Unlike = unlikeClaims(c.Systems)
	return c
}

func (c *Compared) add(m *record.Manifest, s *System, r *Result) {
	row := AtRate{Name: s.Name, Rate: s.Rate, Verdict: r.Word(s.Name),
		Figures: map[string]float64{}}
	if row.Rate == "" {
		row.Rate = m.Conditions.Rate
	}
	for _, name := range comparedFigures {
		if f, ok := s.Figures[name]; ok {
			row.Figures[name] = f.Median
		}
	}
	c.Rates = append(c.Rates, row)
	c.DeployNs = max(c.DeployNs, s.DeployNs)
	for _, rep := range s.Repetitions {
		c.Settings = max(c.Settings, len(rep.Config))
	}
	if s.Search == nil || !s.Search.Settled() {
		return
	}
	c.Capacity = &s.Search.Passed
	if d := s.Search.Estimate; d != nil {
		c.Estimated, c.LimitedBy = true, limitedBy(d, m)
	}
}

// busy is the share of its cores from which on a role has none left.
const busy = 0.85

// limitedBy says what a drain was limited by, as far as processors tell.
func limitedBy(d *record.Drain, m *record.Manifest) string {
	given := float64(m.Conditions.Workers) * m.Conditions.WorkerCPUs
	all, host := d.SystemCores+d.BrokerCores+d.ToolCores, float64(m.Host.Cores)
	used := fmt.Sprintf("system %.2f, brokers %.2f, collector %.2f of %g cores", d.SystemCores,
		d.BrokerCores, d.ToolCores, host)
	switch {
	case all == 0:
		return ""
	case d.SystemCores >= busy*given:
		return fmt.Sprintf("its own cores: it used %.2f of the %g it is given", d.SystemCores, given)
	case all >= busy*host:
		return "the cores of the host: " + used
	}
	return "no processor: " + used + "; it waited for something else, or others used the host"
}

// unlikeClaims says that systems which promise different things were measured.
func unlikeClaims(all []Compared) string {
	text := ""
	for _, c := range all {
		if c.Weaker {
			if text != "" {
				text += ", "
			}
			text += c.System + " declares " + c.Claim
		}
	}
	if text == "" {
		return ""
	}
	return text + " where the run asks for more: what the stronger promise costs the others, it " +
		"does not pay"
}

// Word is the worst verdict of a system, in one word.
func (r *Result) Word(system string) string {
	word := "PASS"
	for _, v := range r.Verdicts {
		if v.System != system {
			continue
		}
		switch {
		case v.State == Fail:
			return "FAIL"
		case v.Rule == RuleValidity:
			word = string(Invalid)
		case v.State == Unknown && word == "PASS":
			word = "UNKNOWN"
		}
	}
	return word
}
