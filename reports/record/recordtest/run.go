// Package recordtest makes the record of a run that never took place, so that everything behind
// the record can be tested without an engine. What it writes is a pure function of its options.
package recordtest

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Options shape a run. The zero value is one repetition of 3 s warm-up and 12 s steady.
type Options struct {
	Systems []string      // default: native
	Kept    int           // kept repetitions a system, default 1; more than 1 discard one more
	Steady  time.Duration // default 12 s
	// Faults break the run. It then answers each event as it comes, and not window by window.
	Faults []Break
	Twin   bool // each system is run without the faults first
}

// Run is a simulated iot-telemetry run at 1.5M events/s whose windows close every 2 s with
// 100 000 results each.
type Run struct {
	Manifest record.Manifest
	Entries  []record.Entry
	Lock     string
	hlog     bytes.Buffer
}

const (
	rate       = 1_500_000
	warmupNs   = 3e9
	windowNs   = 2e9
	tickNs     = 250e6
	keys       = 100_000
	betweenNs  = 4e9 // between two repetitions
	firstNs    = 300e6
	drainNs    = 2_500e6
	memoryB    = 214 << 20
	streamHash = "5d1c7f0b9a3e4c2d8f6a1b0c9d8e7f605142332415067788990a1b2c3d4e5f60"
)

// New simulates a run.
func New(t testing.TB, o Options) *Run {
	t.Helper()
	if len(o.Systems) == 0 {
		o.Systems = []string{"native"}
	}
	o.Kept = max(o.Kept, 1)
	if o.Steady == 0 {
		o.Steady = 12 * time.Second
	}
	r := &Run{Manifest: manifest(o), Lock: lock(o)}
	h, err := record.NewHistograms(&r.hlog, r.Manifest.Start)
	if err != nil {
		t.Fatal(err)
	}
	s := &simulation{t: t, run: r, log: h, steadyNs: int64(o.Steady), faults: o.Faults}
	s.rnd = rand.New(rand.NewPCG(41, 7))
	s.all(o)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

// simulation writes one run, repetition by repetition.
type simulation struct {
	t        testing.TB
	run      *Run
	log      *record.Histograms
	rnd      *rand.Rand
	steadyNs int64
	order    int
	faults   []Break
	answers  answers // of the repetition at hand, where something breaks
}

func (s *simulation) all(o Options) {
	plan := &record.Plan{Schema: record.Schema, Scenario: "demo"}
	blocks, discarded := o.Kept, 0
	if o.Kept > 1 {
		blocks, discarded = o.Kept+1, 1
	}
	for b := range blocks {
		for _, name := range o.Systems {
			if o.Twin && b == 0 {
				plan.Order = append(plan.Order,
					record.Repeat{System: name, Rep: record.FirstTwin, Twin: true})
			}
			plan.Order = append(plan.Order,
				record.Repeat{System: name, Rep: b + 1, Kept: b >= discarded})
		}
	}
	s.add(0, record.Entry{Kind: record.KindPlan, Plan: plan})
	at := int64(firstNs)
	for _, rep := range plan.Order {
		from := len(s.run.Entries)
		s.repetition(rep, at)
		slices.SortStableFunc(s.run.Entries[from:], func(x, y record.Entry) int {
			return cmp.Compare(x.T, y.T)
		})
		at += warmupNs + s.steadyNs + drainNs + betweenNs
		s.order++
	}
	s.add(at, record.Entry{Kind: record.KindEnd, End: &record.End{}})
}

func (s *simulation) add(atNs int64, e record.Entry) {
	e.T = atNs
	s.run.Entries = append(s.run.Entries, e)
}

// series opens a histogram of a repetition.
func (s *simulation) series(rep record.Repeat, stage string) *record.Series {
	h, err := s.log.Open(record.Tag{System: rep.System, Rep: rep.Rep, Stage: stage})
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

func (s *simulation) repetition(rep record.Repeat, t0 int64) {
	of := record.Entry{System: rep.System, Rep: rep.Rep}
	put := func(at int64, kind string, fill func(*record.Entry)) {
		e := of
		e.Kind = kind
		fill(&e)
		s.add(at, e)
	}
	phase := func(name string, at int64) {
		put(t0+at, record.KindPhase, func(e *record.Entry) {
			e.Phase = &record.Phase{Name: name, ScheduleNs: max(at, 0), EventsDue: due(max(at, 0))}
		})
	}
	endNs := int64(warmupNs) + s.steadyNs
	phase(record.PhaseDeploy, -200e6)
	put(t0-100e6, record.KindConfig, func(e *record.Entry) {
		e.Config = map[string]string{"slots": "2", "batch rows": "1024", "guarantee": "exactly-once"}
	})
	phase(record.PhaseWarmup, 0)
	s.answers = s.answersOf(rep)
	h := s.latencies(rep, t0, endNs)
	for at := int64(tickNs); at <= endNs; at += tickNs {
		name := record.PhaseSteady
		if at <= warmupNs {
			name = record.PhaseWarmup
		}
		if at-tickNs == warmupNs {
			phase(record.PhaseSteady, warmupNs)
		}
		put(t0+at+s.rnd.Int64N(40e3), record.KindTick, func(e *record.Entry) {
			e.Tick = s.tick(at, name, h)
		})
	}
	for _, e := range s.broken(rep, endNs) {
		put(t0+e.T, e.Kind, func(to *record.Entry) {
			e.T, e.System, e.Rep = to.T, to.System, to.Rep
			*to = e
		})
	}
	phase(record.PhaseDrain, endNs)
	n := due(endNs)/uint64(rate*windowNs/1e9)*keys + keys
	put(t0+endNs+1800e6, record.KindLedger, func(e *record.Entry) {
		e.Ledger = &record.Ledger{
			Expected: n, Received: n, Matched: n, EventsIn: due(endNs), OnTime: due(endNs), Count: n,
			Digest: "6f8c3f0af890b059", WantCount: n, WantDigest: "6f8c3f0af890b059",
			Conclusive: true, CheckNs: 1700e6,
		}
	})
	put(t0+endNs+1900e6, record.KindEnd, func(e *record.Entry) {
		e.End = &record.End{
			Events: due(endNs), DueAtSteadyEnd: due(endNs), SteadyEndNs: endNs,
			AcceptedAtSteadyEnd: due(endNs) - 900, MemoryPeakB: memoryB,
		}
	})
}

func due(ns int64) uint64 { return uint64(ns) / 1000 * rate / 1_000_000 }

// closing is the moment a window's results arrive, in ns since T0, and how late the slowest was.
type closing struct{ at, slowest int64 }

// latencies records what collector, driver and canary would have seen and returns the closings.
func (s *simulation) latencies(rep record.Repeat, t0, endNs int64) []closing {
	warm, result := s.series(rep, record.StageWarmup), s.series(rep, record.StageResult)
	driver, canary := s.series(rep, record.StageDriver), s.series(rep, record.StageCanary)
	slower := 1 + 0.12*s.rnd.Float64() + 0.8*float64(len(rep.System)-len("native"))/6
	var all []closing
	next := int64(windowNs)
	for at := int64(0); at < endNs; at += 1e6 {
		canary.RecordN(t0+at, s.around(62e3, 0.35), 1)
		if at >= warmupNs {
			driver.RecordN(t0+at, s.around(24e3, 0.7), 2)
		}
		if len(s.answers) > 0 {
			s.flowing(t0, at, [2]*record.Series{warm, result})
			continue
		}
		if at < next {
			continue
		}
		next += windowNs
		stage, c := result, closing{at: at}
		if at < warmupNs {
			stage = warm
		}
		for range keys / 100 {
			v := 400e3 + s.around(1_300e3*slower, 0.28)
			stage.RecordN(t0+at+v, v, 100)
			c.slowest = max(c.slowest, v)
		}
		all = append(all, c)
	}
	for _, h := range []*record.Series{warm, result, driver, canary} {
		h.Close()
	}
	return all
}

// around draws a log-normal value.
func (s *simulation) around(median, sigma float64) int64 {
	return int64(median * math.Exp(sigma*s.rnd.NormFloat64()))
}

func (s *simulation) tick(at int64, phase string, closings []closing) *record.Tick {
	k := &record.Tick{
		Phase: phase, ScheduleNs: at, Offered: due(at),
		Accepted: due(at) - min(due(at), uint64(s.rnd.IntN(1400))),
		CPU:      record.CPU{DriverNs: at * 31 / 100, SystemNs: at * 62 / 100, ToolNs: at * 3 / 100},
		MemoryB:  memoryB - uint64(s.rnd.IntN(9<<20)),
	}
	if len(s.answers) > 0 {
		s.answers.fill(k)
	}
	for _, c := range closings {
		if c.at+c.slowest <= at {
			k.Results += keys
			k.Processed = due(c.at)
			if c.at+c.slowest > at-tickNs {
				k.Backlog = due(c.slowest)
			}
		}
	}
	return k
}

// Log reads the latency log of the run back.
func (r *Run) Log(t testing.TB) *record.HistogramLog {
	t.Helper()
	log, err := record.ReadHistograms(bytes.NewReader(r.hlog.Bytes()), record.LatencyFile)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// Change calls edit for every entry, which it may alter, and keeps those it returns true for.
func (r *Run) Change(edit func(e *record.Entry) bool) {
	var kept []record.Entry
	for _, e := range r.Entries {
		if edit(&e) {
			kept = append(kept, e)
		}
	}
	r.Entries = kept
}

// Write writes the four files every report is computed from into a folder.
func (r *Run) Write(t testing.TB, dir string) {
	t.Helper()
	w, err := record.CreateWriter(filepath.Join(dir, record.RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Entries {
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := record.WriteManifest(filepath.Join(dir, record.ManifestFile), r.Manifest); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		record.LockFile: []byte(r.Lock), record.LatencyFile: r.hlog.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
