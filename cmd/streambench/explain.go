package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/workloads"
)

func explainCommand(a *app) *cobra.Command {
	explain := map[string]func(string) error{
		"exit": a.explainExit, "metric": a.explainMetric, "workload": a.explainWorkload,
		"fault": a.explainFault, "system": a.explainSystem, "rule": a.explainRule,
		"verdict": a.explainVerdict,
	}
	const remedy = "write exit N, metric NAME, workload NAME, fault NAME, system NAME, rule NAME " +
		"or verdict RUN"
	return &cobra.Command{
		Use: "explain exit N|metric NAME|workload NAME|fault NAME|system NAME|rule NAME|" +
			"verdict RUN",
		Short: "Say what a code, a metric, a workload, a fault, a system, a rule or a verdict means",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage(remedy, "explain takes a kind and a name")
			}
			return nil
		},
		ValidArgsFunction: a.completeExplain,
		RunE: body(func(args []string) error {
			do, ok := explain[args[0]]
			if !ok {
				return usage(remedy, "explain %q: no such kind", args[0])
			}
			return do(args[1])
		}),
	}
}

func (a *app) explainExit(name string) error {
	n, err := strconv.Atoi(name)
	i := slices.IndexFunc(exitCodes, func(e exitCode) bool { return e.Code == n })
	if err != nil || i < 0 {
		return usage("streambench list exits shows all of them", "exit %q: no such code", name)
	}
	e := exitCodes[i]
	if a.json {
		return a.emit(e)
	}
	a.say("exit %d: %s\n  %s\n  Do: %s", e.Code, e.Means, e.Meaning, e.Do)
	if !e.Reachable {
		a.say("  No command of this version ends with it yet.")
	}
	return nil
}

func (a *app) explainMetric(name string) error {
	m, ok := record.FindMetric(name)
	if !ok {
		return usage("streambench list metrics shows all of them", "metric %q: no such metric", name)
	}
	if a.json {
		return a.emit(metricRow(m))
	}
	a.say("%s: %s\n  unit %s, %s is better", m.Name, m.Doc, m.Unit, m.Better)
	if note := m.Note(); note != "" {
		a.wrapped("  ", note)
	}
	if !m.Ready {
		a.say("  This version does not measure it: a limit on it is refused.")
	}
	return nil
}

func (a *app) explainWorkload(name string) error {
	t, ok := workloads.Find(name)
	if !ok {
		return usage("streambench list workloads shows all of them",
			"workload %q: no such workload", name)
	}
	if a.json {
		return a.emit(workloadRow(t))
	}
	a.say("%s: %s\n  rate %s/s unless the scenario names one", t.Name, t.Doc, count(float64(t.Rate)))
	for _, p := range t.Params {
		a.say("  %-9s %s (default %s)", p.Name, p.Doc, p.Default)
		if len(p.Choices) > 0 {
			a.say("            one of %s", strings.Join(p.Choices, " "))
		}
		if len(p.Queries) > 0 {
			a.say("            of query %s", strings.Join(p.Queries, " "))
		}
	}
	return nil
}

func (a *app) explainFault(name string) error {
	for _, v := range chaos.VerbTable {
		if string(v.Verb) != name {
			continue
		}
		if a.json {
			return a.emit(faultRow(v))
		}
		a.wrapped("", name+": "+v.Means)
		a.wrapped("  witness: ", v.Witness)
		a.wrapped("  heals: ", v.Heals)
		a.say("  write: faults: [%s]", v.Example)
		return nil
	}
	return usage("streambench list faults shows all of them", "fault %q: no such fault", name)
}

func (a *app) explainSystem(name string) error {
	for _, s := range systems {
		if s.Name != name {
			continue
		}
		if a.json {
			return a.emit(systemRow(s))
		}
		a.say("%s: %s", s.Name, s.Doc)
		if s.Adapter == nil {
			a.say("  This version knows the name and checks scenarios with it; running it needs %s\n"+
				"  and ends with exit %d.", s.Needs, exitEnvironment)
		}
		return nil
	}
	return usage("streambench list systems shows all of them", "system %q: no such system", name)
}

func (a *app) explainRule(name string) error {
	r, ok := summary.FindRule(name)
	if !ok {
		return usage("streambench list rules shows all of them", "rule %q: no such rule", name)
	}
	if a.json {
		return a.emit(ruleRow(r))
	}
	a.say("%s: a repetition that breaks it is INVALID, exit %d", r.Code, exitInvalid)
	a.wrapped("  ", r.Means)
	return nil
}

// explainVerdict tells every verdict of a run: what was asked, the evidence, what to do.
func (a *app) explainVerdict(ref string) error {
	path, err := a.findRun(ref)
	if err != nil {
		return err
	}
	run, err := loadRun(path)
	if err != nil {
		return err
	}
	r := run.Result
	if a.json {
		return a.emit(map[string]any{"run": r.Run, "exit": r.Exit, "verdicts": r.Verdicts})
	}
	a.say("%s: exit %d\n  %s", r.Run, r.Exit, r.Sentence)
	told := map[string]bool{}
	for _, v := range r.Verdicts {
		a.say("%s %-9s %s", a.verdictWord(v), v.Rule, verdictText(v))
		if meaning := summary.Meaning(v); !told[meaning] {
			told[meaning] = true
			name := v.Rule
			if v.Code != "" {
				name = v.Code
			}
			a.wrapped(below+"the rule: "+name+": ", meaning)
		}
		for i, e := range v.Evidence {
			text := e.What + ": " + e.Measured
			if i == 0 || v.Rule != summary.RuleSearch { // the probes of a search have but one
				text += "; limit: " + e.Limit
			}
			a.wrapped(below+"evidence: ", text)
		}
		if v.Remedy != "" {
			a.wrapped(below+"what to do: ", v.Remedy)
		}
		if v.Exit != 0 {
			a.say(below+"exit %d: streambench explain exit %d", v.Exit, v.Exit)
		}
	}
	for _, s := range r.Systems {
		a.explainRecoveries(s)
	}
	a.explainFigures(r)
	return nil
}

// explainFigures tells what stands beside the verdicts: results that are not as they should be, and
// what weakens the figures.
func (a *app) explainFigures(r summary.Result) {
	for _, s := range r.Systems {
		if s.Ledger != nil {
			for _, o := range s.Ledger.Offenders {
				a.say(below+"%s", offenderText(o))
			}
		}
		told := map[string]bool{}
		for _, name := range slices.Sorted(maps.Keys(s.Figures)) {
			for _, w := range s.Figures[name].Warnings {
				if !told[w.Text] {
					told[w.Text] = true
					a.wrapped(below+"beside "+s.Name+" "+name+": ", w.Text)
				}
			}
		}
	}
}

// below is the indentation of what belongs to a verdict.
const below = "        "

// wrapped writes a text of several lines behind a head; they are indented as the head is, and a
// little more below its words.
func (a *app) wrapped(head, text string) {
	const width = 92
	indent := head[:len(head)-len(strings.TrimLeft(head, " "))]
	if indent != head {
		indent += "  "
	}
	line := head
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			a.say("%s", line)
			line = indent
		default:
			line += " "
		}
		line += word
	}
	a.say("%s", line)
}

func verdictText(v summary.Verdict) string {
	if v.System == "" || strings.HasPrefix(v.Text, v.System) {
		return v.Text
	}
	return v.System + ": " + v.Text
}

func offenderText(o record.Offender) string {
	text := fmt.Sprintf("%s %s", o.Class, o.Identity)
	if o.Got != "" {
		text += " got " + o.Got
	}
	if o.Want != "" {
		text += " want " + o.Want
	}
	if o.Note != "" {
		text += ": " + o.Note
	}
	return text
}

// verdictWord is the word of a verdict in a column of 7.
func (a *app) verdictWord(v summary.Verdict) string {
	word := map[summary.State]string{
		summary.Pass: "PASS", summary.Fail: "FAIL", summary.Unknown: "UNKNOWN",
	}[v.State]
	switch {
	case v.Rule == summary.RuleValidity:
		word = "INVALID"
	case v.Rule == summary.RuleFault && v.State == summary.Unknown:
		word = "n/a"
	}
	return a.paintWord(a.out, word) + strings.Repeat(" ", 7-len(word))
}
