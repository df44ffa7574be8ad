package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// TrialBytes is how much Disker.TryDisk writes and syncs: enough for a rate to be felt.
const TrialBytes = 64 << 10

// trials is how often a disk is tried: a single write may be slow for reasons of its own.
const trials = 3

// disk makes the disk of a node a bad one. It is bad for the node's own writes alone, by the hand
// of the node itself, so that nothing is left of it once the node is gone.
type disk struct {
	planned Planned
	before  map[string]trial // by node, while the disk was good
	bad     bool
}

func newDisk(p Planned) Fault { return &disk{planned: p} }

// trial is what came of several writes that were synced.
type trial struct {
	took    time.Duration // the shortest
	longest time.Duration
	written uint64 // bytes that the kernel says the process has given to a disk meanwhile
	counted bool   // it says so
	err     error
}

// try has a node write and sync.
func (d *disk) try(ctx context.Context, t Target, node string) trial {
	var p Process
	if hosted, ok := t.System.(Hosted); ok {
		p, _ = hosted.Process(node)
	}
	var all trial
	from, before := writtenBytes(p)
	for range trials {
		took, err := t.System.(Disker).TryDisk(ctx, node)
		if err != nil {
			all.err = err
			return all
		}
		if all.took == 0 || took < all.took {
			all.took = took
		}
		all.longest = max(all.longest, took)
	}
	to, after := writtenBytes(p)
	all.written, all.counted = to-from, before && after
	return all
}

// prepare tries the good disk, to know what a bad one has to be told from.
func (d *disk) prepare(ctx context.Context, t Target) error {
	if _, ok := t.System.(Disker); !ok {
		return unsupported("the system has no disk that can be made a bad one")
	}
	if d.before != nil {
		return nil
	}
	before := map[string]trial{}
	for _, n := range t.Picked {
		before[n.Name] = d.try(ctx, t, n.Name)
		if err := before[n.Name].err; err != nil {
			return fmt.Errorf("try the good disk of %s: %w", n.Name, err)
		}
	}
	d.before = before
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

// witness tries the disk as the node has it now. Where a write is not as it was before, it was so
// since the write began.
func (d *disk) witness(ctx context.Context, t Target, _ int64) record.Witness {
	w := record.Witness{Holds: true, AtNs: t.now()}
	for _, n := range t.Picked {
		saw, missing := d.judge(d.before[n.Name], d.try(ctx, t, n.Name))
		if missing != "" {
			w.Holds, w.Missing = false, n.Name+": "+missing
		}
		if saw != "" {
			w.Evidence = append(w.Evidence, n.Name+": "+saw)
		}
	}
	return w
}

// judge says what trials have shown, or what they should have.
func (d *disk) judge(before, after trial) (saw, missing string) {
	full := errors.Is(after.err, syscall.ENOSPC) ||
		after.err != nil && strings.Contains(after.err.Error(), syscall.ENOSPC.Error())
	took := fmt.Sprintf("to write and sync %d KiB takes %s, before %s", TrialBytes>>10,
		after.took.Round(time.Microsecond), before.longest.Round(time.Microsecond))
	switch k := d.planned.Disk; {
	case k.Full && full:
		return "a write failed for want of space", ""
	case k.Full:
		return took, "a write did not fail"
	case after.err != nil:
		return "", "the trial failed: " + after.err.Error()
	case k.Lie:
		return judgeLie(before, after)
	case after.took < d.least()*9/10:
		return took, fmt.Sprintf("it does not take %s", d.least())
	case after.took < before.longest*3/2:
		return took, "it takes no longer than before"
	}
	return took, ""
}

// judgeLie believes the kernel: a sync that has succeeded while nothing was given to a disk is a
// lie.
func judgeLie(before, after trial) (saw, missing string) {
	switch {
	case !before.counted || !after.counted || before.written == 0:
		return "", "the kernel does not count what the node writes to this disk"
	case after.written > 0:
		return "", fmt.Sprintf("%d bytes were given to the disk", after.written)
	}
	return fmt.Sprintf("%d writes were synced and nothing was given to the disk", trials), ""
}

// least is how long a trial takes on the disk that was asked for.
func (d *disk) least() time.Duration {
	if rate := d.planned.Disk.Rate; rate > 0 {
		return time.Duration(float64(TrialBytes*8) / float64(rate) * float64(time.Second))
	}
	return d.planned.Disk.Slow
}

// writtenBytes is what a process has given to disks, ever, by the kernel's account.
func writtenBytes(p Process) (n uint64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.PID))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if count, found := strings.CutPrefix(line, "write_bytes: "); found {
			n, err := strconv.ParseUint(strings.TrimSpace(count), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
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
