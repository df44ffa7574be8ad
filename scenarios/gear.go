package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// gear makes what breaks, sees and heals: processes and files of this host, or in tests what stands
// in for them.
type gear struct {
	lease    func(ctx context.Context, run string) (heldLease, error)
	network  func(ctx context.Context, plane, run string, l chaos.Lease) (chaos.Plane, error)
	prober   func(ctx context.Context, p chaos.Probing) (prober, error)
	injector func(*chaos.Injector) injector
	residue  func(ctx context.Context, label string) ([]string, error)
}

// heldLease is a lease that was opened and is to be closed.
type heldLease interface {
	chaos.Lease
	Lost() bool
	Close() error
}

// prober is a witness that was started and is to be ended.
type prober interface {
	chaos.Prober
	Close() error
}

// injector carries out planned faults.
type injector interface {
	Prepare(ctx context.Context, p chaos.Planned) error
	Inject(ctx context.Context, p chaos.Planned) record.Fault
	Heal(ctx context.Context, p chaos.Planned) record.Fault
}

// hostGear works on this host.
var hostGear = gear{
	lease: func(ctx context.Context, run string) (heldLease, error) {
		return chaos.OpenLease(ctx, run)
	},
	network: chaos.NewNetwork,
	prober: func(ctx context.Context, p chaos.Probing) (prober, error) {
		return chaos.NewProber(ctx, p)
	},
	injector: func(i *chaos.Injector) injector { return i },
	residue:  chaos.Residue,
}

// severs are the verbs that need edges which can be cut or slowed.
var severs = []chaos.Verb{chaos.VerbPartition, chaos.VerbLink, chaos.VerbLose}

// distributed reports whether nodes are processes of their own: where something is to break, or
// more than one worker was asked for.
func (s *Scenario) distributed() bool {
	return len(s.Faults) > 0 || slices.ContainsFunc(s.Systems, func(sys System) bool {
		return s.nodesOf(chaos.Worker, sys) > 1
	})
}

// plane is how nodes reach each other: the one asked for, else a relay where a fault needs edges it
// can cut, for what stands in the way costs something; empty where there is but one process.
func (r *run) plane() string {
	s := r.req.Scenario
	switch {
	case !s.distributed():
		return ""
	case r.req.Plane != "":
		return r.req.Plane
	}
	for _, d := range s.Faults {
		verbs := d.Verbs()
		if d.Random != nil {
			verbs = d.Random.Draws()
		}
		if slices.ContainsFunc(verbs, func(v chaos.Verb) bool { return slices.Contains(severs, v) }) {
			return chaos.PlaneRelay
		}
	}
	return chaos.PlaneDirect
}

// openLease opens the lease of a run whose nodes are processes, before anything is started or made,
// and makes the folder that nodes write to.
func (r *run) openLease(ctx context.Context) (err error) {
	if !r.req.Scenario.distributed() {
		return nil
	}
	if r.lease, err = r.req.gear.lease(ctx, filepath.Base(r.dir)); err != nil {
		return notReady("begin run: %w", err)
	}
	dir, err := filepath.Abs(r.dir)
	if err != nil {
		return notReady("begin run: %w", err)
	}
	r.states = filepath.Join(dir, chaos.NameFor(r.lease.Label(), "state"))
	id, err := r.lease.Add(chaos.Undo{Op: chaos.OpRemove, Path: r.states})
	if err == nil {
		r.statesUndo = id
		err = os.Mkdir(r.states, 0o755)
	}
	if err != nil {
		return notReady("begin run: make folder for checkpoints: %w", err)
	}
	return nil
}

// leave ends the lease at the end of the plan, and records what the host still has of the run.
func (r *run) leave(ctx context.Context) {
	if r.lease == nil {
		return
	}
	label := r.lease.Label()
	if r.lease.Lost() {
		r.journal.add(record.Entry{Kind: record.KindWarning, Warning: &record.Warning{
			Code: record.CodeLeaseLost, Text: "this process stood still for so long that it was taken " +
				"for dead: what it had broken and started was undone while it measured",
		}})
	}
	if err := r.closeLease(); err != nil {
		r.journal.add(record.Entry{Kind: record.KindWarning, Warning: &record.Warning{
			Code: "lease", Text: err.Error(),
		}})
	}
	left, err := r.req.gear.residue(context.WithoutCancel(ctx), label)
	if err != nil {
		left = append(left, err.Error())
	}
	r.journal.add(record.Entry{Kind: record.KindResidue, Residue: &record.Residue{
		Left: append([]string{}, left...),
	}})
}

// closeLease removes what nodes wrote and ends the lease; twice is harmless.
func (r *run) closeLease() error {
	l := r.lease
	if l == nil {
		return nil
	}
	r.lease = nil
	errs := []error{os.RemoveAll(r.states)}
	if errs[0] == nil && r.statesUndo > 0 && !l.Lost() {
		errs = append(errs, l.Drop(r.statesUndo))
	}
	return errors.Join(append(errs, l.Close())...)
}

// equip gives a repetition its network and its folder, where its nodes are processes. What they are
// is in the lease before it is there.
func (r *repetition) equip(ctx context.Context) (err error) {
	if r.lease == nil {
		return nil
	}
	r.job.Lease, r.job.StateDir = r.lease, r.stateDir()
	if err := os.MkdirAll(r.job.StateDir, 0o755); err != nil {
		return fmt.Errorf("make folder for checkpoints: %w", err)
	}
	r.job.Milestone = r.milestone
	r.network, err = r.gear.network(ctx, r.plane, r.job.RunID, r.lease)
	if err != nil {
		r.network = nil
		return fmt.Errorf("make network: %w", err)
	}
	r.job.Network = r.network
	return nil
}

func (r *repetition) stateDir() string {
	return filepath.Join(r.states, fmt.Sprintf("%s-%d", fileName(r.plan.System), r.plan.Rep))
}

// station starts the witness of a repetition, once its nodes are there.
func (r *repetition) station(ctx context.Context) (err error) {
	if r.network == nil || !r.job.Broken {
		return nil
	}
	r.witness, err = r.gear.prober(ctx, chaos.Probing{
		Network: r.network, Nodes: r.system.Nodes(), Now: r.load.NowNs, Lease: r.lease,
	})
	if err != nil {
		r.witness = nil
		return fmt.Errorf("start the witness of faults: %w", err)
	}
	return nil
}

// strip ends what a repetition was equipped with, and removes what its nodes wrote.
func (r *repetition) strip() error {
	var errs []error
	if r.witness != nil {
		if err := r.witness.Close(); err != nil {
			errs = append(errs, fmt.Errorf("end the witness of faults: %w", err))
		}
	}
	if r.network != nil {
		if err := r.network.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close network: %w", err))
		}
	}
	if r.lease != nil {
		errs = append(errs, os.RemoveAll(r.stateDir()))
	}
	return errors.Join(errs...)
}

// arm gives a repetition the faults that are to break it, and the stream that their poison is in.
// Whether that can be bound was found out before the run began.
func (r *repetition) arm(faults []chaos.Declaration) {
	w, err := r.timing.poisoned(r.job.Workload, faults)
	if err != nil {
		panic(fmt.Sprintf("BUG: poison a stream that was checked: %v", err))
	}
	r.faults, r.job.Workload = faults, w
}
