package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

// faulted is a run with a kill, a partition nobody saw, a fault that cannot be and one that the gate
// kept from being injected; it leaves a process behind.
func faulted(t *testing.T) []record.Entry {
	kill := recordtest.Kill("worker-2", 14*time.Second)
	unseen := recordtest.Break{Fault: record.Fault{ID: 2, Text: "partition worker-1 | rest",
		Verb: "partition", Nodes: []string{"worker-1"}, Plane: "relay", PlannedNs: 17e9,
		ActualNs: 17_002e6, HealedNs: 18e9, Witness: &record.Witness{Missing: "probes still arrive"}}}
	refused := recordtest.Break{Fault: record.Fault{ID: 3, Text: "disk full", Verb: "disk",
		Nodes: []string{"worker-1"}, PlannedNs: 18e9, Unsupported: "it has no disk of its own"}}
	late := recordtest.Break{Fault: record.Fault{ID: 4, Text: "kill worker-1", Verb: "kill",
		Nodes: []string{"worker-1"}, PlannedNs: 18_500e6, Error: "the baseline is not calm"}}
	r := recordtest.New(t, recordtest.Options{Steady: 16 * time.Second,
		Faults: []recordtest.Break{kill, unseen, refused, late}})
	var entries []record.Entry
	for _, e := range r.Entries {
		switch {
		case e.Tick != nil:
			continue
		case e.Gate != nil && e.Gate.Fault == 4:
			e.Gate = &record.Gate{Fault: 4, Why: "p99 is out of its band"}
		case e.Residue != nil:
			e.Residue = &record.Residue{Left: []string{"process 4711 of worker-2"}}
		}
		entries = append(entries, e)
	}
	return entries
}

func TestProgressTellsOfFaultsAndInDetailOfMilestones(t *testing.T) {
	for name, each := range map[string]time.Duration{
		"progress_faults.txt": lineEvery, "progress_milestones.txt": 0,
	} {
		var out bytes.Buffer
		p := &progress{out: &out, each: each, start: time.Date(2026, 3, 1, 12, 4, 10, 0, time.UTC)}
		for _, e := range faulted(t) {
			if err := p.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		got := out.String()
		golden(t, name, got)
		if strings.Contains(got, "milestone") != (each == 0) {
			t.Errorf("%s: milestones are told where lines are few, or not where they are many", name)
		}
	}
}

func TestTheResultOfARunHasALineForEachFault(t *testing.T) {
	dir := t.TempDir()
	recordtest.New(t, recordtest.Options{Steady: 24 * time.Second, Faults: []recordtest.Break{
		recordtest.Kill("worker-2", 14*time.Second)}}).Write(t, dir)
	r, err := render(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &app{out: &out, errs: &out}
	a.tellResult(r)
	const want = "fault    native run 1  kill worker-2  recovery 797 ms, outage 300 ms, tax 202 ms, " +
		"area 448k events, lost 0, duplicated 0"
	if !strings.Contains(out.String(), want) {
		t.Errorf("the result does not say %q:\n%s", want, out.String())
	}
}
