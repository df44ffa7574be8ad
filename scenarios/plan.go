package scenarios

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// Plan is what a run is about to do: every repetition in its order, how long it takes, and what
// weakens its figures before it has begun.
type Plan struct {
	Scenario string
	Order    []record.Repeat // blocks one after the other, each with every system once
	Blocks   int             // with the one that is discarded
	Kept     int
	// Twins are the repetitions of the order in which nothing breaks, for comparison.
	Twins int
	// Probes is the most a search for the rate may take, of all systems; 0 without one. Drains are
	// those that estimate it in its place.
	Probes   int
	Drains   int
	Shared   bool // more cores are given out than the host has
	Warnings []string
	systems  []string // their labels, in the order of the scenario
	// Time is how long the phases of known length take, with all the probes a search may need;
	// Limit adds the longest drain to each repetition. Neither knows how long a run at rate max takes.
	Time, Limit time.Duration
}

// NewPlan lays out the repetitions of a sound scenario in interleaved blocks. Their order is drawn
// from the scenario's seed, so the same scenario has the same plan. Each repetition in which
// something breaks comes right behind its twin: the same system, stream and deployment without the
// faults, which what they cost is held against.
func NewPlan(s *Scenario) Plan {
	p := Plan{Scenario: s.Name, Kept: s.kept()}
	p.Blocks = p.Kept
	if s.Repeat.Auto || s.Repeat.N > 1 {
		p.Blocks++
	}
	p.lay(s)
	p.Time = time.Duration(len(p.Order)) * s.length()
	p.price(s)
	p.Limit = p.Time + time.Duration(len(p.Order)+p.Probes+p.Drains)*s.Load.Drain
	p.Shared = s.coresGiven() > float64(runtime.NumCPU())
	p.Warnings = s.warnings(p)
	return p
}

// lay puts the repetitions in order. Where one deployment serves all of a system they follow each
// other: another one that idled beside them would disturb what is measured.
func (p *Plan) lay(s *Scenario) {
	for _, sys := range s.Systems {
		p.systems = append(p.systems, sys.Label())
	}
	draw := rand.New(rand.NewPCG(s.Load.Seed, 0x706c616e)) // "plan"
	order := draw.Perm(len(s.Systems))
	if s.Deployment == deployOnce {
		for _, i := range order {
			for block := range p.Blocks {
				p.turn(s, s.Systems[i], block)
			}
		}
		return
	}
	for block := range p.Blocks {
		if block > 0 {
			order = draw.Perm(len(s.Systems))
		}
		for _, i := range order {
			p.turn(s, s.Systems[i], block)
		}
	}
}

// turn adds the turn of a system in a block: a repetition at each rate.
func (p *Plan) turn(s *Scenario, sys System, block int) {
	for _, rate := range s.Load.Rate.legs() {
		of := record.Repeat{
			System: sys.Label(), Rep: block + 1, Kept: block >= p.Blocks-p.Kept,
			Found: rate.searches(),
		}
		if s.Load.Rate.Legs != nil {
			of.Of, of.Rate = of.System, rate.String()
			of.System += "@" + rate.mark()
		}
		if len(s.Faults) > 0 {
			p.Twins++
			twin := of
			twin.Rep, twin.Kept, twin.Twin = record.FirstTwin+block, false, true
			p.Order = append(p.Order, twin)
		}
		p.Order = append(p.Order, of)
	}
}

// untwinned is the plan without its twins.
func (p Plan) untwinned() Plan {
	if p.Twins > 0 {
		p.Order = slices.DeleteFunc(slices.Clone(p.Order), func(r record.Repeat) bool { return r.Twin })
		p.Warnings = append(p.Warnings, "no twin without the faults was run: what they cost is held "+
			"against what was before them alone")
	}
	p.Twins = 0
	return p
}

// price adds the probes of a search, each at the first rate: lower ones last as long, higher ones
// are shorter, and the few that confirm as long as a repetition. A drain takes as long as it may,
// and filling what is drained about as long again.
func (p *Plan) price(s *Scenario) {
	if !s.Load.Rate.searches() {
		return
	}
	if longest := s.Load.Rate.estimate(); longest > 0 {
		p.Drains = mostDrains * len(s.Systems)
		p.Time += time.Duration(len(s.Systems)) * 2 * longest
		return
	}
	w := s.mustBind()
	rate := s.firstRate(w)
	for _, sys := range s.Systems {
		budget := newHunt(rate).budget
		t := s.probeTiming(sys, w, rate)
		p.Probes += budget
		p.Time += time.Duration(budget) * (t.warmup + t.steady)
	}
}

// smallestP holds how many tests a number of runs an arm can tell apart at p < 0.05 after Holm: the
// exact U test's smallest p is 2/C(2n,n).
var smallestP = []struct{ runs, tests int }{{6, 23}, {7, 85}, {8, 321}}

// mostRuns is what auto asks for where even 8 do not suffice, and the least of recovery figures,
// which vary most.
const mostRuns = 10

// kept is the number of blocks that count.
func (s *Scenario) kept() int {
	if !s.Repeat.Auto {
		return s.Repeat.N
	}
	if len(s.Faults) > 0 {
		return mostRuns
	}
	rows := 0
	if s.Decide != nil {
		for _, c := range s.Decide.Criteria {
			if c.Metric != "" {
				rows++
			}
		}
	}
	tests := len(s.Systems) * (len(s.Systems) - 1) / 2 * max(rows, len(s.SLO), 1)
	for _, row := range smallestP {
		if tests <= row.tests {
			return row.runs
		}
	}
	return mostRuns
}

// length is how long one repetition takes without deployment and drain.
func (s *Scenario) length() time.Duration {
	l := s.Load
	if l.Events == 0 {
		return l.Warmup.For + l.Steady
	}
	pacer, err := s.Pacer()
	if pacer == nil || err != nil {
		return 0
	}
	return min(pacer.Due(uint64(l.Events)), 10*maxDuration)
}

// coresGiven are the cores of the largest system with its driver and brokers; where a second
// instance replays the input, twice those of the system.
func (s *Scenario) coresGiven() float64 {
	r, most := s.Resources, 0.0
	for _, sys := range s.Systems {
		workers := s.nodesOf(chaos.Worker, sys)
		most = max(most, float64(workers)*float64(r.Worker.CPUs))
	}
	if s.Mode.Name == record.ModeReplay {
		most *= 2
	}
	most += float64(r.Driver.CPUs)
	if s.Load.Transport == adapters.Kafka {
		most += float64(r.Brokers) * float64(r.Broker.CPUs)
	}
	return most
}

func (s *Scenario) warnings(p Plan) []string {
	var out []string
	if p.Shared {
		out = append(out, fmt.Sprintf("SHARED CORES: %v cores are given out, the host has %d: give "+
			"resources.worker.cpus less, or read the figures as those of a crowded host",
			s.coresGiven(), runtime.NumCPU()))
	}
	w := s.mustBind()
	out = append(out, w.Warnings...)
	if text := s.fewWindows(w); text != "" {
		out = append(out, text)
	}
	if n := s.Load.Drain; w.Query.Window.Processing && n < windowSpan(w.Query.Window) {
		out = append(out, fmt.Sprintf("the last window closes %s after the stream ends, load.drain "+
			"is %s: lengthen it", formatDuration(windowSpan(w.Query.Window)), formatDuration(n)))
	}
	return append(out, s.lonely()...)
}

// mustBind binds a scenario that was checked.
func (s *Scenario) mustBind() *workloads.Workload {
	w, err := s.Bind()
	if err != nil {
		panic(fmt.Sprintf("BUG: plan of an unchecked scenario: %v", err))
	}
	return w
}

// fewWindows warns of a steady phase in which hardly any window closes; of sliding windows one does
// at every event.
func (s *Scenario) fewWindows(w *workloads.Workload) string {
	if w.Query.Window.Kind == workloads.Sliding {
		return ""
	}
	step := windowStep(w)
	span, ok := s.eventSpan(w)
	if !ok || step == 0 || span >= 3*step || s.Load.Events > 0 {
		return ""
	}
	return fmt.Sprintf("fewer than 3 windows close in steady: %s of event time pass, a window "+
		"closes every %s: lengthen steady or lower load.event-rate",
		formatDuration(span.Round(time.Millisecond)), formatDuration(step))
}

// windowStep is the time between two windows that close; 0 for a query without.
func windowStep(w *workloads.Workload) time.Duration {
	if w.Query.Window.Kind == workloads.Hopping && w.Query.Window.SlideMs > 0 {
		return time.Duration(w.Query.Window.SlideMs) * time.Millisecond
	}
	return windowSpan(w.Query.Window)
}

// windowSlots are the slots due between two windows that close, at a rate in slots a second; 0 for
// a query without.
func windowSlots(w *workloads.Workload, rate float64) float64 {
	if !w.Query.Window.Processing {
		rate = float64(w.Timeline.EventRate)
	}
	return windowStep(w).Seconds() * rate
}

// lonely warns of faults a system has no node for: it answers n/a, which is no pass.
func (s *Scenario) lonely() []string {
	var out []string
	for i, f := range s.Faults {
		for _, selectors := range f.Selectors() {
			for _, selector := range selectors {
				for _, sys := range s.Systems {
					if selector.Role() != "" && s.nodesOf(selector.Role(), sys) == 0 {
						out = append(out, fmt.Sprintf("fault %d: %s has no %s and answers n/a",
							i+1, sys.Label(), selector.Role()))
					}
				}
			}
		}
	}
	return out
}
