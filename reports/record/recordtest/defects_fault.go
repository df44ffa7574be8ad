package recordtest

import (
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// killed is a worker that is killed 10.5 s after steady began.
var killed = []Break{Kill("worker-2", 13500*time.Millisecond)}

var brokenDefects = []Defect{
	{"fault-witness", "the injector did nothing", func(_ testing.TB, r *Run) {
		r.faults(func(f *record.Fault) {
			f.ActualNs = 0
			f.Witness = &record.Witness{Missing: "pid 4711 still works"}
		})
	}, killed},
	{"fault-witness", "the injector failed", func(_ testing.TB, r *Run) {
		r.faults(func(f *record.Fault) {
			f.ActualNs, f.Witness, f.Error = 0, nil, "kill worker-2: no such process"
		})
	}, killed},
	{"fault-skipped", "nothing says what became of a fault", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool { return e.Fault == nil && e.Gate == nil })
	}, killed},
	{"fault-missed", "the fault came 300 ms late", func(_ testing.TB, r *Run) {
		r.faults(func(f *record.Fault) { f.PlannedNs = f.ActualNs - 300e6 })
	}, killed},
	{"gate-closed", "the baseline was unsteady", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Gate != nil {
				e.Gate.Open, e.Gate.Why = false, "backlog grew by 12k events/s"
			}
			return e.Fault == nil
		})
	}, killed},
	{"baseline-missing", "the fault came 4 s after steady began", func(testing.TB, *Run) {},
		[]Break{Kill("worker-2", 7*time.Second)}},
	{"unrelayed-edge", "two workers talked past the relay", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Residue != nil {
				e.Kind, e.Residue = record.KindWarning, nil
				e.Warning = &record.Warning{Code: record.CodeUnrelayed,
					Text: "worker-1 and worker-3 at 127.0.0.1:40112"}
			}
			return true
		})
	}, killed},
	{"lease-lost", "the tool stood still and was taken for dead", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Residue != nil {
				e.Kind, e.Residue = record.KindWarning, nil
				e.Warning = &record.Warning{Code: record.CodeLeaseLost, Text: "taken for dead"}
			}
			return true
		})
	}, killed},
	{"residue", "a process was left stopped", func(_ testing.TB, r *Run) {
		r.Change(func(e *record.Entry) bool {
			if e.Residue != nil {
				e.Residue.Left = []string{"process 4711 is stopped"}
			}
			return true
		})
	}, killed},
}

// faults changes every fault of the run, in all its entries.
func (r *Run) faults(edit func(*record.Fault)) {
	r.Change(func(e *record.Entry) bool {
		if e.Fault != nil {
			changed := *e.Fault
			edit(&changed)
			e.Fault = &changed
		}
		return true
	})
}
