package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/workloads"
)

const (
	// probeSteady is the least that a probe measures, and probeWindows how many windows are to close
	// meanwhile and be committed, one reading of backlog each, as far as the scenario's own steady
	// allows it.
	probeSteady  = 3 * time.Second
	probeWindows = 10
	// probeWarmup is the discarded start of a probe of a system that compiles nothing while it runs.
	probeWarmup = time.Second
	// ceilingReach of the null ceiling is the highest rate a search tries.
	ceilingReach = 0.95
	// cutShort is the share of the events due that wait for the system when a probe's steady ends,
	// from which on the rest of the stream is not offered: the rate has failed.
	cutShort = 0.01
)

// firstRate is where a search begins: at the rate of event time, or where enough windows close in
// steady to see whether backlog grows, if that is higher.
func (s *Scenario) firstRate(w *workloads.Workload) float64 {
	rate := float64(s.Load.EventRate)
	if step := s.closing(w, rate); step > 0 && s.Load.Steady > 0 {
		rate = math.Max(rate, rate*probeWindows*step.Seconds()/s.Load.Steady.Seconds())
	}
	return rounded(rate)
}

// closing is the wall time between two windows that close at a rate; 0 where none do.
func (s *Scenario) closing(w *workloads.Workload, rate float64) time.Duration {
	step := windowStep(w)
	if w.Query.Window.Processing {
		return step
	}
	return time.Duration(float64(step) * float64(s.Load.EventRate) / rate)
}

// committing is the time between two commits before which nobody sees results; 0 where they do not
// leave the process of the tool.
func (s *Scenario) committing() time.Duration {
	if s.Load.Transport == adapters.Embedded {
		return 0
	}
	return s.Checkpoint
}

// probeTiming is the load of a first probe at a rate.
func (s *Scenario) probeTiming(sys System, w *workloads.Workload, rate float64) timing {
	reading := max(s.closing(w, rate), s.committing())
	t := timing{
		pacer: workloads.Constant(uint64(rate)), warmup: s.Load.Warmup.For, drain: s.Load.Drain,
		steady: max(probeSteady, min(s.Load.Steady, probeWindows*reading)),
	}
	switch {
	case sys.Name == native:
		t.warmup = probeWarmup
	case s.Load.Warmup.Auto:
		t.warmup = 10 * time.Second
	}
	return t
}

// capacity is the bracket of a system: that of an earlier run, or the answer of a search made now.
// The search is part of the record, as is the rate the repetitions are offered by it.
func (r *run) capacity(ctx context.Context, sys System) record.Bracket {
	label := sys.Label()
	q := &quest{sys: sys, start: r.req.Scenario.firstRate(r.bound)}
	rate, _ := r.req.Scenario.Load.Rate.searching()
	b, known := r.req.Capacity[label]
	switch {
	case known:
	case rate.Estimate > 0:
		b = r.estimate(ctx, sys, rate.Estimate)
	default:
		b = r.search(ctx, q)
	}
	if rate.Estimate == 0 {
		r.premium(ctx, q, &b)
	}
	if ctx.Err() != nil {
		return b
	}
	b.Limits, b.Offered = rate.limits(), 0
	if b.Unsettled == "" && b.Passed > 0 {
		b.Offered = rate.of(b)
	}
	r.journal.add(record.Entry{Kind: record.KindBracket, System: label, Bracket: &b})
	return b
}

// quest is what a search is about.
type quest struct {
	sys    System
	start  float64 // the first rate
	bare   bool    // without protection
	probes int     // so far
}

// search tries rates until it has a bracket. A system that cannot even be deployed is a gap.
//
// All its probes are answered by one deployment, if it is one that can stay up.
func (r *run) search(ctx context.Context, q *quest) record.Bracket {
	sys := q.sys
	if r.footing == nil {
		r.footing = r.stand()
		defer func() {
			r.footing.close()
			r.footing = nil
		}()
	}
	h := newHunt(q.start)
	if q.bare { // what does worse without protection has no premium
		h.least = rounded(bareLeast * q.start)
	}
	if r.ceiling > 0 { // the driver cannot offer more
		h.most = max(h.start, rounded(ceilingReach*r.ceiling))
	}
	b, err := h.run(func(rate float64, as trial) (record.Probe, error) {
		of := record.Repeat{System: sys.Label(), Rep: record.FirstProbe + q.probes}
		q.probes++
		t := r.req.Scenario.probeTiming(sys, r.bound, rate)
		if as == last {
			// A backlog that grows slowly, or a burst that comes seldom, is not seen in a few seconds.
			t.steady = max(t.steady, r.req.Scenario.Load.Steady)
		}
		p, err := r.probe(ctx, q, of, t)
		if err != nil {
			return p, err
		}
		p.Rate, p.Confirms, p.Unprotected = rate, as != first, q.bare
		r.journal.add(record.Entry{Kind: record.KindProbe, System: of.System, Rep: of.Rep, Probe: &p})
		return p, nil
	})
	var gap *gapError
	if errors.As(err, &gap) && !q.bare {
		r.gap(sys, gap.failure)
	}
	return b
}

// gap records that a system has no rate found because it cannot be deployed.
func (r *run) gap(sys System, f *record.Failure) {
	for _, of := range r.plan.Order {
		leg := r.req.Scenario.Load.Rate
		for _, one := range leg.Legs {
			if one.String() == of.Rate {
				leg = one
			}
		}
		if of.Base() == sys.Label() && of.Rep == 1 && leg.searches() {
			r.journal.add(record.Entry{Kind: record.KindError, System: of.System, Rep: 1, Error: f})
		}
	}
}

// gapError is a system that cannot be deployed.
type gapError struct{ failure *record.Failure }

func (e *gapError) Error() string { return e.failure.Text }

// probe carries out one repetition with a load and judges it as a report would.
func (r *run) probe(
	ctx context.Context, q *quest, of record.Repeat, t timing,
) (record.Probe, error) {
	w, err := r.watch()
	if err != nil {
		return record.Probe{}, err
	}
	defer w.end()
	rep := r.prepare(q.sys, of)
	if q.bare {
		w.manifest = bare(r.manifest, rep)
	}
	rep.journal = w.journal
	rep.timing = t
	rep.keep, rep.cutShort = false, cutShort
	var early *record.Probe
	rep.decided = func(end record.End) bool {
		w.entries = append(w.entries, record.Entry{System: of.System, Rep: of.Rep,
			Kind: record.KindEnd, End: &end})
		p := r.judge(w, w.soFar)
		w.entries = w.entries[:len(w.entries)-1]
		if p.Answer == record.ProbeFail {
			early = &p
		}
		return early != nil
	}
	rep.carryOut(ctx)
	if ctx.Err() != nil {
		return record.Probe{}, ctx.Err()
	}
	for _, e := range w.entries {
		if e.Error != nil && e.Error.Phase == record.PhaseDeploy {
			return record.Probe{}, &gapError{e.Error}
		}
	}
	if early != nil {
		return *early, nil
	}
	return r.judge(w, w.histograms), nil
}

// limits are those of the search.
func (r *run) limits() Limits {
	rate, _ := r.req.Scenario.Load.Rate.searching()
	return rate.limits()
}

// judge asks for the answer of a probe by the latencies that read gives.
func (r *run) judge(w *watch, read func() (*record.HistogramLog, error)) record.Probe {
	log, err := read()
	if err != nil {
		return record.Probe{Answer: record.ProbeInvalid, Reason: "latency-log", Text: err.Error()}
	}
	return summary.Probed(&w.manifest, w.entries, log, r.limits())
}

// watch is a journal that keeps what it is told, so that a repetition can be judged while the run
// goes on. Entries go to the run's own journal too; latencies stay here.
type watch struct {
	*journal
	run      *journal
	manifest record.Manifest // it is judged by
	entries  []record.Entry
	log      bytes.Buffer
	closed   bool
}

func (r *run) watch() (*watch, error) {
	w := &watch{run: r.journal, manifest: r.manifest}
	latency, err := record.NewHistograms(&w.log, r.journal.start)
	if err != nil {
		return nil, fmt.Errorf("watch a probe: %w", err)
	}
	w.journal = &journal{
		start: r.journal.start, latency: latency, cancel: r.journal.cancel, alone: r.journal.alone,
		spent: r.journal.spent, goneNs: r.journal.goneNs, sinks: []record.Sink{w},
	}
	return w, nil
}

// Add keeps an entry and hands it on.
func (w *watch) Add(e record.Entry) error {
	w.entries = append(w.entries, e)
	w.run.add(e)
	return nil
}

// soFar reads the latency log while it is being written.
func (w *watch) soFar() (log *record.HistogramLog, err error) {
	w.latency.Peek(func(end string) {
		body := append(bytes.Clone(w.log.Bytes()), end...)
		log, err = record.ReadHistograms(bytes.NewReader(body), record.LatencyFile)
	})
	return log, err
}

// histograms closes the latency log and reads it. Nothing is recorded any more.
func (w *watch) histograms() (*record.HistogramLog, error) {
	w.closed = true
	if err := w.latency.Close(); err != nil {
		return nil, err
	}
	return record.ReadHistograms(&w.log, record.LatencyFile)
}

// end hands what was spent back to the run.
func (w *watch) end() {
	w.run.spent, w.run.goneNs = w.journal.spent, w.journal.goneNs
	if !w.closed {
		_ = w.latency.Close() // into memory: it cannot fail, and nobody reads it
	}
}
