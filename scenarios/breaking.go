package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

const (
	// readiness is how long before its time a fault is made ready and the baseline is looked at: what
	// is left to do at its time is one call.
	readiness = 500 * time.Millisecond
	// leastAfter is what has to be left of steady when a fault at a milestone is injected.
	leastAfter = time.Second
)

// breaking carries out the schedule of a repetition in its steady phase, each fault by itself:
//
//	its time --------------+--> gate --> inject, witnessed --> for, restart --> heal
//	its milestone + delay -+      |                                              ^
//	                              shut: nothing more is injected                 |
//	steady has ended, or the repetition has failed: heal all at once ------------+
type breaking struct {
	of       *repetition
	schedule chaos.Schedule
	injector injector
	endNs    int64 // of steady, since T0
	gate     *calm

	ctx  context.Context // ends when everything is to be healed
	end  context.CancelFunc
	all  sync.WaitGroup
	once sync.Once

	mu      sync.Mutex
	broken  map[string]int // faults that keep a node broken, by its name
	shut    string         // why nothing more is injected; empty while faults are
	healing bool           // that it has ended is no reason to tell of
}

// breaks reports whether faults are to be injected into a repetition.
func (r *repetition) breaks() bool { return len(r.faults) > 0 && !r.plan.Twin }

// startBreaking draws the schedule and has its faults wait for their times.
func (r *repetition) startBreaking(ctx context.Context) error {
	if !r.breaks() {
		return nil
	}
	ground := chaos.Ground{
		Nodes: r.system.Nodes(), Seed: r.seed, From: time.Duration(r.timing.steadyFrom),
		Steady: r.timing.steadyEnd() - time.Duration(r.timing.steadyFrom), Safety: r.safety,
	}
	schedule, err := chaos.NewSchedule(r.faults, ground)
	if err != nil {
		return err
	}
	b := &breaking{
		of: r, schedule: schedule, endNs: int64(r.timing.steadyEnd()), broken: map[string]int{},
		gate: newCalm(r),
		injector: r.gear.injector(&chaos.Injector{
			System: r.system, Network: r.job.Network, Lease: r.job.Lease, Prober: r.witness,
			Now: r.load.NowNs, Poisoned: r.poisoned,
		}),
	}
	b.ctx, b.end = context.WithCancel(ctx)
	r.breaking = b
	r.noteSchedule(schedule.Faults)
	r.unrelayed()
	fromNs := r.timing.steadyFrom + int64(chaos.Baseline)
	for _, p := range schedule.Faults {
		wait := r.moments.Wait(p, fromNs)
		b.all.Go(func() { b.carry(p, wait) })
	}
	b.gate.start(b.ctx)
	return nil
}

// conclude is the last act of every schedule: everything is healed, and what follows has to
// converge. It returns when nothing is broken any more.
func (b *breaking) conclude() {
	b.mu.Lock()
	b.healing = true
	b.mu.Unlock()
	b.finish()
}

// finish heals whatever is still broken, on every path, and returns when all of it is; twice is
// harmless.
func (b *breaking) finish() {
	b.once.Do(func() {
		b.end()
		b.all.Wait()
		b.gate.stop()
	})
}

// carry takes one fault from its time to its end, and writes what became of it.
func (b *breaking) carry(p chaos.Planned, wait *chaos.Wait) {
	if wait != nil {
		defer wait.End()
	}
	if err := b.schedule.Lacking[p.ID]; err != nil {
		b.note(record.Fault{Unsupported: err.Error()}, p, wait)
		return
	}
	due, why := b.await(&p, wait)
	if due {
		why = b.admit(p)
	}
	switch {
	case why != "":
		b.note(record.Fault{Error: why}, p, wait)
		return
	case !due:
		return // the repetition has failed or was stopped, which is told elsewhere
	}
	defer b.release(p)
	f := b.injector.Inject(b.ctx, p)
	b.note(f, p, wait)
	if f.ActualNs > 0 {
		b.of.sawFault(p, f.ActualNs)
	}
	if f.Error == "" && f.Unsupported == "" {
		b.last(p, f)
	}
	healed := b.injector.Heal(context.WithoutCancel(b.ctx), p)
	if f.Unsupported == "" {
		b.note(healed, p, wait)
	}
}

// await waits until a fault is nearly due, readies it and sets its time; why says what became of
// one that does not come.
func (b *breaking) await(p *chaos.Planned, wait *chaos.Wait) (due bool, why string) {
	if wait == nil {
		if !b.sleepUntil(int64(p.At - readiness)) {
			return false, ""
		}
		return true, b.prepare(*p)
	}
	if why := b.prepare(*p); why != "" {
		return false, why
	}
	select {
	case p.At = <-wait.Due():
	case <-b.ctx.Done():
		if b.stopped() {
			return false, ""
		}
		return false, "its milestone never came in steady"
	}
	lasts, _ := p.Healed()
	if left := time.Duration(b.endNs) - p.At; left < max(lasts, leastAfter) {
		return false, fmt.Sprintf("its milestone came %s before steady ended, which is too late to "+
			"heal it in time: lengthen load.steady", formatDuration(left.Round(time.Millisecond)))
	}
	return true, ""
}

// prepare readies a fault; what cannot be readied is tried again when it is injected, and its error
// is that of the injection.
func (b *breaking) prepare(p chaos.Planned) (why string) {
	err := b.injector.Prepare(b.ctx, p)
	if err == nil || errors.Is(err, errors.ErrUnsupported) || b.ctx.Err() != nil {
		return ""
	}
	return err.Error()
}

// stopped reports whether the repetition has failed or was interrupted, in contrast to steady
// having come to its end.
func (b *breaking) stopped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.healing
}

// sleepUntil waits for a time since T0; false where everything is to be healed before.
func (b *breaking) sleepUntil(atNs int64) bool {
	timer := time.NewTimer(time.Duration(atNs - b.of.load.NowNs()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return b.ctx.Err() == nil
	case <-b.ctx.Done():
		return false
	}
}

// admit says why a fault is not injected: the baseline is not calm, or too many nodes would be
// broken at once. Poison is part of the stream already and is not held back.
func (b *breaking) admit(p chaos.Planned) (why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Verb == chaos.VerbPoison {
		return ""
	}
	if b.shut == "" {
		g := b.gate.open(p.ID)
		b.of.note(record.Entry{Kind: record.KindGate, Gate: &g})
		if !g.Open {
			b.shut = g.Why
		}
	}
	if b.shut != "" {
		return "not injected: " + b.shut
	}
	nodes := b.schedule.Broken[p.ID]
	n := len(nodes)
	for name := range b.broken {
		if !slices.ContainsFunc(nodes, func(o chaos.Node) bool { return o.Name == name }) {
			n++
		}
	}
	if most := b.of.safety.MaxNodes; most > 0 && n > most && len(nodes) > 0 {
		return fmt.Sprintf("not injected: %d nodes would be broken at once, safety.max-nodes is %d", n,
			most)
	}
	for _, node := range nodes {
		b.broken[node.Name]++
	}
	return ""
}

// release says that a fault keeps its nodes broken no more.
func (b *breaking) release(p chaos.Planned) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Verb == chaos.VerbPoison {
		return
	}
	for _, n := range b.schedule.Broken[p.ID] {
		if b.broken[n.Name]--; b.broken[n.Name] == 0 {
			delete(b.broken, n.Name)
		}
	}
}

// last waits until a fault is to be healed.
func (b *breaking) last(p chaos.Planned, f record.Fault) {
	lasts, ok := p.Healed()
	if !ok {
		<-b.ctx.Done()
		return
	}
	b.sleepUntil(max(f.ActualNs, int64(p.At)) + int64(lasts))
}

// note writes a fault with what its plan says of it.
func (b *breaking) note(f record.Fault, p chaos.Planned, wait *chaos.Wait) {
	f.ID, f.Text, f.Verb = p.ID, p.Text, string(p.Verb)
	if f.PlannedNs == 0 {
		f.PlannedNs = int64(p.At)
	}
	if f.Nodes == nil {
		f.Nodes = []string{}
		for _, n := range p.Picked {
			f.Nodes = append(f.Nodes, n.Name)
		}
	}
	if f.Plane == "" {
		f.Plane = b.of.plane
	}
	if wait != nil && wait.Phase() != "" {
		f.During = wait.Phase()
		f.Landed = f.ActualNs > 0 && wait.Landed(f.ActualNs)
	}
	b.of.note(record.Entry{Kind: record.KindFault, Fault: &f})
}
