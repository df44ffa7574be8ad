package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// replay is a second instance of the system, deployed while the first works on. It reads the input
// from its beginning: as fast as it can until it has caught up, then by the schedule.
//
//	load, T0 --> first instance --> collector --> results, sorted ------------------+
//	   \                               |                                           = ?
//	    same T0 --> second instance --> shadow --> results, sorted -----------------+
//	                 caught up: the view takes windows below S of the first, all others of the second
type replay struct {
	record.Replay
	of      *repetition
	dir     string             // for spools and lines
	events  uint64             // of the stream
	cancel  context.CancelFunc // nil until it was started
	done    chan struct{}      // closed when it has answered everything, has failed or was stopped
	err     error              // why it failed; read after done
	gap     string             // why its results may be incomplete; read after done
	load    *adapters.Load
	checker workloads.Checker
	shadow  *shadow
	outlet  adapters.Outlet // nil where the transport is embedded
	network chaos.Plane     // of the second instance; nil where nodes are not account

	mu     sync.Mutex
	system adapters.System // nil until deployed
	used   account
	spent  atomic.Int64 // processor time so far
}

func newReplay(of *repetition) *replay {
	return &replay{of: of, done: make(chan struct{})}
}

// start has the second instance deployed at the time the mode says.
func (p *replay) start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.events = cancel, p.of.events
	go func() {
		defer close(p.done)
		if err := p.run(ctx); err != nil && ctx.Err() == nil {
			p.err = fmt.Errorf("replay by a second %s: %w", p.of.plan.System, err)
		}
	}()
}

func (p *replay) run(ctx context.Context) error {
	timer := time.NewTimer(time.Duration(
		p.of.timing.steadyFrom + int64(p.of.mode.At) - p.of.load.NowNs()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := p.deploy(ctx); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- p.system.Wait(ctx) }()
	caught := p.shadow.caught
	for {
		select {
		case <-caught:
			caught = nil
			p.switchOver()
		case err := <-ended:
			if err != nil {
				return err
			}
			return p.seal(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deploy builds the second instance beside the first. Its load has the T0 of the first, so that
// everything that was due by now is due at once.
func (p *replay) deploy(ctx context.Context) (err error) {
	r := p.of
	p.FromNs = r.load.NowNs()
	p.dir = filepath.Join(r.spoolDir(), "replay")
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		return fmt.Errorf("make spool folder: %w", err)
	}
	w := r.job.Workload
	p.checker, err = w.NewChecker(p.dir, workloads.CheckerOptions{KeepRows: true})
	if err != nil {
		return fmt.Errorf("make checker: %w", err)
	}
	p.Projection = w.Query.Output.Kind == workloads.Upsert
	p.load = adapters.NewLoad(r.timing.pacer, r.shards)
	p.load.Limit(p.events)
	p.shadow = newShadow(w, p.load, p.checker)
	job := r.job
	job.RunID += ".shadow"
	job.Load, job.Collector = p.load, p.shadow
	if err := p.equip(ctx, &job); err != nil {
		return err
	}
	if r.channel != nil {
		p.load.Begin(r.t0)
		if job.Topics, err = p.connect(ctx, job); err != nil {
			return err
		}
	}
	s, err := r.adapter.Deploy(ctx, job)
	if err != nil {
		return fmt.Errorf("deploy: %w", err)
	}
	p.mu.Lock()
	p.system = s
	p.mu.Unlock()
	p.ReadyNs = r.load.NowNs()
	if r.channel == nil {
		p.load.Begin(r.t0)
	}
	return nil
}

// replayState is the second instance's folder in that of the first, which the lease removes.
const replayState = "replay"

// equip gives the second instance a network and a folder of its own, where the first has them.
func (p *replay) equip(ctx context.Context, job *adapters.Job) (err error) {
	r := p.of
	if r.network == nil {
		return nil
	}
	job.Milestone = nil // those of the record are of the first
	job.StateDir = filepath.Join(job.StateDir, replayState)
	if err := os.MkdirAll(job.StateDir, 0o755); err != nil {
		return fmt.Errorf("make folder for checkpoints: %w", err)
	}
	if p.network, err = r.gear.network(ctx, r.plane, job.RunID, r.lease); err != nil {
		p.network = nil
		return fmt.Errorf("make network: %w", err)
	}
	job.Network = p.network
	return nil
}

// connect readies the way of the results.
func (p *replay) connect(ctx context.Context, job adapters.Job) (*adapters.Topics, error) {
	c, ok := p.of.channel.(adapters.Shadowing)
	if !ok {
		return nil, fmt.Errorf("a %s transport carries no second system: %w", job.Transport,
			errors.ErrUnsupported)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestConnect,
		fmt.Errorf("not ready within %s: %w", longestConnect, adapters.ErrNotReady))
	defer cancel()
	o, err := c.Shadow(ctx, job)
	if err != nil {
		return nil, fmt.Errorf("ready its topics: %w", timely(ctx, err))
	}
	p.outlet = o
	return o.Topics(), nil
}

// switchOver settles from which window on the view takes its results of the second instance: the
// first that begins when all events before it have been due. Without one before the end of the
// stream there is nothing to switch to.
func (p *replay) switchOver() {
	p.CPUNs = p.cpuNs()
	if p.Projection {
		return // each account is rebuilt as a whole
	}
	w, due := p.of.job.Workload, p.load.DueBy(p.of.load.NowNs())
	at := due
	if w.Query.OneEach() {
		groups := max(w.Timeline.Groups, 1)
		at = (due + groups - 1) / groups * groups
		p.Switch = int64(at)
	} else {
		p.Switch = boundaryAfter(w, w.Timeline.PlaceMs(due)+w.Timeline.LeadMs)
		at = w.Timeline.FirstAt(p.Switch)
	}
	if at < p.events {
		p.SwitchNs = max(p.load.DueNs(at), p.shadow.caughtNs)
	}
}

// boundaryAfter is the first start of a window after an event time; sessions have no grid, so any
// time will do.
func boundaryAfter(w *workloads.Workload, ms int64) int64 {
	step := int64(1)
	if k := w.Query.Window.Kind; k == workloads.Tumbling || k == workloads.Hopping {
		step = windowStep(w).Milliseconds()
	}
	return (ms/step + 1) * step
}

// seal has the last results collected.
func (p *replay) seal(ctx context.Context) error {
	if p.outlet == nil {
		return nil
	}
	err := p.outlet.Seal(ctx)
	if errors.Is(err, adapters.ErrUnsealed) {
		p.gap = err.Error()
		return nil
	}
	return err
}

// cpuNs is the processor time of the second instance and its driver so far.
func (p *replay) cpuNs() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.system == nil {
		return 0
	}
	ns, _ := p.used.used(p.system)
	if m, ok := p.system.(adapters.Metered); ok {
		ns += m.Meter().BusyNs
	}
	ns += p.load.Account(p.load.NowNs()).DriverNs
	p.spent.Store(ns)
	return ns
}

// moved changes with everything the second instance takes or answers.
func (p *replay) moved() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.system == nil {
		return 0
	}
	return p.shadow.taken.Load() + p.load.Account(p.load.NowNs()).Accepted
}

// stop ends the second instance and returns when it hands on no more results; twice is harmless.
func (p *replay) stop() error {
	if p.cancel == nil {
		return nil
	}
	p.cancel()
	<-p.done
	var errs []error
	if p.system != nil {
		p.cpuNs()
		if err := p.system.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close the second %s: %w", p.of.plan.System, err))
		}
	}
	if p.outlet != nil {
		if err := p.outlet.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close topics of the second %s: %w", p.of.plan.System, err))
		}
	}
	if p.network != nil {
		if err := p.network.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close network of the second %s: %w", p.of.plan.System, err))
		}
		p.network = nil
		errs = append(errs, os.RemoveAll(filepath.Join(p.of.job.StateDir, replayState)))
	}
	return errors.Join(errs...)
}

// close ends it and removes what it spooled.
func (p *replay) close() error {
	err := p.stop()
	if p.checker != nil {
		err = errors.Join(err, p.checker.Close())
	}
	return err
}
