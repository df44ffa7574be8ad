package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// phase is a part of the life of a repetition.
type phase struct {
	name   string
	carry  func(*repetition, context.Context) error
	always bool
}

// phases is the life of a repetition. A phase that fails ends it; those marked always are gone
// through on every path, so that nothing stays behind.
var phases = []phase{
	{record.PhaseDeploy, (*repetition).deploy, false},
	{record.PhaseWarmup, (*repetition).warmup, false},
	{record.PhaseSteady, (*repetition).steady, false},
	{record.PhaseDrain, (*repetition).drain, false},
	{record.PhaseCheck, (*repetition).check, false},
	{record.PhaseClose, (*repetition).close, true},
}

// Exit codes a failed phase asks for.
const (
	exitNotReady     = 4 // a full disk, no broker: nothing to do with the system
	exitSystemFailed = 5 // the system failed outside a planned fault
	exitUntold       = 6 // nothing can be said
)

// repetition is one system in one block: what its phases hand on to each other.
type repetition struct {
	journal *journal
	plan    record.Repeat
	adapter adapters.Adapter
	// transport carries events and results; nil where it is embedded in the system.
	transport adapters.Transport
	shards    int          // threads that offer events
	job       adapters.Job // without load and collector until deploy
	timing    timing
	mode      Mode
	dir       string // of the run
	keep      bool   // write results.jsonl
	expect    string // what results are held against
	// lines is where the canonical lines of the results go, sorted; empty for nowhere.
	lines string
	// cutShort is the share of the events due that may wait for the system when steady ends, before
	// the rest of the stream is not offered; 0 for any.
	cutShort float64
	// decided is asked before the check whether the repetition needs none; nil for no.
	decided func(soFar record.End) bool

	t0        time.Time
	t0Ns      int64 // T0 on the run's clock
	load      *adapters.Load
	collector *collector
	checker   workloads.Checker
	series    *seriesSet
	channel   adapters.Channel // of transport, once deployed
	system    adapters.System
	ended     chan struct{} // closed when everything was answered, or something died
	endErr    error         // why it died; read after ended
	unsealed  string        // why results may still come, though all has ended; read after ended
	unwatch   func()        // ends what waits for ended
	sampler   *sampler
	canary    *canary
	nap       func(time.Duration) // of the canary
	used      func() usage        // by this process
	bounded   *bounded            // the same input, answered before
	elsewhere *elsewhere          // drivers of other processes; nil where this one drives
	drained   *drained            // an input that is all there before the system starts; nil for none
	replay    *replay             // the same input, answered again meanwhile
	unstall   func()              // ends a stall of the sink at once
	restore   func()              // lets the garbage collector work as before

	// What a repetition whose nodes are processes stands on; zero for one in this process.
	gear    *gear
	footing *footing // what stays up after it; nil for nothing
	plane   string   // empty for none of it
	lease   heldLease
	network chaos.Plane
	witness prober

	faults   []chaos.Declaration // to be injected; none in a twin
	safety   chaos.Safety
	seed     uint64
	moments  chaos.Moments
	breaking *breaking // from steady on
	healedNs int64     // when everything was healed, since T0; 0 = nothing was broken

	phase    atomic.Pointer[string]
	live     atomic.Pointer[adapters.System] // system, for those that watch while it is deployed
	events   uint64                          // slots in the stream, once known
	partOf   uint64                          // slots of the stream its events are from; 0 = this one
	drainGap string                          // why the drain was not conclusive
	end      record.End
	spent    spent           // so far, written and read by the sampler
	ledger   *record.Ledger  // once checked
	shared   map[string]bool // other runs already warned of
}

// carryOut goes through the phases. A system that fails is an entry of the record and no error:
// it must not stop the others.
func (r *repetition) carryOut(ctx context.Context) {
	resetPeak()
	var failed error
	through := phases
	if r.drained != nil {
		through = drainPhases
	}
	for _, p := range through {
		if failed != nil && !p.always {
			continue
		}
		r.enter(p.name)
		start := time.Now()
		if err := p.carry(r, ctx); err != nil {
			failed = errors.Join(failed, err)
			r.fail(ctx, p.name, err)
		}
		if p.name == record.PhaseDeploy {
			r.end.DeployNs = int64(time.Since(start))
		}
	}
	if failed != nil || r.drainGap != "" { // or what did not end may still be at work
		r.footing.failed(failed)
	}
	r.end.Interrupted = ctx.Err() != nil
	r.end.MemoryPeakB = readUsage().peakB
	r.note(record.Entry{Kind: record.KindEnd, End: &r.end})
}

// fail records why a phase failed. An interruption is no failure of the system's.
func (r *repetition) fail(ctx context.Context, phase string, err error) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	exit := exitSystemFailed
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, adapters.ErrNotReady} {
		if errors.Is(err, cause) {
			exit = exitNotReady
		}
	}
	r.note(record.Entry{Kind: record.KindError, Error: &record.Failure{
		Phase: phase, Text: err.Error(), Exit: exit,
	}})
}

// enter writes the entry of a phase that begins. The schedule times of warmup and steady are those
// the phases set before anything is due by them.
func (r *repetition) enter(name string) {
	r.phase.Store(&name)
	e := record.Phase{Name: name}
	if name == record.PhaseSteady || name == record.PhaseDrain {
		e.ScheduleNs = r.load.NowNs()
		if name == record.PhaseSteady {
			e.ScheduleNs = r.timing.steadyFrom
		}
		e.EventsDue = r.load.DueBy(e.ScheduleNs)
	}
	r.note(record.Entry{Kind: record.KindPhase, Phase: &e})
}

// note adds an entry of this repetition.
func (r *repetition) note(e record.Entry) {
	e.System, e.Rep = r.plan.System, r.plan.Rep
	r.journal.add(e)
}

// warn adds a warning of this repetition.
func (r *repetition) warn(code, format string, args ...any) {
	r.note(record.Entry{Kind: record.KindWarning, Warning: &record.Warning{
		Code: code, Text: fmt.Sprintf(format, args...),
	}})
}

// deploy builds everything that lasts for the repetition and starts the system, idle.
func (r *repetition) deploy(ctx context.Context) (err error) {
	r.load = adapters.NewLoad(r.timing.pacer, r.shards)
	if r.series, err = openSeries(r.journal.latency, r.plan, r.shards); err != nil {
		return err
	}
	for m := range r.shards {
		r.load.RecordLag(m, lag{set: r.series, shard: m})
	}
	if err := r.equip(ctx); err != nil {
		return err
	}
	spool := r.spoolDir()
	if err := os.Mkdir(spool, 0o755); err != nil {
		return fmt.Errorf("make spool folder: %w", err)
	}
	r.checker, err = newChecker(r.expect, r.job.Workload, spool, workloads.CheckerOptions{
		KeepRows:   r.keep || r.lines != "" || r.replay != nil,
		LastEvents: r.load.Paced(),
	})
	if err != nil {
		return fmt.Errorf("make checker: %w", err)
	}
	r.collector = newCollector(r.job.Workload, r.load, r.checker, r.series)
	r.collector.divide(r.job.Workers*r.job.WorkerCPUs, r.broken())
	r.job.Load, r.job.Collector = r.load, r.collector
	if err := r.connect(ctx); err != nil {
		return err
	}
	if r.drained != nil {
		return r.stand(ctx)
	}
	return r.begin(ctx)
}

// begin starts the system, and watches it from then on.
func (r *repetition) begin(ctx context.Context) error {
	s, err := r.launch(ctx)
	if err != nil { // and s may be a nil of the adapter's own type
		return fmt.Errorf("deploy %s: %w", r.plan.Base(), err)
	}
	r.system = s
	r.live.Store(&s)
	if err := r.readBack(ctx); err != nil {
		return err
	}
	if err := r.station(ctx); err != nil {
		return err
	}
	r.watch(ctx)
	return nil
}

// spoolDir is where results wait for the oracle. Where there is a lease, it removes the folder if
// the tool is killed.
func (r *repetition) spoolDir() string {
	if r.lease != nil {
		return filepath.Join(r.dir, chaos.NameFor(r.lease.Label(), "spool"))
	}
	return filepath.Join(r.dir, fmt.Sprintf("spool-%s-%d", fileName(r.plan.System), r.plan.Rep))
}

// warmup fixes T0 and waits until steady begins.
func (r *repetition) warmup(ctx context.Context) error {
	tm := &r.timing
	if !tm.auto {
		r.measureFrom(int64(tm.warmup))
		if n := tm.slots(r.job.Workload.Timeline.Groups); n > 0 {
			r.limit(n)
		}
	}
	if err := r.elsewhere.await(ctx, r); err != nil {
		return err
	}
	r.startClock()
	if !tm.auto {
		return r.until(ctx, tm.warmup)
	}
	return r.warmUntilSteady(ctx)
}

// startClock fixes T0: events are due from now on, and what is watched is watched.
func (r *repetition) startClock() {
	r.restore = restrainGC()
	r.t0, r.t0Ns = time.Now(), r.journal.now()
	if r.elsewhere != nil {
		apart := r.elsewhere.drivers.Start.Sub(r.t0)
		r.t0, r.t0Ns = r.t0.Add(apart), r.t0Ns+int64(apart)
	}
	r.series.t0Ns = r.t0Ns
	r.load.Begin(r.t0)
	r.canary = &canary{into: r.series.canary, now: r.journal.now, nap: r.nap}
	r.canary.start()
	r.sampler = startSampler(r)
}

// running is the system, nil before it was deployed. Any goroutine may ask.
func (r *repetition) running() adapters.System {
	if s := r.live.Load(); s != nil {
		return *s
	}
	return nil
}

// measureFrom says when steady begins, in time since T0.
func (r *repetition) measureFrom(ns int64) {
	r.timing.steadyFrom = ns
	r.load.MeasureFrom(ns)
	r.collector.measureFrom(ns)
}

func (r *repetition) limit(n uint64) {
	r.events = n
	r.load.Limit(n)
}

// warmUntilSteady waits until throughput and p99 show no change point, and ends the stream one
// steady phase later.
func (r *repetition) warmUntilSteady(ctx context.Context) error {
	err := r.sampler.awaitSteady(ctx)
	if errors.Is(err, errNeverSteady) {
		r.warn(record.CodeNoSteady, "warm-up never ended in a steady state within %s: "+
			"lower load.rate, or give load.warmup a fixed time", longestWarmup)
		err = nil
	}
	if err != nil {
		return err
	}
	r.measureFrom(r.load.NowNs())
	if r.load.Paced() {
		r.limit(r.timing.slots(r.job.Workload.Timeline.Groups))
	}
	return nil
}

// close removes what the repetition left, whatever it got to.
func (r *repetition) close(ctx context.Context) error {
	if r.breaking != nil {
		r.breaking.finish()
	}
	r.quiet()
	r.noteEvidence()
	r.dropLines()
	var errs []error
	if r.replay != nil {
		errs = append(errs, r.replay.close())
	}
	errs = append(errs, r.disconnect())
	if r.checker != nil {
		errs = append(errs, r.checker.Close())
	}
	errs = append(errs, os.RemoveAll(r.spoolDir()), r.strip(ctx))
	if r.series != nil {
		r.end.DroppedSamples, r.end.NegativeSamples = r.series.refused()
	}
	if r.collector != nil {
		r.end.Untimed = r.collector.untimed()
	}
	return errors.Join(errs...)
}

// otherNs is the processor time of what works in this process and is neither driver nor system of
// this repetition, nor the tool.
func (r *repetition) otherNs() int64 {
	if r.replay == nil {
		return 0
	}
	return r.replay.cpuNs()
}

// watchHost warns, once for each, of other runs on this host.
func (r *repetition) watchHost() {
	for _, pid := range r.journal.alone.others() {
		if r.shared[pid] {
			continue
		}
		if r.shared == nil {
			r.shared = map[string]bool{}
		}
		r.shared[pid] = true
		r.warn(record.CodeSharedHost, "another run (process %s) was on this host at the same time: "+
			"the figures of both are those of a crowded host", pid)
	}
}
