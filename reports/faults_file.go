package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// faultLine is a fault in faults.json: what was planned, what happened, and who saw it.
type faultLine struct {
	System string `json:"system"`
	Rep    int    `json:"rep"`
	record.Fault
	Gate *record.Gate `json:"gate,omitempty"` // whether the baseline was calm enough
	// InstantsNs are t0 to t6 since T0; null where there is no evidence of one.
	InstantsNs [7]*int64 `json:"instantsNs"`
}

// faultsFile writes faults.json: every fault of every repetition, as planned and as it happened.
func faultsFile(w io.Writer, run *Run) error {
	lines := []faultLine{}
	for _, b := range breakages(run) {
		for i := range b.faults {
			line := faultLine{System: b.system, Rep: b.rep, Fault: b.faults[i]}
			if g, ok := b.gates[line.ID]; ok {
				line.Gate = &g
			}
			at := instantsOf(run, b, &b.faults[i])
			for k := range at {
				if at[k] > 0 {
					line.InstantsNs[k] = &at[k]
				}
			}
			lines = append(lines, line)
		}
	}
	return writeJSON(w, struct {
		Schema string      `json:"schema"`
		Run    string      `json:"run"`
		Seed   uint64      `json:"seed"`
		Faults []faultLine `json:"faults"`
	}{"streambench/faults/v1", run.Manifest.ID, run.Manifest.Conditions.Seed, lines})
}

// annotation is a span of time as Grafana marks it; times are in ms since 1970.
type annotation struct {
	Time    int64    `json:"time"`
	TimeEnd int64    `json:"timeEnd"`
	Tags    []string `json:"tags"`
	Text    string   `json:"text"`
}

// annotations writes grafana/annotations.json: steady of each repetition, and each fault from the
// moment it took effect until it was healed or, where it was not, until the repetition ended.
func annotations(w io.Writer, run *Run) error {
	all := []annotation{}
	for i := range run.trails {
		t := &run.trails[i]
		from, to, ok := t.Steady()
		if !ok {
			continue
		}
		name := t.System + " " + record.RepetitionName(t.Rep)
		at := func(ns int64) int64 {
			return run.Manifest.Start.Add(time.Duration(t.T0Ns() + ns)).UnixMilli()
		}
		all = append(all, annotation{at(from), at(to),
			[]string{"streambench", record.PhaseSteady, t.System}, name + ": steady"})
		b := breakageOf(run, t.System, t.Rep)
		for k := range b.faults {
			f := &b.faults[k]
			if f.ActualNs == 0 {
				continue
			}
			end := max(f.HealedNs, f.ActualNs)
			if f.HealedNs == 0 {
				end = max(t.Ticks[len(t.Ticks)-1].Tick.ScheduleNs, f.ActualNs)
			}
			tags := slices.Concat([]string{"streambench", f.Verb}, f.Nodes)
			all = append(all, annotation{at(f.ActualNs), at(end), tags,
				name + ": " + FaultSentence(f)})
		}
	}
	return writeJSON(w, all)
}

func writeJSON[T any](w io.Writer, value T) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return fmt.Errorf("encode %T: %w", value, err)
	}
	return nil
}

// trailOf finds what the record says of a repetition; nil where the plan has none such.
func trailOf(run *Run, system string, rep int) *summary.Trail {
	for i := range run.trails {
		if t := &run.trails[i]; t.System == system && t.Rep == rep {
			return t
		}
	}
	return nil
}
