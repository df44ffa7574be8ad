package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// RunRequest says what to run, with what and where to.
type RunRequest struct {
	Scenario *Scenario // sound, with every default
	// Systems finds the adapter of a system by its name.
	Systems func(name string) (adapters.Adapter, bool)
	// Transports finds a transport by its name; the embedded one needs none.
	Transports func(name string) (adapters.Transport, bool)
	Dir        string        // the folder that run folders are made in
	Sinks      []record.Sink // get every entry beside the record file
	// Command, Version and Commit are for the manifest.
	Command         []string
	Version, Commit string
	KeepResults     bool // write every result to results.jsonl
	// Capacity are brackets of earlier runs under like conditions, by the label of the system: a
	// rate that is to be found is taken from there and not searched.
	Capacity map[string]record.Bracket

	// Plane is how nodes that are processes reach each other, as chaos.NewNetwork names it; empty
	// for the simplest that the faults allow.
	Plane string
	// Untwinned leaves the twins out of the plan: what faults cost is then held against the
	// baseline before them alone.
	Untwinned bool

	// Null finds the null ceiling, which claims are held against.
	Null Null

	// Drivers are those of other processes that offer the load; nil where this one does.
	Drivers *Drivers

	// canaryNap is how the canary sleeps; nil for the kernel's sleep. Virtual time cannot see that.
	canaryNap func(time.Duration)
	// used tells what this process has used; nil for the operating system's word.
	used func() usage
	// gear makes what breaks and heals; nil for this host's.
	gear *gear
	// firstDrain is the least that the first drain of an estimate holds; 0 for what suits.
	firstDrain uint64
	// free is the room on the disk of a folder; nil for the operating system's word.
	free func(dir string) (uint64, error)
}

// Outcome says what a run left behind.
type Outcome struct {
	ID  string // name of the run folder
	Dir string // its path
	// Interrupted says that the run ended before its plan did; its record is partial.
	Interrupted bool
}

// run is a run under way.
type run struct {
	req     RunRequest
	plan    Plan
	bound   *workloads.Workload
	pacer   workloads.Pacer // nil at rate max, and where the rate is found by the run
	ceiling float64         // events/s; 0 where it is not known
	found   map[string]record.Bracket
	footing *footing // between repetitions; nil where each has a deployment of its own
	dir     string
	journal *journal

	manifest record.Manifest
	// jars are the digests of the jobs that users brought, by path.
	jars map[string]string
}

// Run carries out the plan of a scenario and records it in a new folder. A system that fails is an
// entry of the record and no error. The error is a *NotReadyError where nothing was started or the
// record could not be written, and wraps context.Canceled where ctx was cancelled; the outcome then
// names the folder if there is one.
func Run(ctx context.Context, req RunRequest) (out Outcome, err error) {
	if req.gear == nil {
		req.gear = &hostGear
	}
	r := &run{req: req, plan: NewPlan(req.Scenario)}
	if req.Untwinned {
		r.plan = r.plan.untwinned()
	}
	if err := r.ready(); err != nil {
		return out, err
	}
	if err := r.settle(); err != nil {
		return out, err
	}
	start := time.Now()
	if d := req.Drivers; d != nil {
		start = d.Start // its name is known beforehand
	}
	_, absent := os.Stat(req.Dir)
	id, err := makeRunDir(req.Dir, req.Scenario.Name, start)
	if err != nil {
		return out, err
	}
	r.dir = filepath.Join(req.Dir, id)
	if req.Scenario.Deployment == deployOnce {
		r.footing = r.stand()
		defer r.footing.close()
	}
	if err := r.begin(ctx, id, start); err != nil {
		r.footing.close() // before the folder goes that the logs of brokers go to
		os.RemoveAll(r.dir)
		if absent != nil {
			os.Remove(req.Dir) // it was made for this run; nothing else is in it
		}
		return out, err
	}
	out = Outcome{ID: id, Dir: r.dir}
	err = r.record(ctx, start)
	out.Interrupted = ctx.Err() != nil
	return out, errors.Join(err, linkLatest(req.Dir, id))
}

// begin finds out what the run is to be read with, and writes it down.
func (r *run) begin(ctx context.Context, id string, start time.Time) error {
	if err := r.measureCeiling(ctx); err != nil {
		return err
	}
	if err := r.writeHead(id, start); err != nil {
		return notReady("begin run: %w", err)
	}
	return nil
}

// measureCeiling finds the null ceiling, before anything else is under way. A run without one has
// no headroom, and says why; brokers that no ceiling can be measured over carry no run either.
func (r *run) measureCeiling(ctx context.Context) error {
	n, s := r.req.Null, r.req.Scenario
	if n.Adapter == nil {
		return nil
	}
	if r.footing != nil {
		n.carried = r.footing.carried
	}
	c, err := n.known(ctx, s)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.ceiling = c.EventsPerS
	if errors.Is(err, adapters.ErrNotReady) {
		return notReady("%w", err)
	}
	if err != nil {
		r.plan.Warnings = append(r.plan.Warnings, err.Error())
	}
	return nil
}

// Ready says what a run of a sound scenario lacks: a system or a transport that is not there, or
// one that cannot answer the query exactly. The error is a *NotReadyError; nil if nothing is
// lacking.
func Ready(req RunRequest) error { return (&run{req: req}).ready() }

// ready finds out whether everything the plan needs is there.
func (r *run) ready() (err error) {
	s := r.req.Scenario
	if gaps := s.NotYet(); len(gaps) > 0 {
		return notReady("%s", strings.Join(gaps, "\n"))
	}
	if r.bound, err = s.Bind(); err != nil {
		return notReady("%w", err)
	}
	if !s.Load.Rate.searches() && s.Load.Rate.Legs == nil {
		if r.pacer, err = s.Pacer(); err != nil {
			return notReady("%w", err)
		}
	}
	transport, err := r.transport()
	if err != nil {
		return err
	}
	if err := r.req.Drivers.fit(s, transport); err != nil {
		return err
	}
	for _, sys := range s.Systems {
		a, ok := r.req.Systems(sys.Name)
		if !ok {
			return notReady("run %s: this build has no such system: leave it out with --on",
				sys.Name)
		}
		job := r.job(sys)
		if job.Workload, err = r.poisoned(); err != nil {
			return notReady("%w", err)
		}
		if err := a.Supports(job); err != nil {
			return notReady("%w", err)
		}
		if err := r.room(job); err != nil {
			return notReady("%w", err)
		}
		if transport == nil {
			continue
		}
		if err := transport.Supports(job); err != nil {
			return notReady("%w", err)
		}
	}
	return nil
}

// poisoned is the workload as it is where something breaks. Where the rate is still to be found, so
// is where its poison goes, but not what a system has to be able to do with it.
func (r *run) poisoned() (*workloads.Workload, error) {
	s := r.req.Scenario
	t := timing{pacer: r.pacer, warmup: s.Load.Warmup.For}
	if t.pacer == nil {
		t.pacer = workloads.Constant(1)
	}
	return t.poisoned(r.bound, s.Faults)
}

// transport finds the transport of the scenario; nil where it is embedded in the system.
func (r *run) transport() (adapters.Transport, error) {
	name := r.req.Scenario.Load.Transport
	if name == adapters.Embedded {
		return nil, nil
	}
	if r.req.Transports != nil {
		if t, ok := r.req.Transports(name); ok {
			return t, nil
		}
	}
	return nil, notReady("run over %s: this build has no such transport: "+
		"--set load.transport=embedded and leave broker and partitions out", name)
}

// job is what a system of the scenario is asked to run.
func (r *run) job(sys System) adapters.Job {
	s := r.req.Scenario
	workers := s.Resources.Workers
	if sys.Workers > 0 {
		workers = sys.Workers
	}
	return adapters.Job{
		RunID: filepath.Base(r.dir), Workload: r.bound, Transport: s.Load.Transport,
		Format: s.Load.Format, Guarantee: s.Guarantee, Checkpoint: s.Checkpoint,
		Workers: workers, WorkerCPUs: slotsOf(s.Resources.Worker.CPUs),
		MemoryB: uint64(s.Resources.Worker.Memory), Broker: s.brokers(),
		Settings: sys.Config, Profile: s.Profile, Broken: len(s.Faults) > 0,
		Own:        adapters.Own{Image: sys.Image, Jar: sys.Jar, Main: sys.Main, At: sys.At},
		Linger:     s.Load.Linger,
		Partitions: s.Load.Partitions, StallSink: s.Mode.Name == record.ModeBackpressure,
	}
}

// unlessNone is a duration as scenarios write it; empty for none.
func unlessNone(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return formatDuration(d)
}

// brokers are those of the transport.
func (s *Scenario) brokers() adapters.Broker {
	b := s.Load.Broker
	return adapters.Broker{
		At: b.At, TLS: b.TLS, SASL: b.SASL, Nodes: s.Resources.Brokers,
		CPUs: float64(s.Resources.Broker.CPUs), MemoryB: uint64(s.Resources.Broker.Memory),
	}
}

// shards is how many threads offer events: the system's own where the transport is embedded. Else
// it is one: a partition then holds its events in the order of the schedule. Were there several,
// one that the host held up would bring events later than their watermark allows for.
func (r *run) shards(job adapters.Job) int {
	if job.Transport == adapters.Embedded {
		return job.Workers * job.WorkerCPUs
	}
	return 1
}

// slotsOf is the number of threads a process has for its cores.
func slotsOf(c Cores) int { return max(1, int(math.Ceil(float64(c)))) }

// writeHead writes what is known before the first repetition, the lock first.
func (r *run) writeHead(id string, start time.Time) error {
	s := r.req.Scenario
	if err := record.WriteFile(filepath.Join(r.dir, record.LockFile), s.Lock()); err != nil {
		return err
	}
	r.manifest = record.Manifest{
		Schema: record.ManifestSchema, ID: id, Scenario: s.Name, Start: start.UTC(),
		Command: r.req.Command, Version: r.req.Version, Commit: r.req.Commit,
		GoVersion: runtime.Version(), LockHash: s.LockHash(), AnchorsHash: s.AnchorsHash(),
		StreamDigest: r.bound.Digest(), Host: readHost(), Conditions: r.conditions(),
		Limits: s.SLO, Claim: r.claim(),
	}
	body, err := json.MarshalIndent(r.manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	return record.WriteFile(filepath.Join(r.dir, record.ManifestFile), append(body, '\n'))
}

// claim is the guarantee that is tested, and of which systems a weaker one is.
func (r *run) claim() record.Claim {
	c := record.Claim{Guarantee: r.req.Scenario.Guarantee}
	for _, sys := range r.req.Scenario.Systems {
		a, _ := r.req.Systems(sys.Name)
		by, ok := a.(adapters.Claimant)
		if !ok {
			continue
		}
		if declared := by.Claim(r.job(sys)); declared != c.Guarantee {
			if c.Declared == nil {
				c.Declared = map[string]string{}
			}
			c.Declared[sys.Label()] = declared
		}
	}
	return c
}

// conditions are what every figure of the run must be read with.
func (r *run) conditions() record.Conditions {
	s := r.req.Scenario
	c := record.Conditions{
		Workload: s.Workload, Query: r.bound.Query.Name, Params: s.Params, Mode: s.Mode.Name,
		Transport: s.Load.Transport, Broker: s.Load.Broker.kind(), Partitions: s.Load.Partitions,
		Linger: unlessNone(s.Load.Linger), Format: s.Load.Format, Guarantee: s.Guarantee,
		Expect:     unlessOracle(s.Expect),
		Checkpoint: formatDuration(s.Checkpoint), Profile: s.Profile,
		Rate: s.Load.Rate.String(), RateMax: s.Load.Rate.Max, EventRate: uint64(s.Load.EventRate),
		Seed: s.Load.Seed, Warmup: formatDuration(s.Load.Warmup.For),
		Events: uint64(s.Load.Events), Workers: s.Resources.Workers,
		WorkerCPUs: float64(s.Resources.Worker.CPUs), DriverCPUs: float64(s.Resources.Driver.CPUs),
		Deployment: onceOnly(s.Deployment), Shared: r.plan.Shared, Ceiling: r.ceiling,
		Plane: r.plane(), Faults: s.faultLines(), Systems: r.declared(),
	}
	if s.Load.Warmup.Auto {
		c.Warmup = "auto"
	}
	if s.Load.Events == 0 {
		c.Steady = formatDuration(s.Load.Steady)
	}
	return c
}

// record opens the files of the record, goes through the plan and closes them on every path.
func (r *run) record(ctx context.Context, start time.Time) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	file, err := record.CreateWriter(filepath.Join(r.dir, record.RecordFile))
	if err != nil {
		return notReady("begin run: %w", err)
	}
	defer func() {
		if closed := file.Close(); !errors.Is(err, closed) { // it may be what ended the run
			err = errors.Join(err, closed)
		}
	}()
	log, err := os.Create(filepath.Join(r.dir, record.LatencyFile))
	if err != nil {
		return notReady("begin run: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	latency, err := record.NewHistograms(log, start)
	if err != nil {
		return notReady("begin run: %w", err)
	}
	defer func() { err = errors.Join(err, latency.Close()) }()
	mark, err := announce(os.TempDir())
	if err != nil {
		return notReady("begin run: %w", err)
	}
	defer mark.withdraw()
	r.journal = &journal{
		start: start, latency: latency, cancel: cancel, alone: mark,
		sinks: append([]record.Sink{file}, r.req.Sinks...),
	}
	return r.carryOut(ctx)
}

// carryOut goes through the repetitions of the plan in their order.
func (r *run) carryOut(ctx context.Context) error {
	j := r.journal
	j.add(record.Entry{Kind: record.KindPlan, Plan: &record.Plan{
		Schema: record.Schema, Scenario: r.plan.Scenario, Order: r.plan.Order,
		Systems:  r.plan.systems,
		Warnings: r.plan.Warnings,
	}})
	r.found = map[string]record.Bracket{}
	if r.footing == nil {
		r.findRates(ctx)
	}
	for _, of := range r.plan.Order {
		if ctx.Err() != nil {
			break
		}
		r.takeTurn(ctx, of)
	}
	r.footing.close() // before the end is told
	j.add(record.Entry{Kind: record.KindEnd, End: &record.End{Interrupted: ctx.Err() != nil}})
	return errors.Join(context.Cause(ctx))
}

// takeTurn carries out one repetition of the plan. Where a deployment stands, the rate of its
// system is found on it, when its turn has come.
func (r *run) takeTurn(ctx context.Context, of record.Repeat) {
	r.footing.turn(of.Base())
	if sys := r.systemOf(of); r.footing != nil && r.req.Scenario.Load.Rate.searches() {
		if _, known := r.found[sys.Label()]; !known {
			r.found[sys.Label()] = r.capacity(ctx, sys)
		}
	}
	if ctx.Err() != nil {
		return
	}
	if rep := r.repetition(of); rep != nil && r.first(ctx, rep) {
		rep.carryOut(ctx)
		r.outdone(rep)
		r.repair(ctx, rep)
	}
}

// stand is what is to stay up between repetitions, nothing of it up yet.
func (r *run) stand() *footing {
	return &footing{gear: r.req.gear, run: filepath.Base(r.dir), dir: r.dir}
}

// findRates finds the rate of every system where the scenario names none.
func (r *run) findRates(ctx context.Context) {
	s := r.req.Scenario
	if !s.Load.Rate.searches() {
		return
	}
	for _, sys := range s.Systems {
		if ctx.Err() == nil {
			r.found[sys.Label()] = r.capacity(ctx, sys)
		}
	}
}
