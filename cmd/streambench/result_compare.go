package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/summary"
)

// compared are the figures of the table in which systems stand side by side.
var compared = []string{
	"accepted", "latency.p50", "latency.p99", "latency.p99.9", "cpu.system", "cpu.broker",
	"memory.system",
}

var compareHeader = []string{"SYSTEM", "CLAIM", "AT MOST", "VERDICT", "ACCEPTED", "P50", "P99",
	"P99.9", "CPU/EVENT", "BROKER", "MEMORY", "RIGHT", "LOST", "DUPLICATED", "WRONG", "PHANTOM"}

// compareTable writes a line for each system at each rate. What no system has is left out: what
// they can do at most where that was not asked, and memory of their own where they have none.
func compareTable(table io.Writer, r summary.Result) {
	rows := [][]string{slices.Clone(compareHeader)}
	for _, c := range r.Comparison.Systems {
		for _, at := range c.Rates {
			s := r.Systems[slices.IndexFunc(r.Systems, func(s summary.System) bool {
				return s.Name == at.Name
			})]
			cells := []string{at.Name, c.Claim, mostText(c), at.Verdict}
			for _, name := range compared {
				cells = append(cells, figureText(s, name))
			}
			rows = append(rows, append(cells, ledgerCells(s.Ledger)...))
		}
	}
	for i := len(rows[0]) - 1; i >= 0; i-- {
		empty := !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[i] != "-" })
		for j := range rows {
			if empty {
				rows[j] = slices.Delete(rows[j], i, i+1)
			}
		}
	}
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
}

// mostText is what a system can do at most; a ~ is an estimate.
func mostText(c summary.Compared) string {
	switch {
	case c.Capacity == nil:
		return "-"
	case c.Estimated:
		return "~" + count(*c.Capacity) + "/s ESTIMATED"
	}
	return count(*c.Capacity) + "/s"
}
