package recordtest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Defect is a way to spoil a measurement, and the code of the validity rule that must see it.
type Defect struct {
	Rule  string
	Why   string
	Plant func(t testing.TB, r *Run)
	// Faults are those of the run it is planted in.
	Faults []Break
}

// Defects holds at least one defect for every validity rule: each turns a sound record into one
// whose only repetition is INVALID for that reason alone.
var Defects []Defect = slices.Concat(defects, brokenDefects)

// defects are those of any run, brokenDefects those of one with a fault.
var defects = []Defect{
	{"interrupted", "Ctrl-C in steady", func(_ testing.TB, r *Run) {
		ends(r, func(e *record.End) { e.Interrupted = true })
		r.Entries[len(r.Entries)-1].End.Interrupted = true
	}, nil},
	{"cut-off", "the tool was killed in steady", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool { return e.End == nil })
	}, nil},
	{"no-steady-state", "warm-up never became steady", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Phase != nil && e.Phase.Name == record.PhaseWarmup {
				e.Kind, e.Phase = record.KindWarning, nil
				e.Warning = &record.Warning{Code: record.CodeNoSteady, Text: "p99 still fell after 60s"}
			}
			return true
		})
	}, nil},
	{"behind-schedule", "the driver offered 87 % of the schedule", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Tick != nil {
				e.Tick.Accepted = e.Tick.Offered * 87 / 100
			}
			return true
		})
		ends(r, func(e *record.End) { e.AcceptedAtSteadyEnd = e.DueAtSteadyEnd * 87 / 100 })
	}, nil},
	{"driver-lag", "the driver paused for 2 ms now and then", func(t testing.TB, r *Run) {
		r.Latencies(t, map[string]time.Duration{record.StageResult: 4 * time.Millisecond,
			record.StageDriver: 2 * time.Millisecond, record.StageCanary: time.Millisecond})
	}, nil},
	{"driver-share", "the driver had no processor to spare", func(_ testing.TB, r *Run) {
		r.Manifest.Conditions.Transport = "kafka"
		r.Change(func(e *record.Entry) bool {
			if e.Tick != nil {
				e.Tick.CPU.DriverNs = e.Tick.ScheduleNs * 9 / 10
			}
			return true
		})
	}, nil},
	{"oracle-inconclusive", "results were still to come", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Ledger != nil {
				e.Ledger.Conclusive, e.Ledger.Why = false, "no new result for 2m0s while draining"
			}
			return true
		})
	}, nil},
	{"sends-unknown", "a send was never answered", func(_ testing.TB, r *Run) {
		ends(r, func(e *record.End) { e.SendsUnknown = 512 })
	}, nil},
	{"samples-refused", "a latency was below zero", func(_ testing.TB, r *Run) {
		ends(r, func(e *record.End) { e.DroppedSamples, e.NegativeSamples = 1, 2 })
	}, nil},
	{"spans-dropped", "spans found no room", func(_ testing.TB, r *Run) {
		ends(r, func(e *record.End) { e.SpansDropped = 17 })
	}, nil},
	{"config-differs", "the system runs under another guarantee", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Config != nil {
				e.Config["guarantee"] = "at-least-once"
			}
			return true
		})
	}, nil},
}

func ends(r *Run, edit func(e *record.End)) {
	r.Change(func(e *record.Entry) bool {
		if e.End != nil && e.Rep > 0 {
			edit(e.End)
		}
		return true
	})
}

// Latencies puts a log in place of the run's own: 100 000 samples of one latency under each stage
// given, of the first repetition of the system native.
func (r *Run) Latencies(t testing.TB, samples map[string]time.Duration) {
	t.Helper()
	var b bytes.Buffer
	h, err := record.NewHistograms(&b, r.Manifest.Start)
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{record.StageResult, record.StageDriver, record.StageCanary,
		record.StageIngest, record.StageContributor, record.StageRefinement} {
		s, err := h.Open(record.Tag{System: "native", Rep: 1, Stage: stage})
		if err != nil {
			t.Fatal(err)
		}
		if v := samples[stage]; v > 0 {
			s.RecordN(firstNs+warmupNs+1, int64(v), 100_000)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	r.hlog = b
}
