package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// pressure takes processor or memory away from a node.
type pressure struct {
	planned  Planned
	grip     grip
	promises promises
	groups   []cgroup
	throttle *throttling
	before   uint64 // refusals of memory, of all groups, before
}

func newPressure(p Planned) Fault { return &pressure{planned: p} }

func (p *pressure) prepare(_ context.Context, t Target) error {
	if err := p.grip.take(t); err != nil {
		return err
	}
	if p.planned.Pressure.Memory == 0 {
		return nil
	}
	for _, h := range p.grip.leads() {
		if _, err := findCgroup(h.PID, "memory"); err != nil {
			return err
		}
	}
	return nil
}

// Inject gives each node a control group with a limit. Where none can be made, processors are taken
// by a throttle, and memory cannot be taken.
func (p *pressure) Inject(ctx context.Context, t Target) error {
	if err := p.prepare(ctx, t); err != nil {
		return err
	}
	controller, limit := "cpu", func(c cgroup) error { return c.quota(p.planned.Pressure.CPUs) }
	if p.planned.Pressure.Memory > 0 {
		controller = "memory"
		limit = func(c cgroup) error { return c.limit(p.planned.Pressure.Memory) }
	}
	err := p.confine(t, controller, limit)
	switch {
	case err == nil:
		return nil
	case controller == "memory":
		return unsupported("no control group for memory can be made here: %v", err)
	}
	if err := p.leave(ctx, t); err != nil {
		return err
	}
	return p.throttled(ctx, t)
}

// confine moves every node into a control group of its own.
func (p *pressure) confine(t Target, controller string, limit func(cgroup) error) error {
	if t.Lease == nil {
		return errors.New("without a lease no control group would be named after the run")
	}
	for node, root := range p.grip.roots {
		above, err := findCgroup(root.PID, controller)
		if err != nil {
			return err
		}
		c := above.below(NameFor(t.Lease.Label(), controller+"-"+node))
		if err := p.promises.add(t, Undo{Op: OpCgroup, Path: c.dir}); err != nil {
			return err
		}
		p.groups = append(p.groups, c)
		if err := c.make(controller); err != nil {
			return err
		}
		if err := limit(c); err != nil {
			return err
		}
		members, err := family(root)
		if err != nil {
			return err
		}
		if err := c.enter(members); err != nil {
			return err
		}
		if n, ok := refused(root.PID); ok {
			p.before += n
		}
	}
	return nil
}

// leave takes the control groups away.
func (p *pressure) leave(ctx context.Context, t Target) error {
	var failed []error
	for _, c := range p.groups {
		u := Undo{Op: OpCgroup, Path: c.dir}
		failed = append(failed, undo(ctx, t.Lease.Label(), u))
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	p.groups = nil
	return p.promises.drop(t)
}

// throttled has a helper stop the processes for a part of every period.
func (p *pressure) throttled(ctx context.Context, t Target) error {
	for _, process := range p.grip.processes() {
		if err := p.promises.add(t, Undo{Op: OpContinue, Process: &process}); err != nil {
			return err
		}
	}
	var err error
	p.throttle, err = startThrottle(ctx, t, p.planned.Pressure.CPUs, p.grip.processes())
	if err != nil {
		return err
	}
	undo := Undo{Op: OpKill, Process: &p.throttle.process}
	if err := p.promises.add(t, undo); err != nil {
		return err
	}
	return p.throttle.begin()
}

func (p *pressure) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	if p.planned.Pressure.Memory == 0 {
		return t.Prober.Await(ctx, Expectation{SinceNs: sinceNs, Throttled: p.grip.processes()})
	}
	for {
		var now uint64
		for _, root := range p.grip.roots {
			if n, ok := refused(root.PID); ok {
				now += n
			}
		}
		if now > p.before {
			return record.Witness{Holds: true, AtNs: t.now(), Evidence: []string{
				fmt.Sprintf("the kernel refused memory beyond the limit %d times", now-p.before),
			}}
		}
		if pause(ctx, 20*time.Millisecond) != nil {
			return record.Witness{Missing: "the node asked for no memory beyond its limit"}
		}
	}
}

// Heal takes the limits away.
func (p *pressure) Heal(ctx context.Context, t Target) error {
	if p.throttle != nil {
		p.throttle.end()
		p.throttle = nil
		if err := p.grip.signal(syscall.SIGCONT); err != nil {
			return err
		}
	}
	if err := p.leave(ctx, t); err != nil {
		return err
	}
	p.grip.release()
	return nil
}

// throttling is the helper that takes processors away where no control group can be made.
type throttling struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	process Process
}

// startThrottle returns once the helper holds the processes; none is stopped before begin.
func startThrottle(
	ctx context.Context, t Target, cores float64, all []Process,
) (*throttling, error) {
	cmd, err := helper(throttleRole)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, throttleVariable+"="+formatThrottle(cores, all))
	if t.Lease != nil {
		cmd.Env = append(cmd.Env, t.Lease.Label())
	}
	h := &throttling{cmd: cmd}
	if h.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start throttle: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start throttle: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start throttle: %w", err)
	}
	err = awaitLine(ctx, stdout, ready)
	if err == nil {
		h.process, err = ProcessOf(cmd.Process.Pid)
	}
	if err != nil {
		h.end()
		return nil, fmt.Errorf("start throttle: %w", err)
	}
	return h, nil
}

func (h *throttling) begin() error {
	if _, err := fmt.Fprintln(h.stdin, "begin"); err != nil {
		return fmt.Errorf("begin to throttle: %w", err)
	}
	return nil
}

// end ends the helper, which has the processes run before it is gone.
func (h *throttling) end() {
	h.stdin.Close()
	patience := time.AfterFunc(2*time.Second, func() {
		_ = h.cmd.Process.Kill() // it may have ended just now
	})
	_ = h.cmd.Wait() // how it ended does not matter: the processes are told to run in any case
	patience.Stop()
}
