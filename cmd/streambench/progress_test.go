package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// life is a short run as its entries tell it: two repetitions, one warning, one that fails.
func life() []record.Entry {
	s := int64(time.Second)
	tick := func(t int64, rep int, n uint64) record.Entry {
		return record.Entry{T: t, Kind: record.KindTick, System: "native", Rep: rep,
			Tick: &record.Tick{
				Phase: record.PhaseSteady, ScheduleNs: t, Offered: n, Accepted: n, Results: n / 30,
				Backlog: 1200, P50Ns: 4_100_000, P99Ns: 31_000_000, P999Ns: 88_000_000,
			}}
	}
	phase := func(t int64, rep int, name string) record.Entry {
		return record.Entry{T: t, Kind: record.KindPhase, System: "native", Rep: rep,
			Phase: &record.Phase{Name: name}}
	}
	probe := func(t int64, p record.Probe) record.Entry {
		return record.Entry{T: t, Kind: record.KindProbe, System: "native", Probe: &p}
	}
	return []record.Entry{
		{Kind: record.KindPlan, Plan: &record.Plan{Scenario: "pay", Order: []record.Repeat{
			{System: "native", Rep: 1}, {System: "native", Rep: 2, Kept: true},
		}, Warnings: []string{"SHARED CORES: 4 cores are given out, the host has 2"}}},
		probe(0, record.Probe{Rate: 250e3, Answer: record.ProbePass}),
		probe(0, record.Probe{Rate: 500e3, Answer: record.ProbeFail, Reason: "backlog",
			Text: "backlog grew by 61 000 events a second"}),
		{Kind: record.KindBracket, System: "native", Bracket: &record.Bracket{Passed: 250e3,
			Failed: 500e3, Reason: "backlog", Repeats: 5, Confirmed: 5}},
		phase(0, 1, record.PhaseDeploy), phase(1*s, 1, record.PhaseSteady),
		tick(1*s, 1, 250_000), tick(6*s, 1, 1_500_000), tick(11*s, 1, 2_750_000),
		tick(12*s, 1, 3_000_000), phase(13*s, 1, record.PhaseCheck),
		{T: 14 * s, Kind: record.KindLedger, System: "native", Rep: 1,
			Ledger: &record.Ledger{Matched: 100_000, Lost: 2}},
		{T: 14 * s, Kind: record.KindMode, System: "native", Rep: 1, Mode: &record.Mode{
			Replay: &record.Replay{FromNs: 5 * s, CaughtNs: 7 * s, Lines: 99_998, LiveLines: 99_998}}},
		{T: 14 * s, Kind: record.KindMode, System: "native", Rep: 1, Mode: &record.Mode{
			Replay: &record.Replay{FromNs: 5 * s, Lines: 5, LiveLines: 99_998}}},
		{T: 14 * s, Kind: record.KindRepair, System: "native", Rep: 1,
			Repair: &record.Repair{Letters: 10, Ledger: &record.Ledger{Matched: 9, Lost: 1}}},
		phase(15*s, 2, record.PhaseDeploy),
		{T: 16 * s, Kind: record.KindWarning, Warning: &record.Warning{Text: "another run is on"}},
		{T: 17 * s, Kind: record.KindError, System: "native", Rep: 2,
			Error: &record.Failure{Phase: record.PhaseDeploy, Text: "deploy native: no memory"}},
	}
}

func show(t *testing.T, columns int) string {
	t.Helper()
	var out bytes.Buffer
	p := &progress{out: &out, columns: columns, each: lineEvery, length: 20 * time.Second,
		start: time.Date(2026, 3, 1, 12, 4, 10, 0, time.UTC)}
	for _, e := range life() {
		if err := p.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	p.done()
	return out.String()
}

func TestProgressWithoutATerminalIsOneLineAPhaseAndOneEachTenSeconds(t *testing.T) {
	got := show(t, 0)
	golden(t, "progress_lines.txt", got)
	if strings.ContainsAny(got, "\r\x1b") {
		t.Error("lines hold cursor codes")
	}
}

func TestProgressOnATerminalRewritesOneLineThatFits(t *testing.T) {
	const columns = 100
	got := show(t, columns)
	golden(t, "progress_terminal.txt", strings.ReplaceAll(got, "\r\x1b[K", "<rewrite>"))
	for line := range strings.SplitSeq(got, "\r\x1b[K") {
		if text, stays := strings.CutSuffix(line, "\n"); !stays && len([]rune(text)) >= columns {
			t.Errorf("a line of %d columns on a terminal of %d: %q", len(line), columns, line)
		}
	}
	if !strings.Contains(got, "ETA 12:04:") {
		t.Error("no line says when the run will be over")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it):\n%s\nwant:\n%s", name, got, want)
	}
}
