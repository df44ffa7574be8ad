package chaos

import (
	"context"
	"syscall"

	"github.com/streambench/streambench/reports/record"
)

// freeze, the verb pause, has nodes stand still. The kernel goes on acknowledging what they are
// sent, so nobody is told; when they go on, they believe what was true before.
type freeze struct {
	grip     grip
	promises promises
	promised []Process
}

func newPause(Planned) Fault { return &freeze{} }

// prepare promises in the lease to have the processes go on, before any stands still.
func (p *freeze) prepare(_ context.Context, t Target) error {
	if err := p.grip.take(t); err != nil {
		return err
	}
	return p.promise(t)
}

func (p *freeze) promise(t Target) error {
	now := p.grip.processes()
	if same(now, p.promised) {
		return nil
	}
	if err := p.promises.drop(t); err != nil {
		return err
	}
	for _, process := range now {
		if err := p.promises.add(t, Undo{Op: OpContinue, Process: &process}); err != nil {
			return err
		}
	}
	p.promised = now
	return nil
}

func same(a, b []Process) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].PID != b[i].PID || a[i].Start != b[i].Start {
			return false
		}
	}
	return true
}

// Inject stops every process of the nodes.
func (p *freeze) Inject(ctx context.Context, t Target) error {
	if err := p.prepare(ctx, t); err != nil {
		return err
	}
	return p.grip.signal(syscall.SIGSTOP)
}

func (p *freeze) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	return t.Prober.Await(ctx, Expectation{SinceNs: sinceNs, Stopped: p.grip.processes()})
}

// Heal has them go on.
func (p *freeze) Heal(_ context.Context, t Target) error {
	if err := p.grip.signal(syscall.SIGCONT); err != nil {
		return err
	}
	p.grip.release()
	p.promised = nil
	return p.promises.drop(t)
}
