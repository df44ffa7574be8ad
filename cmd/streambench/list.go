package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
	"github.com/streambench/streambench/workloads"
)

// kind is something `list` shows. Everything but the runs comes from code, so that it cannot rot.
type kind struct {
	name, title, doc string
	header           []string
	items            func(*app) ([]item, error)
	// page writes what the reference page has below its table; nil if nothing.
	page func(io.Writer)
}

// item is a row of a list: its cells and its value for --json.
type item struct {
	cells []string
	value any
}

// kinds is the table of lists.
var kinds = []kind{
	{"runs", "Runs", "What was run on this host, newest first.",
		[]string{"ID", "SCENARIO", "WORKLOAD", "START (UTC)"}, runItems, nil},
	{"scenarios", "Scenarios", "The scenarios that come with streambench: `run NAME` runs one.",
		[]string{"NAME", "WHAT IT SHOWS"}, scenarioItems, nil},
	{"workloads", "Workloads",
		"A workload is a stream, the question asked of it and the right answer.",
		[]string{"NAME", "RATE", "WHAT IT IS"}, workloadItems, workloadPage},
	{"faults", "Faults", "How a scenario can break a system. A system that cannot be broken " +
		"in a way says so, and its report prints n/a.",
		[]string{"NAME", "WHAT IT DOES"}, faultItems, faultPage},
	{"systems", "Systems", "What a scenario can name as a system under test.",
		[]string{"NAME", "RUNS", "WHAT IT IS"}, systemItems, systemPage},
	{"metrics", "Metrics", "The figures that limits name and that results hold.",
		[]string{"NAME", "UNIT", "BETTER", "MEASURED", "WHAT IT IS"}, metricItems, nil},
	{"rules", "Validity rules", "What makes a repetition INVALID: its figures are not printed. " +
		"`explain verdict RUN` tells what a run broke, with the evidence.",
		[]string{"RULE", "WHAT IT HOLDS, AND WHY"}, ruleItems, nil},
	{"files", "Files of a run", "What is in the folder of a run. The first four are the record; " +
		"`report RUN` makes all others from them.",
		[]string{"FILE", "WHAT IT HOLDS"}, fileItems, nil},
	{"exits", "Exit codes", "Exit codes are an interface: they never change their meaning. " +
		"Where several apply the first of 1, 130, 5, 6, 12, 13, 10, 11, 20, 21, 22, 23 wins.",
		[]string{"EXIT", "MEANS", "WHAT TO DO"}, exitItems, nil},
}

func kindNames() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

func listCommand(a *app) *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "list [KIND]",
		Short: "List runs, or " + strings.Join(kindNames()[1:], ", "),
		Long: "Lists runs, or what the code knows: " + strings.Join(kindNames()[1:], ", ") + ".\n" +
			"With --md a list is the reference page of docs/; without KIND all pages are written.",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: kindNames(),
		RunE: body(func(args []string) error {
			if markdown && len(args) == 0 {
				return a.writePages("docs")
			}
			name := "runs"
			if len(args) == 1 {
				name = args[0]
			}
			i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
			if i < 0 {
				return usage("write one of "+strings.Join(kindNames(), ", "),
					"list %q: no such kind", name)
			}
			if markdown {
				return a.writePage(a.out, kinds[i])
			}
			return a.list(kinds[i])
		}),
	}
	cmd.Flags().BoolVar(&markdown, "md", false, "write Markdown")
	return cmd
}

func (a *app) list(k kind) error {
	items, err := k.items(a)
	if err != nil {
		return err
	}
	if a.json {
		values := make([]any, len(items))
		for i, it := range items {
			values[i] = it.value
		}
		return a.emit(values)
	}
	if len(items) == 0 {
		a.note("no %s yet in %s: streambench demo makes one", k.name, a.dir)
		return nil
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(k.header, "\t"))
	for _, it := range items {
		fmt.Fprintln(table, strings.Join(it.cells, "\t"))
	}
	return table.Flush()
}

func runItems(a *app) ([]item, error) {
	infos, err := a.runInfos()
	var items []item
	for _, r := range infos {
		items = append(items, item{
			[]string{r.ID, r.Scenario, r.Workload, r.Start.UTC().Format(time.DateTime)}, r})
	}
	return items, err
}

func scenarioItems(*app) ([]item, error) {
	var items []item
	for _, s := range scenarios.Shipped() {
		items = append(items, item{[]string{s.Name, s.Doc}, map[string]string{
			"name": s.Name, "doc": s.Doc,
		}})
	}
	return items, nil
}

func workloadItems(*app) ([]item, error) {
	var items []item
	for _, t := range workloads.Catalog {
		cells := []string{t.Name, count(float64(t.Rate)) + "/s", t.Doc}
		items = append(items, item{cells, workloadRow(t)})
	}
	return items, nil
}

// workloadRow is a workload as JSON shows it.
func workloadRow(t workloads.Template) any {
	type param struct {
		Name    string   `json:"name"`
		Default string   `json:"default"`
		Choices []string `json:"choices,omitempty"`
		Queries []string `json:"queries,omitempty"`
		Doc     string   `json:"doc"`
	}
	params := make([]param, len(t.Params))
	for i, p := range t.Params {
		params[i] = param{p.Name, p.Default, p.Choices, p.Queries, p.Doc}
	}
	return struct {
		Name   string  `json:"name"`
		Doc    string  `json:"doc"`
		Rate   uint64  `json:"rate"`
		Params []param `json:"params"`
	}{t.Name, t.Doc, t.Rate, params}
}

// faultRow is a verb of faults as JSON shows it.
func faultRow(v chaos.VerbDoc) any {
	return struct {
		Name    string `json:"name"`
		Doc     string `json:"doc"`
		Witness string `json:"witness"`
		Heals   string `json:"heals"`
		Example string `json:"example"`
	}{string(v.Verb), v.Means, v.Witness, v.Heals, v.Example}
}

func faultItems(*app) ([]item, error) {
	var items []item
	for _, v := range chaos.VerbTable {
		items = append(items, item{[]string{string(v.Verb), v.Means}, faultRow(v)})
	}
	return items, nil
}

func systemItems(*app) ([]item, error) {
	var items []item
	for _, s := range systems {
		items = append(items, item{[]string{s.Name, yesNo(s.Adapter != nil), s.Doc}, systemRow(s)})
	}
	return items, nil
}

func systemRow(s systemEntry) any {
	return struct {
		Name  string `json:"name"`
		Doc   string `json:"doc"`
		Runs  bool   `json:"runs"`
		Needs string `json:"needs,omitempty"`
	}{s.Name, s.Doc, s.Adapter != nil, s.Needs}
}

func metricItems(*app) ([]item, error) {
	var items []item
	for _, m := range record.Metrics() {
		items = append(items, item{[]string{
			m.Name, string(m.Unit), string(m.Better), yesNo(m.Ready), m.Doc,
		}, metricRow(m)})
	}
	return items, nil
}

func metricRow(m record.Metric) any {
	return struct {
		Name     string `json:"name"`
		Unit     string `json:"unit"`
		Better   string `json:"better"`
		Measured bool   `json:"measured"`
		Doc      string `json:"doc"`
	}{m.Name, string(m.Unit), string(m.Better), m.Ready, m.Doc}
}

func ruleItems(*app) ([]item, error) {
	var items []item
	for _, r := range summary.Rules() {
		items = append(items, item{[]string{r.Code, r.Means}, ruleRow(r)})
	}
	return items, nil
}

func ruleRow(r summary.Rule) any {
	return struct {
		Code  string `json:"code"`
		Means string `json:"means"`
	}{r.Code, r.Means}
}

func fileItems(*app) ([]item, error) {
	var items []item
	for _, f := range reports.Files() {
		items = append(items, item{[]string{f.Name, f.Doc}, f})
	}
	return items, nil
}

func exitItems(*app) ([]item, error) {
	var items []item
	for _, e := range exitCodes {
		items = append(items, item{[]string{fmt.Sprint(e.Code), e.Means, e.Do}, e})
	}
	return items, nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "not yet"
}
