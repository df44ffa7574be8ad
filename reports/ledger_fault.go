package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// classRule is what each guarantee says of a class of the ledger where something was broken. In a
// run without a fault, and outside of what a fault explains, every class must be 0.
type classRule struct {
	class string
	of    func(l *record.Ledger) uint64
	due   func(s *record.Spread) record.Extent // when what offends was due
	rules map[string]string                    // by guarantee
}

const fails = "none is allowed"

var classRules = []classRule{
	{"lost", func(l *record.Ledger) uint64 { return l.Lost },
		func(s *record.Spread) record.Extent { return s.Lost },
		map[string]string{"at-most-once": "allowed where the fault explains it",
			"at-least-once": fails, "exactly-once": fails}},
	{"duplicated", func(l *record.Ledger) uint64 { return l.Duplicated },
		func(s *record.Spread) record.Extent { return s.Duplicated },
		map[string]string{"at-most-once": fails, "at-least-once": "allowed from the last commit " +
			"before the fault to the first result after it", "exactly-once": fails}},
	{"wrong: lack events", func(l *record.Ledger) uint64 { return l.Wrong },
		func(s *record.Spread) record.Extent { return s.Missing },
		map[string]string{"at-most-once": "allowed if the events were lost to the fault",
			"at-least-once": fails, "exactly-once": fails}},
	{"wrong: hold events twice", func(l *record.Ledger) uint64 { return l.Wrong },
		func(s *record.Spread) record.Extent { return s.Twice },
		map[string]string{"at-most-once": fails,
			"at-least-once": "allowed if the events were replayed", "exactly-once": fails}},
	{"phantom", func(l *record.Ledger) uint64 { return l.Phantom }, nil, map[string]string{
		"at-most-once": fails, "at-least-once": fails, "exactly-once": fails}},
	{"corrupt", func(l *record.Ledger) uint64 { return l.Corrupt }, nil, map[string]string{
		"at-most-once": fails, "at-least-once": fails, "exactly-once": fails}},
}

// ledgerUnderFault is a table: a line a class, then for each system with faults what it had, and
// what the guarantee it claims says of that.
func ledgerUnderFault(run *Run, broken map[string]bool) (head []string, table [][]string) {
	var claims []string
	head = []string{"class"}
	table = make([][]string, len(classRules))
	for i, c := range classRules {
		table[i] = []string{c.class}
	}
	for _, s := range run.Result.Systems {
		if !broken[s.Name] {
			continue
		}
		head = append(head, s.Name)
		for i, c := range classRules {
			table[i] = append(table[i], classCell(&c, s.Ledger))
		}
		if !slices.Contains(claims, s.Claim) {
			claims = append(claims, s.Claim)
		}
	}
	for _, claim := range claims {
		head = append(head, "under "+claim)
		for i, c := range classRules {
			table[i] = append(table[i], c.rules[claim])
		}
	}
	return head, table
}

// classCell is how much there was of a class and when it was due.
func classCell(c *classRule, l *record.Ledger) string {
	if l == nil {
		return "not known"
	}
	n := c.of(l)
	if c.due == nil || l.Spread == nil {
		return summary.Count(float64(n))
	}
	x := c.due(l.Spread)
	if x.N == 0 {
		return "0"
	}
	text := summary.Count(float64(x.N))
	if from, to, ok := x.Span(); ok {
		text += fmt.Sprintf(", due %.3f s to %.3f s", float64(from)/1e9, float64(to)/1e9)
	}
	return text
}

// guaranteeOf is the verdict on the guarantee of a system, in words.
func guaranteeOf(run *Run, system string) string {
	for _, v := range run.Result.Verdicts {
		if v.System == system && v.Rule == summary.RuleGuarantee {
			return looks[v.State].word + ": " + v.Text
		}
	}
	return ""
}

// twinFigures are those a repetition with faults is held against its twin by, in their order.
var twinFigures = []string{"accepted", "emitted", "latency.p50", "latency.p99", "latency.p99.9",
	"backlog", "cpu"}

// twinTables set each repetition with faults beside the same stream without.
func twinTables(run *Run) []twinSection {
	var all []twinSection
	for _, s := range run.Result.Systems {
		for _, t := range s.Twins {
			section := twinSection{Title: fmt.Sprintf("%s, run %d", s.Name, t.Against),
				Words: t.Why}
			for _, name := range twinFigures {
				v, ok := t.Figures[name]
				if !ok {
					continue
				}
				m, _ := record.FindMetric(name)
				cells := []string{name, summary.Format(v[0], m.Unit), summary.Format(v[1], m.Unit),
					difference(v[0], v[1])}
				if name == "emitted" {
					for i := range cells {
						cells[i] = strings.ReplaceAll(cells[i], "events/s", "results/s")
					}
				}
				section.Rows = append(section.Rows, cells)
			}
			section.Same = "the same: count and digest are equal"
			if !t.SameResults {
				section.Same = "DIFFERENT"
			}
			if t.Why != "" {
				section.Same = "not compared"
			}
			all = append(all, section)
		}
	}
	return all
}

// difference of two figures: in percent, as a factor where it is large.
func difference(without, with float64) string {
	switch ratio := with / without; {
	case without == 0:
		return "–"
	case ratio >= 2:
		return fmt.Sprintf("× %.3g", ratio)
	case math.Abs(ratio-1) < 0.0005:
		return "none"
	default:
		return fmt.Sprintf("%+.1f%%", 100*(ratio-1))
	}
}
