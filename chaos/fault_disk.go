package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// TrialBytes is how much TryDisk writes and syncs: enough for a rate to be felt.
const TrialBytes = 64 << 10

// disk makes the disk of a node a bad one. It is bad for the node's own writes alone, by the hand of
// the node itself, so that nothing is left of it once the node is gone.
type disk struct {
	planned Planned
	before  time.Duration // a trial took, while the disk was good
	tried   bool
	bad     bool
}

func newDisk(p Planned) Fault { return &disk{planned: p} }

// prepare tries the good disk, to know what a bad one has to be told from.
func (d *disk) prepare(ctx context.Context, t Target) error {
	disker, ok := t.System.(Disker)
	if !ok {
		return unsupported("the system has no disk that can be made a bad one")
	}
	if d.tried {
		return nil
	}
	took, err := disker.TryDisk(ctx, t.Picked[0].Name)
	if err != nil {
		return fmt.Errorf("try the good disk of %s: %w", t.Picked[0].Name, err)
	}
	d.before, d.tried = took, true
	return nil
}

// Inject makes the disks bad.
func (d *disk) Inject(ctx context.Context, t Target) error {
	if err := d.prepare(ctx, t); err != nil {
		return err
	}
	d.bad = true
	for _, n := range t.Picked {
		if err := t.System.(Disker).SetDisk(ctx, n.Name, d.planned.Disk); err != nil {
			return fmt.Errorf("make the disk of %s bad: %w", n.Name, err)
		}
	}
	return nil
}

// witness tries the disk as the node has it now.
func (d *disk) witness(ctx context.Context, t Target, _ int64) record.Witness {
	w := record.Witness{Holds: true}
	for _, n := range t.Picked {
		took, err := t.System.(Disker).TryDisk(ctx, n.Name)
		saw, missing := d.judge(took, err)
		if missing != "" {
			w.Holds, w.Missing = false, n.Name+": "+missing
		}
		if saw != "" {
			w.Evidence = append(w.Evidence, n.Name+": "+saw)
		}
	}
	w.AtNs = t.now()
	return w
}

// judge says what a trial has shown, or what it should have.
func (d *disk) judge(took time.Duration, err error) (saw, missing string) {
	k := d.planned.Disk
	full := errors.Is(err, syscall.ENOSPC) ||
		err != nil && strings.Contains(err.Error(), syscall.ENOSPC.Error())
	trial := fmt.Sprintf("a write of %d KiB and its sync took %s, before %s", TrialBytes>>10,
		took.Round(time.Microsecond), d.before.Round(time.Microsecond))
	switch {
	case k.Full && full:
		return "a write failed for want of space", ""
	case k.Full:
		return trial, "a write did not fail"
	case err != nil:
		return "", "the trial failed: " + err.Error()
	case k.Lie:
		// What a sync that lies has not done shows only once the node is killed.
		return trial, "that a sync did nothing cannot be seen before the node is killed"
	}
	least := k.Slow
	if k.Rate > 0 {
		least = time.Duration(float64(TrialBytes*8) / float64(k.Rate) * float64(time.Second))
	}
	switch {
	case took < least*9/10:
		return trial, fmt.Sprintf("it did not take %s", least)
	case took < d.before*3/2:
		return trial, "it took no longer than before"
	}
	return trial, ""
}

// Heal makes the disks good ones. A node that is gone has none.
func (d *disk) Heal(ctx context.Context, t Target) error {
	if !d.bad {
		return nil
	}
	for _, n := range t.Picked {
		if _, hosted := t.System.(Hosted); hosted && !living(t.System, n.Name) {
			continue
		}
		if err := t.System.(Disker).SetDisk(ctx, n.Name, Disk{}); err != nil {
			return fmt.Errorf("make the disk of %s good: %w", n.Name, err)
		}
	}
	d.bad = false
	return nil
}
