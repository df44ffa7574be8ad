package summary

import (
	"slices"
	"sort"

	"github.com/streambench/streambench/reports/record"
)

// Trail is what the record says about one repetition.
type Trail struct {
	System   string
	Rep      int
	Kept     bool
	Twin     bool   // without the faults
	Of       string // the system itself, where System is it at one of several rates
	Rate     string // that rate
	Found    bool   // the rate follows from a search or an estimate
	Config   map[string]string
	Phases   []record.Entry // of kind phase, in order
	Ticks    []record.Entry // of kind tick, in order
	Ledger   *record.Ledger
	Warnings []record.Warning
	Mode     *record.Mode
	Repair   *record.Repair
	Failure  *record.Failure
	End      *record.End

	Schedule   []record.Planned
	Milestones []record.Milestone // in the order they were written
	Faults     []record.Fault     // by number, each as it was last written
	Gates      []record.Gate
	Firsts     []record.Firsts
	Stretches  []record.Stretch
	Residue    *record.Residue

	order int // among all repetitions of the run, from 0
}

// Trails sorts the entries of a record by repetition, in the order the plan gives. A repetition
// that never began has an empty trail. Entries of repetitions outside the plan are ignored.
func Trails(entries []record.Entry) []Trail {
	type id struct {
		system string
		rep    int
	}
	var trails []Trail
	at := map[id]int{}
	for _, e := range entries {
		if e.Plan != nil {
			for _, r := range e.Plan.Order {
				at[id{r.System, r.Rep}] = len(trails)
				trails = append(trails, Trail{
					System: r.System, Rep: r.Rep, Kept: r.Kept, Twin: r.Twin,
					Of: r.Base(), Rate: r.Rate, Found: r.Found, order: len(trails)})
			}
		}
		if i, ok := at[id{e.System, e.Rep}]; ok {
			trails[i].add(e)
		}
	}
	return trails
}

func (t *Trail) add(e record.Entry) {
	switch e.Kind {
	case record.KindConfig:
		t.Config = e.Config
	case record.KindPhase:
		t.Phases = append(t.Phases, e)
	case record.KindTick:
		t.Ticks = append(t.Ticks, e)
	case record.KindLedger:
		t.Ledger = e.Ledger
	case record.KindMode:
		t.Mode = e.Mode
	case record.KindRepair:
		t.Repair = e.Repair
	case record.KindWarning:
		t.Warnings = append(t.Warnings, *e.Warning)
	case record.KindError:
		if t.Failure == nil { // later ones follow from the first
			t.Failure = e.Error
		}
	case record.KindEnd:
		t.End = e.End
	default:
		t.addBroken(e)
	}
}

// addBroken takes what is written where something is broken.
func (t *Trail) addBroken(e record.Entry) {
	switch e.Kind {
	case record.KindSchedule:
		t.Schedule = e.Schedule
	case record.KindMilestone:
		t.Milestones = append(t.Milestones, *e.Milestone)
	case record.KindFault:
		same := func(f record.Fault) bool { return f.ID == e.Fault.ID }
		if i := slices.IndexFunc(t.Faults, same); i >= 0 {
			t.Faults[i] = *e.Fault
		} else {
			t.Faults = append(t.Faults, *e.Fault)
		}
	case record.KindGate:
		t.Gates = append(t.Gates, *e.Gate)
	case record.KindFirsts:
		t.Firsts = append(t.Firsts, *e.Firsts)
	case record.KindStretches:
		t.Stretches = append(t.Stretches, e.Stretches...)
	case record.KindResidue:
		t.Residue = e.Residue
	}
}

// shut says whether a gate kept something from being broken.
func (t *Trail) shut() bool {
	return slices.ContainsFunc(t.Gates, func(g record.Gate) bool { return !g.Open })
}

// broken says whether something was broken.
func (t *Trail) broken() bool {
	return slices.ContainsFunc(t.Faults, func(f record.Fault) bool { return f.ActualNs > 0 })
}

// firsts are the first results after a fault, by key range; the last that was written of them.
func (t *Trail) firsts(fault int) []int64 {
	for _, f := range slices.Backward(t.Firsts) {
		if f.Fault == fault {
			return f.AtNs
		}
	}
	return nil
}

// base is the label of the system itself, whatever rate it is offered.
func (t *Trail) base() string {
	if t.Of != "" {
		return t.Of
	}
	return t.System
}

func (t *Trail) began() bool {
	return len(t.Phases) > 0 || len(t.Ticks) > 0 || t.Failure != nil || t.End != nil
}

// Phase finds the entry of a phase.
func (t *Trail) Phase(name string) (*record.Phase, bool) {
	for _, e := range t.Phases {
		if e.Phase.Name == name {
			return e.Phase, true
		}
	}
	return nil, false
}

// T0Ns is T0 on the run's clock: the earliest estimate the ticks give, as each is written a little
// after the moment it speaks of. It is 0 without ticks.
func (t *Trail) T0Ns() int64 {
	var t0 int64
	for i, e := range t.Ticks {
		if at := e.T - e.Tick.ScheduleNs; i == 0 || at < t0 {
			t0 = at
		}
	}
	return t0
}

// Steady is the span of steady in ns since T0; ok is false where it was never entered.
func (t *Trail) Steady() (fromNs, toNs int64, ok bool) {
	steady, ok := t.Phase(record.PhaseSteady)
	if !ok {
		return 0, 0, false
	}
	fromNs = steady.ScheduleNs
	toNs = t.lastSteadyTick()
	if drain, ok := t.Phase(record.PhaseDrain); ok && drain.ScheduleNs > fromNs {
		toNs = drain.ScheduleNs
	}
	if t.End != nil && t.End.SteadyEndNs > 0 {
		toNs = t.End.SteadyEndNs
	}
	return fromNs, toNs, toNs > fromNs
}

func (t *Trail) lastSteadyTick() int64 {
	var last int64
	for _, e := range t.Ticks {
		if e.Tick.Phase == record.PhaseSteady {
			last = max(last, e.Tick.ScheduleNs)
		}
	}
	return last
}

// Gauge reads a counter of a tick.
type Gauge func(*record.Tick) float64

// at is a cumulative counter at a time since T0, between two ticks on the line that joins them.
func (t *Trail) at(ns int64, read Gauge) float64 {
	i := sort.Search(len(t.Ticks), func(i int) bool { return t.Ticks[i].Tick.ScheduleNs >= ns })
	if i == len(t.Ticks) {
		if i == 0 {
			return 0
		}
		return read(t.Ticks[i-1].Tick)
	}
	after := t.Ticks[i].Tick
	before := &record.Tick{}
	if i > 0 {
		before = t.Ticks[i-1].Tick
	}
	if after.ScheduleNs == before.ScheduleNs {
		return read(after)
	}
	share := float64(ns-before.ScheduleNs) / float64(after.ScheduleNs-before.ScheduleNs)
	return read(before) + share*(read(after)-read(before))
}

// Rise is how much a counter grew between two times since T0, in ns; between two ticks it is on the
// line that joins them.
func (t *Trail) Rise(fromNs, toNs int64, read Gauge) float64 {
	return t.at(toNs, read) - t.at(fromNs, read)
}
