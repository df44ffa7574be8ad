package reports

import (
	"fmt"
	"slices"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

// killed is a worker that is killed and comes back.
var killed = recordtest.Options{Steady: 24 * time.Second, Twin: true,
	Faults: []recordtest.Break{recordtest.Kill("worker-2", 14*time.Second)}}

// unwitnessed is a partition that was carried out and that no witness saw.
func unwitnessed(at time.Duration) recordtest.Break {
	return recordtest.Break{Fault: record.Fault{Text: "partition worker-1 | rest", Verb: "partition",
		Nodes: []string{"worker-1"}, Plane: "relay", PlannedNs: int64(at), ActualNs: int64(at) + 2e6,
		HealedNs: int64(at) + 1e9, Witness: &record.Witness{AtNs: int64(at) + 2e6,
			Evidence: []string{"no probe from worker-1 to worker-2 in 240ms"},
			Missing:  "probes from worker-3 to worker-1 still arrive"}}}
}

// refused is a fault the system cannot be broken by.
func refused(at time.Duration) recordtest.Break {
	return recordtest.Break{Fault: record.Fault{Text: "disk worker-1 slow 20ms", Verb: "disk",
		Nodes: []string{"worker-1"}, PlannedNs: int64(at),
		Unsupported: "the system writes nothing to a disk of its own"}}
}

// schedule numbers faults in their order.
func schedule(faults ...recordtest.Break) []recordtest.Break {
	for i := range faults {
		faults[i].Fault.ID = i + 1
	}
	return faults
}

// broken is a run of two systems with a fault of each kind of outcome. native has a kill that is
// whole, one of which it does not say that state was restored, and a fault that cannot be.
// native-slow has a partition that nobody saw, too.
var broken = recordtest.Options{Systems: []string{"native", "native-slow"},
	Steady: 40 * time.Second, Faults: schedule(
		recordtest.Kill("worker-2", 14*time.Second), recordtest.Kill("worker-3", 28*time.Second),
		unwitnessed(40*time.Second), refused(42*time.Second))}

func differ(r *recordtest.Run) {
	r.Change(func(e *record.Entry) bool {
		switch {
		case e.System != "native":
			return true
		case e.Milestone != nil:
			return e.Milestone.Name != record.MilestoneRestored || e.Milestone.AtNs < 20e9
		case e.Schedule != nil:
			e.Schedule = slices.DeleteFunc(slices.Clone(e.Schedule),
				func(p record.Planned) bool { return p.ID == 3 })
		}
		return e.Fault == nil || e.Fault.ID != 3
	})
}

// tooEarly is a fault before the baseline was long enough: it was not injected.
var tooEarly = recordtest.Options{Steady: 3 * time.Second, Faults: schedule(recordtest.Break{
	Fault: record.Fault{Text: "kill worker-2", Verb: "kill", Nodes: []string{"worker-2"},
		PlannedNs: 4e9, Error: "the baseline is 1s long, 10s are needed"}})}

// often is a long run in which a worker is killed again and again.
func often() recordtest.Options {
	var faults []recordtest.Break
	for i := range 5 {
		k := recordtest.Kill(fmt.Sprintf("worker-%d", i%3+1), time.Duration(14+12*i)*time.Second)
		k.Attempt, k.Busy = uint64(i+2), 0.9
		faults = append(faults, k)
	}
	return recordtest.Options{Steady: 72 * time.Second, Faults: schedule(faults...)}
}
