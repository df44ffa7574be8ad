package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
	"github.com/streambench/streambench/workloads"
)

// completeFlag teaches the shell the values of a flag. Arguments are completed by the commands.
func completeFlag(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic("BUG: complete --" + flag + ": " + err.Error())
	}
}

func completeScenarios(
	*cobra.Command, []string, string,
) ([]string, cobra.ShellCompDirective) {
	return shippedNames(), cobra.ShellCompDirectiveDefault // files too
}

func shippedNames() []string {
	var names []string
	for _, e := range scenarios.Shipped() {
		names = append(names, e.Name)
	}
	return names
}

func completeWorkloads(
	*cobra.Command, []string, string,
) ([]string, cobra.ShellCompDirective) {
	return workloadNames(), cobra.ShellCompDirectiveNoFileComp
}

func workloadNames() []string {
	var names []string
	for _, t := range workloads.Catalog {
		names = append(names, t.Name)
	}
	return names
}

func (a *app) completeRuns(
	*cobra.Command, []string, string,
) ([]string, cobra.ShellCompDirective) {
	return a.runNames(), cobra.ShellCompDirectiveNoFileComp
}

// runNames are what a run can be called. Completion has nobody to tell an error to.
func (a *app) runNames() []string {
	names := []string{"@latest"}
	ids, err := runIDs(a.dir)
	if err != nil {
		return names
	}
	return append(names, ids...)
}

func completeSystems(
	_ *cobra.Command, _ []string, typed string,
) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var names []string
	for _, s := range systems {
		names = append(names, before+s.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func completePlanes(
	*cobra.Command, []string, string,
) ([]string, cobra.ShellCompDirective) {
	return planes, cobra.ShellCompDirectiveNoFileComp
}

// completeExplain completes the kind, then the names of that kind.
func (a *app) completeExplain(
	_ *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	var names []string
	switch {
	case len(args) == 0:
		names = []string{"exit", "metric", "workload", "fault", "system", "rule", "verdict"}
	case len(args) > 1:
	case args[0] == "exit":
		for _, e := range exitCodes {
			names = append(names, strconv.Itoa(e.Code))
		}
	case args[0] == "metric":
		for _, m := range record.Metrics() {
			names = append(names, m.Name)
		}
	case args[0] == "workload":
		names = workloadNames()
	case args[0] == "fault":
		for _, f := range chaos.VerbTable {
			names = append(names, string(f.Verb))
		}
	case args[0] == "system":
		names, _ = completeSystems(nil, nil, "")
	case args[0] == "rule":
		for _, r := range summary.Rules() {
			names = append(names, r.Code)
		}
	case args[0] == "verdict":
		names = a.runNames()
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
