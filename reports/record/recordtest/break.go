package recordtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Break is a fault of a simulated run and how long each phase of its recovery lasts. While it lasts
// nothing is answered; then the system answers at 1/Busy of the offered rate until it has caught
// up. A system whose name is longer than native takes longer, as it does for all else.
type Break struct {
	Fault record.Fault // ActualNs and the witness make it take effect
	// Detect to First are the phases from t0 to t4.
	Detect, Reassign, Restore, First time.Duration
	Busy                             float64 // share of the capacity that is offered, 0.6 by default
	Attempt                          uint64  // the one that begins
}

// slots are the key ranges of a simulated run.
const slots = 6

// everyNs is the time between two checkpoints.
const everyNs = 1e9

// Kill is a worker that is killed at a time since T0, restarted and witnessed.
func Kill(node string, at time.Duration) Break {
	return Break{
		Fault: record.Fault{ID: 1, Text: "kill " + node, Verb: "kill", Nodes: []string{node},
			Slots: []int{2, 3}, Plane: "process", PlannedNs: int64(at), ActualNs: int64(at) + 3e6,
			HealedNs: int64(at) + 2_004e6, Witness: &record.Witness{Holds: true, AtNs: int64(at) + 3e6,
				Evidence: []string{"pid 4711 is gone", "worker-1 saw the connection end after 1.9ms"}}},
		Detect: 4 * time.Millisecond, Reassign: 22 * time.Millisecond,
		Restore: 180 * time.Millisecond, First: 94 * time.Millisecond, Attempt: 2,
	}
}

func (b *Break) took() bool {
	return b.Fault.ActualNs > 0 && b.Fault.Witness != nil && b.Fault.Witness.Holds
}

// scaled gives a slower system more time for each phase.
func (b Break) scaled(system string) Break {
	factor := 1 + time.Duration(len(system)-len("native"))/2
	for _, d := range []*time.Duration{&b.Detect, &b.Reassign, &b.Restore, &b.First} {
		*d *= factor
	}
	if b.Busy == 0 {
		b.Busy = 0.6
	}
	return b
}

// at are the instants t0 to t4.
func (b *Break) at() [5]int64 {
	t := [5]int64{b.Fault.ActualNs}
	for i, d := range []time.Duration{b.Detect, b.Reassign, b.Restore, b.First} {
		t[i+1] = t[i] + int64(d)
	}
	return t
}

// knot is a point of how many events were answered by when; between two it is a line.
type knot struct{ at, answered float64 }

// answers are the knots of a repetition, empty where it answers window by window.
type answers []knot

// answersOf is how a repetition answers, where something is to break.
func (s *simulation) answersOf(rep record.Repeat) answers {
	if len(s.faults) == 0 {
		return nil
	}
	perNs := float64(rate) / 1e9
	a := answers{{0, 0}}
	for _, b := range s.faults {
		if b = b.scaled(rep.System); !b.took() || rep.Twin {
			continue
		}
		t := b.at()
		t0, t4 := float64(t[0]), float64(t[4])
		caught := t4 + (t4-t0)*b.Busy/(1-b.Busy)
		a = append(a, knot{t0, t0 * perNs}, knot{t4, t0 * perNs}, knot{caught, caught * perNs})
	}
	return append(a, knot{1e15, 1e15 * perNs})
}

// by is how many events were answered by a time since T0.
func (a answers) by(ns int64) uint64 {
	for i := 1; i < len(a); i++ {
		if from, to := a[i-1], a[i]; float64(ns) <= to.at {
			share := (float64(ns) - from.at) / (to.at - from.at)
			return uint64(from.answered + share*(to.answered-from.answered))
		}
	}
	panic("BUG: a time without end")
}

// of is when an event that is due at a time since T0 is answered.
func (a answers) of(due int64) int64 {
	want := float64(due) * rate / 1e9
	for i := 1; i < len(a); i++ {
		if from, to := a[i-1], a[i]; want < to.answered {
			return int64(from.at + (want-from.answered)/(to.answered-from.answered)*(to.at-from.at))
		}
	}
	panic("BUG: an event without an answer")
}

// flowing records the latency of the results of a millisecond.
func (s *simulation) flowing(t0, at int64, into [2]*record.Series) {
	stage := into[1]
	if at < warmupNs {
		stage = into[0]
	}
	v := s.answers.of(at) - at + 400e3 + s.around(900e3, 0.28)
	stage.RecordN(t0+at+v, v, 100)
}

// fill sets the counters of a tick.
func (a answers) fill(k *record.Tick) {
	answered := func(at int64) uint64 { return min(a.by(max(at-1300e3, 0)), due(at)) }
	k.Processed = answered(k.ScheduleNs)
	k.Results = k.Processed / 15
	for at := k.ScheduleNs - tickNs; at <= k.ScheduleNs; at += 10e6 {
		k.Backlog = max(k.Backlog, due(max(at, 0))-answered(max(at, 0)))
	}
}

// broken are the entries that tell of the faults of a repetition; T is since its T0.
func (s *simulation) broken(rep record.Repeat, endNs int64) []record.Entry {
	if len(s.faults) == 0 {
		return nil
	}
	var all []record.Entry
	say := func(at int64, m record.Milestone) {
		m.AtNs = at
		all = append(all, record.Entry{T: at, Kind: record.KindMilestone, Milestone: &m})
	}
	for n := uint64(1); int64(n)*everyNs < endNs; n++ {
		at := int64(n) * everyNs
		name := func(word string) string { return fmt.Sprintf("checkpoint.%d.%s", n, word) }
		say(at, record.Milestone{Name: name(record.MilestoneStarted), Checkpoint: n})
		say(at+31e6, record.Milestone{Name: name(record.MilestoneCompleted), Checkpoint: n,
			Bytes: 37 << 20, TookNs: 31e6})
	}
	var planned []record.Planned
	for i := range s.faults {
		if rep.Twin {
			break
		}
		b := s.faults[i].scaled(rep.System)
		f := &b.Fault
		planned = append(planned, record.Planned{ID: f.ID, Text: f.Text, PlannedNs: f.PlannedNs})
		all = append(all, b.entries()...)
	}
	if len(planned) > 0 {
		all = append(all, record.Entry{T: warmupNs, Kind: record.KindSchedule, Schedule: planned})
	}
	return append(all, record.Entry{T: endNs, Kind: record.KindStretches,
		Stretches: s.answers.stretches(endNs)},
		record.Entry{T: endNs + 1, Kind: record.KindResidue, Residue: &record.Residue{Left: []string{}}})
}

func (b *Break) entries() []record.Entry {
	fault := b.Fault
	at := max(fault.ActualNs, fault.PlannedNs)
	all := []record.Entry{
		{T: at - 1e6, Kind: record.KindGate, Gate: &record.Gate{Fault: fault.ID, Open: true,
			Why: "10 s of baseline in band"}},
		{T: at, Kind: record.KindFault, Fault: &fault},
	}
	if fault.HealedNs > 0 {
		unhealed := fault
		unhealed.HealedNs = 0
		all[1].Fault = &unhealed
		all = append(all, record.Entry{T: fault.HealedNs, Kind: record.KindFault, Fault: &fault})
	}
	if !b.took() {
		return all
	}
	victim, t := fault.Nodes[0], b.at()
	say := func(at int64, m record.Milestone) {
		m.AtNs, m.Attempt = at, b.Attempt
		all = append(all, record.Entry{T: at, Kind: record.KindMilestone, Milestone: &m})
	}
	last := uint64((t[0] - 31e6) / everyNs)
	say(t[1], record.Milestone{Name: record.MilestoneDetected, Node: victim,
		Text: "the connection was closed"})
	say(t[2], record.Milestone{Name: record.MilestoneReassigned, Node: victim, Slots: fault.Slots})
	say(t[2]+1e6, record.Milestone{Name: record.MilestoneRestoring, Node: "worker-1",
		Slots: fault.Slots, Checkpoint: last})
	say(t[3], record.Milestone{Name: record.MilestoneRestored, Node: "worker-1", Slots: fault.Slots,
		Checkpoint: last, Bytes: 13_002_342, TookNs: int64(b.Restore) - 1e6})
	say(t[3]+2e6, record.Milestone{Name: record.MilestoneResumed})
	firsts := record.Firsts{Fault: fault.ID, AtNs: make([]int64, slots)}
	for slot := range firsts.AtNs {
		firsts.AtNs[slot] = t[4] - int64(slot%4)*7e6
		if slices.Contains(fault.Slots, slot) {
			firsts.AtNs[slot] = t[4] - int64(fault.Slots[len(fault.Slots)-1]-slot)*9e6
		}
	}
	if fault.HealedNs > 0 {
		say(fault.HealedNs+212e6, record.Milestone{Name: record.MilestoneRejoined, Node: victim})
	}
	return append(all, record.Entry{T: t[4] + 1e6, Kind: record.KindFirsts, Firsts: &firsts})
}

// stretches cut a repetition into spans of 100 ms.
func (a answers) stretches(endNs int64) []record.Stretch {
	const width = 100e6
	var all []record.Stretch
	for from := int64(0); from+width <= endNs; from += width {
		s := record.Stretch{FromNs: from, Answered: a.by(from+width) - a.by(from)}
		s.Results = s.Answered / 15
		for at := from; at <= from+width; at += 5e6 {
			s.Backlog = max(s.Backlog, due(at)-min(a.by(at), due(at))+1950)
			if a.by(at) > a.by(max(at-5e6, 0)) || at == 0 {
				s.LatencyNs = max(s.LatencyNs, a.age(at)+2_600e3)
			}
		}
		all = append(all, s)
	}
	return all
}

// age is how long ago the event was due that is answered at a time since T0.
func (a answers) age(at int64) int64 { return max(at-int64(float64(a.by(at))/rate*1e9), 0) }
