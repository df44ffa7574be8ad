package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/streambench/streambench/adapters"
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

// hostError is about the host and not about the system.
type hostError struct{ error }

// Unwrap has it count as something that is not ready, without a word of brokers.
func (e hostError) Unwrap() []error { return []error{e.error, adapters.ErrNotReady} }

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

// equip gives a repetition whose nodes are processes or containers its lease, which comes before
// anything is started or made, its network and the folder its nodes write to.
func (r *repetition) equip(ctx context.Context) (err error) {
	if err := r.keepLogs(); err != nil {
		return err
	}
	if r.plane == "" && !r.contained() {
		if r.job.Transport == adapters.Log {
			r.job.StateDir = filepath.Join(r.spoolDir(), "state")
			return os.Mkdir(r.job.StateDir, 0o755)
		}
		return nil
	}
	name := fmt.Sprintf("%s-%s-%d", r.job.RunID, fileName(r.plan.System), r.plan.Rep)
	if r.lease, err = r.gear.lease(ctx, name); err != nil {
		r.lease = nil
		return hostError{fmt.Errorf("%w: set TMPDIR to a folder that only this user may write to", err)}
	}
	dir, err := filepath.Abs(r.dir)
	if err != nil {
		return fmt.Errorf("make folder for checkpoints: %w", err)
	}
	if err := r.journal.alone.hand(r.lease); err != nil {
		return err
	}
	state := filepath.Join(dir, chaos.NameFor(r.lease.Label(), "state"))
	for _, path := range []string{state, filepath.Join(dir, filepath.Base(r.spoolDir()))} {
		if _, err = r.lease.Add(chaos.Undo{Op: chaos.OpRemove, Path: path}); err != nil {
			return err
		}
	}
	r.job.Lease, r.job.StateDir, r.job.Milestone = r.lease, state, r.milestone
	if err := os.Mkdir(state, 0o755); err != nil {
		return fmt.Errorf("make folder for checkpoints: %w", err)
	}
	if r.plane == "" {
		return nil // what is in containers has a network of its own
	}
	if r.network, err = r.gear.network(ctx, r.plane, r.job.RunID, r.lease); err != nil {
		r.network = nil
		return fmt.Errorf("make network: %w", err)
	}
	r.job.Network = r.network
	return nil
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

// strip ends what a repetition was equipped with, its lease last, and records what the host still
// has of it.
func (r *repetition) strip(ctx context.Context) error {
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
	if r.lease == nil {
		return errors.Join(errs...)
	}
	r.journal.alone.takeBack()
	if r.lease.Lost() {
		r.warn(record.CodeLeaseLost, "this process stood still for so long that it was taken for dead: "+
			"what it had started and broken was undone while it measured")
	}
	// Its undos take away what is still there, the folder for checkpoints among it.
	if err := r.lease.Close(); err != nil && !r.lease.Lost() {
		errs = append(errs, err)
	}
	left, err := r.gear.residue(context.WithoutCancel(ctx), r.lease.Label())
	if err != nil {
		left = append(left, err.Error())
	}
	r.note(record.Entry{Kind: record.KindResidue, Residue: &record.Residue{
		Left: append([]string{}, left...),
	}})
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
