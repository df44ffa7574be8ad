package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// tabled are the figures of the table of results.
var tabled = []string{"accepted", "latency.p50", "latency.p99", "latency.p99.9"}

var resultHeader = []string{"SYSTEM", "VERDICT", "ACCEPTED", "P50", "P99", "P99.9", "RIGHT", "LOST",
	"DUPLICATED", "WRONG", "PHANTOM"}

// tellResult writes the result of a run: a line a system, then every verdict that is not a pass
// with its remedy, then the sentence.
func (a *app) tellResult(r summary.Result) {
	a.tellTable(r)
	for _, s := range r.Systems {
		a.tellRecoveries(s)
		a.tellNotes(s)
	}
	remedy := ""
	for _, v := range r.Verdicts {
		if v.Rule == summary.RuleMode && v.State == summary.Pass {
			a.say("mode     %s %s", v.System, strings.TrimPrefix(v.Text, "mode "))
		}
		if v.Rule == summary.RuleAgreement && v.State == summary.Pass {
			a.say("agreed   %s", v.Text)
		}
		if v.Exit == exitOK || follows(r, v) {
			continue
		}
		a.say("%s  %s  exit %d", strings.TrimRight(a.verdictWord(v), " "), verdictText(v), v.Exit)
		if v.Remedy != "" && v.Remedy != remedy {
			a.say("  %s", v.Remedy)
		}
		remedy = v.Remedy
	}
}

func (a *app) tellTable(r summary.Result) {
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if r.Comparison != nil {
		compareTable(table, r)
	} else {
		resultTable(table, r)
	}
	if err := table.Flush(); err != nil {
		a.note("write result: %v", err)
	}
	if r.Comparison != nil && r.Comparison.Unlike != "" {
		a.say("unlike   %s", r.Comparison.Unlike)
	}
}

func resultTable(table io.Writer, r summary.Result) {
	fmt.Fprintln(table, strings.Join(resultHeader, "\t"))
	for _, s := range r.Systems {
		cells := []string{s.Name, r.Word(s.Name)}
		for _, name := range tabled {
			cells = append(cells, figureText(s, name))
		}
		fmt.Fprintln(table, strings.Join(append(cells, ledgerCells(s.Ledger)...), "\t"))
	}
}

// tellNotes writes what weakens the figures of a system in the table, each kind of warning once,
// and the answer of a search.
func (a *app) tellNotes(s summary.System) {
	if s.Search != nil && s.Search.Settled() { // otherwise a verdict tells
		word, of := "search  ", s.Name
		if s.Search.Estimate != nil {
			word, of = "estimate", s.Base()
		}
		a.say("%s %s %s", word, of, s.Search.Text())
	}
	told := map[string]bool{}
	for _, name := range append([]string{"sustainable"}, tabled...) {
		for _, w := range s.Figures[name].Warnings {
			if !told[w.Code] {
				told[w.Code] = true
				a.say("note     %s %s: %s", s.Name, name, w.Text)
			}
		}
	}
	for _, rep := range s.Repetitions {
		for _, w := range rep.Warnings {
			weighty := w.Code == summary.CodeNoLatency || w.Code == summary.CodeBacklogGrows
			if rep.Kept && weighty && !told[w.Code] {
				told[w.Code] = true
				a.say("note     %s run %d: %s", s.Name, rep.Rep, w.Text)
			}
		}
	}
}

// follows reports whether a verdict is unknown only because the measurement was INVALID, or there
// was none because the system failed or no rate was found: the reason is told once, and `explain
// verdict` tells the rest.
func follows(r summary.Result, v summary.Verdict) bool {
	derived := v.Rule == summary.RuleGuarantee || v.Rule == summary.RuleLimit ||
		v.Rule == summary.RuleRecovery
	return derived && v.State == summary.Unknown &&
		slices.ContainsFunc(r.Verdicts, func(cause summary.Verdict) bool {
			if cause.System != v.System {
				return false
			}
			return cause.Rule == summary.RuleFailure || cause.State == summary.Unknown &&
				slices.Contains([]string{summary.RuleValidity, summary.RuleInterrupted,
					summary.RuleSearch}, cause.Rule)
		})
}

// figureText is a figure, or a dash: a figure that failed its validity check is not shown.
func figureText(s summary.System, name string) string {
	f, ok := s.Figures[name]
	if !ok {
		return "-"
	}
	if f.Unit == record.PerSecond {
		return count(f.Median) + "/s"
	}
	text := summary.Format(f.Median, f.Unit)
	return short(strings.TrimSuffix(text, "/event")) // the heading says of what
}

func ledgerCells(l *record.Ledger) []string {
	if l == nil || l.Unchecked {
		return []string{"-", "-", "-", "-", "-"}
	}
	var cells []string
	for _, n := range []uint64{l.Matched, l.Lost, l.Duplicated, l.Wrong, l.Phantom} {
		cells = append(cells, summary.Count(float64(n)))
	}
	return cells
}
