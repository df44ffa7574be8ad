package summary_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// fluid is a run whose answers flow like water: what is offered runs through until a fault stops
// it, then at the capacity until nothing waits any more.
type fluid struct {
	offered, capacity float64 // events a second
	steady            time.Duration
	noise             float64 // of the capacity, from one 100 ms to the next
	bracket           bool    // the capacity is known
	stops             []stop
	apart             time.Duration // answers become visible so far apart; 0 for at once
}

// stop is a fault, and how long after it each phase ended.
type stop struct {
	id                                  int
	at                                  time.Duration
	detect, reassign, restore, first    time.Duration
	silentT1, silentT2, silentT3, noOne bool // what there is no evidence for
}

const (
	fluidLag    = int64(2e6) // of an event in calm
	fluidWarmup = int64(2e9)
	fluidRanges = 6
	fluidStep   = int64(1e6)
)

func (s stop) instants() (t [5]int64) {
	t[0] = int64(s.at)
	for i, d := range []time.Duration{s.detect, s.reassign, s.restore, s.first} {
		t[i+1] = t[i] + int64(d)
	}
	return t
}

// run is the fluid as a run's record.
type flow struct {
	fluid
	t       *testing.T
	entries []record.Entry
	log     bytes.Buffer
	endNs   int64
	answers []float64 // by the end of each step
}

func (f fluid) run(t *testing.T) (record.Manifest, []record.Entry, *record.HistogramLog) {
	t.Helper()
	w := &flow{fluid: f, t: t, endNs: fluidWarmup + int64(f.steady)}
	w.add(record.Entry{Kind: record.KindPlan, Plan: &record.Plan{Schema: record.Schema,
		Scenario: "fluid", Order: []record.Repeat{{System: "native", Rep: 1, Kept: true}}}})
	if f.bracket {
		w.entries = append(w.entries, record.Entry{Kind: record.KindBracket, System: "native",
			Bracket: &record.Bracket{Passed: f.capacity, Failed: f.capacity * 1.05}})
	}
	w.flow()
	w.latencies()
	w.phases()
	w.slices()
	for _, s := range f.stops {
		w.fault(s)
	}
	n := w.due(w.endNs)
	w.of(w.endNs, record.Entry{Kind: record.KindLedger, Ledger: &record.Ledger{Expected: n,
		Received: n, Matched: n, EventsIn: n, Conclusive: true}})
	w.of(w.endNs, record.Entry{Kind: record.KindEnd, End: &record.End{Events: n, DueAtSteadyEnd: n,
		AcceptedAtSteadyEnd: n, SteadyEndNs: w.endNs}})
	w.add(record.Entry{Kind: record.KindEnd, End: &record.End{}})
	log, err := record.ReadHistograms(&w.log, "fluid")
	if err != nil {
		t.Fatal(err)
	}
	return record.Manifest{Scenario: "fluid", Claim: record.Claim{Guarantee: "exactly-once"}},
		w.entries, log
}

// summarized is the summary of a fluid.
func (f fluid) summarized(t *testing.T) summary.Result {
	t.Helper()
	m, entries, log := f.run(t)
	r, err := summary.Summarize(m, entries, log)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *flow) add(e record.Entry) { w.entries = append(w.entries, e) }

func (w *flow) of(at int64, e record.Entry) {
	e.System, e.Rep, e.T = "native", 1, at
	w.add(e)
}

func (w *flow) due(ns int64) uint64 { return uint64(max(0, float64(ns)) / 1e9 * w.offered) }

// flow computes what was answered by the end of every millisecond.
func (w *flow) flow() {
	rnd := rand.New(rand.NewPCG(7, 9))
	done, visible, speed := 0.0, 0.0, w.capacity
	for at := fluidStep; at <= w.endNs; at += fluidStep {
		if at%record.StretchNs == fluidStep {
			speed = w.capacity * (1 + w.noise*(2*rnd.Float64()-1))
		}
		stopped := false
		for _, s := range w.stops {
			t := s.instants()
			stopped = stopped || at > t[0] && at <= t[4]
		}
		if !stopped {
			most := float64(at-fluidLag) / 1e9 * w.offered
			done = max(done, min(done+speed*float64(fluidStep)/1e9, most))
		}
		if w.apart == 0 || at%int64(w.apart) == 0 {
			visible = done
		}
		w.answers = append(w.answers, visible)
	}
}

func (w *flow) latencies() {
	h, err := record.NewHistograms(&w.log, time.Unix(0, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := h.Open(record.Tag{System: "native", Rep: 1, Stage: record.StageResult})
	if err != nil {
		w.t.Fatal(err)
	}
	before := 0.0
	for i, done := range w.answers {
		at := int64(i+1) * fluidStep
		due := int64((before + done) / 2 / w.offered * 1e9)
		if n := int64(done) - int64(before); n > 0 && due >= fluidWarmup {
			s.RecordN(at, at-due, n)
		}
		before = done
	}
	if err := h.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *flow) phases() {
	for _, p := range []struct {
		name string
		at   int64
	}{{record.PhaseDeploy, 0}, {record.PhaseWarmup, 0}, {record.PhaseSteady, fluidWarmup},
		{record.PhaseDrain, w.endNs}} {
		w.of(p.at, record.Entry{Kind: record.KindPhase, Phase: &record.Phase{Name: p.name,
			ScheduleNs: p.at, EventsDue: w.due(p.at)}})
	}
	for n := uint64(1); int64(n)*1e9 < w.endNs; n++ { // a checkpoint a second
		at := int64(n) * 1e9
		w.of(at, record.Entry{Kind: record.KindMilestone, Milestone: &record.Milestone{
			Name: record.MilestoneStarted, AtNs: at, Checkpoint: n}})
		w.of(at, record.Entry{Kind: record.KindMilestone, Milestone: &record.Milestone{
			Name: record.MilestoneCompleted, AtNs: at + 40e6, Checkpoint: n}})
	}
}

func (w *flow) slices() {
	steps := int(record.StretchNs / fluidStep)
	var all []record.Stretch
	for from := 0; from+steps <= len(w.answers); from += steps {
		s := record.Stretch{FromNs: int64(from) * fluidStep}
		before := 0.0
		if from > 0 {
			before = w.answers[from-1]
		}
		s.Answered = uint64(w.answers[from+steps-1]) - uint64(before)
		s.Results = s.Answered
		for i := from; i < from+steps; i++ {
			at := int64(i+1) * fluidStep
			s.Backlog = max(s.Backlog, w.due(at)-uint64(w.answers[i]))
			if w.answers[i] > before {
				s.LatencyNs = max(s.LatencyNs, at-int64(before/w.offered*1e9))
			}
			before = w.answers[i]
		}
		all = append(all, s)
	}
	w.of(w.endNs, record.Entry{Kind: record.KindStretches, Stretches: all})
	for at := int64(250e6); at <= w.endNs; at += 250e6 {
		i := at/fluidStep - 1
		w.of(at, record.Entry{Kind: record.KindTick, Tick: &record.Tick{Phase: record.PhaseSteady,
			ScheduleNs: at, Offered: w.due(at), Accepted: w.due(at), Results: uint64(w.answers[i]),
			Processed: uint64(w.answers[i])}})
	}
}

func (w *flow) fault(s stop) {
	t := s.instants()
	id := max(s.id, 1)
	slots := []int{2, 3}
	w.of(t[0], record.Entry{Kind: record.KindFault, Fault: &record.Fault{ID: id,
		Text: "kill worker-2", Verb: "kill", Nodes: []string{"worker-2"}, Slots: slots,
		PlannedNs: t[0] - 3e6, ActualNs: t[0], Witness: &record.Witness{Holds: true, AtNs: t[0]}}})
	say := func(at int64, silent bool, m record.Milestone) {
		if m.AtNs = at; !silent {
			w.of(at, record.Entry{Kind: record.KindMilestone, Milestone: &m})
		}
	}
	say(t[1], s.silentT1, record.Milestone{Name: record.MilestoneDetected, Node: "worker-2"})
	say(t[2], s.silentT2, record.Milestone{Name: record.MilestoneReassigned, Slots: slots})
	say(t[3]-20e6, s.silentT3, record.Milestone{Name: record.MilestoneRestored, Slots: []int{2},
		Bytes: 1 << 20})
	say(t[3], s.silentT3, record.Milestone{Name: record.MilestoneRestored, Slots: []int{3},
		Bytes: 2 << 20})
	firsts := &record.Firsts{Fault: id, AtNs: make([]int64, fluidRanges)}
	if apart := int64(w.apart); apart > 0 {
		t[4] = (t[4]/apart + 1) * apart
	}
	for p := range firsts.AtNs {
		firsts.AtNs[p] = t[4] - 1e6
	}
	if firsts.AtNs[3] = t[4]; s.noOne {
		firsts.AtNs[3] = 0
	}
	w.of(t[4], record.Entry{Kind: record.KindFirsts, Firsts: firsts})
}
