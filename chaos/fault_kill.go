package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/streambench/streambench/reports/record"
)

// kill is the loud loss of nodes: the kernel closes their sockets, and peers see an end or a reset.
// The lease has no undo for it: a process that is gone leaves nothing.
type kill struct {
	planned Planned
	grip    grip
	away    absence
}

func newKill(p Planned) Fault { return &kill{planned: p} }

func (k *kill) prepare(_ context.Context, t Target) error {
	if err := k.away.possible(t, k.planned); err != nil {
		return err
	}
	return k.grip.take(t)
}

// Inject sends SIGKILL to every process of the nodes.
func (k *kill) Inject(_ context.Context, t Target) error {
	if err := k.grip.take(t); err != nil {
		return err
	}
	k.away.begin(t)
	return k.grip.signal(syscall.SIGKILL)
}

func (k *kill) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	return t.Prober.Await(ctx, Expectation{SinceNs: sinceNs, Gone: k.grip.processes()})
}

// Heal starts the nodes again, if they are to come back.
func (k *kill) Heal(ctx context.Context, t Target) error {
	err := k.away.end(ctx, t, k.planned)
	k.grip.release()
	return err
}

// absence is the time a node is away after it was killed, stopped or lost.
type absence struct{ nodes []Node }

// possible reports whether the nodes can be brought back as planned.
func (a *absence) possible(t Target, p Planned) error {
	if _, ok := t.System.(Restarter); !ok && p.Restart > 0 {
		return unsupported("the system cannot start a node again")
	}
	return nil
}

func (a *absence) begin(t Target) { a.nodes = append([]Node(nil), t.Picked...) }

// end starts again, once, the nodes that are away and are to come back. A node that lives is not
// away: it withstood, or was started by somebody else.
func (a *absence) end(ctx context.Context, t Target, p Planned) error {
	restarter, ok := t.System.(Restarter)
	if !ok || p.Restart <= 0 {
		a.nodes = nil
		return nil
	}
	var failed []error
	var left []Node
	for _, n := range a.nodes {
		if living(t.System, n.Name) {
			continue
		}
		if err := restarter.Restart(ctx, n.Name, p.Wipe || p.Verb == VerbLose); err != nil {
			failed = append(failed, fmt.Errorf("restart %s: %w", n.Name, err))
			left = append(left, n)
		}
	}
	a.nodes = left
	return errors.Join(failed...)
}

// living reports whether a node of this host has a process that has not ended.
func living(s System, node string) bool {
	hosted, ok := s.(Hosted)
	if !ok {
		return false
	}
	p, ok := hosted.Process(node)
	return ok && p.Alive()
}
