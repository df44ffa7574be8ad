package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/streambench/streambench/chaos"
)

// Container is a node.
type Container struct {
	d       *Deployment
	name    string // as the engine calls it
	spec    Spec
	address netip.Addr
	ports   map[int]int // of the container -> of 127.0.0.1
	volume  string
	gone    func() error // tells the lease

	removal sync.Once
	removed error

	mu     sync.Mutex
	killed bool   // by us
	since  string // when it had ended before it was started last; "" for never
	id     string // as the engine calls it, too
	pid    int    // of its first process, on the engine's host; 0 where it does not run
	used   life
}

// Name is that of the node.
func (c *Container) Name() string { return c.spec.Name }

// Node is the container as faults and figures know it.
func (c *Container) Node() chaos.Node { return chaos.Node{Name: c.spec.Name, Role: c.spec.Role} }

// IP is its address on the network. On Linux this host reaches it there.
func (c *Container) IP() string { return c.address.String() }

// Endpoint is where this host reaches a published port: 127.0.0.1:PORT.
func (c *Container) Endpoint(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.ports[port]))
}

// Inside is where the containers of the network reach a port: NAME:PORT.
func (c *Container) Inside(port int) string {
	return net.JoinHostPort(c.spec.Name, strconv.Itoa(port))
}

// Running says why the container does not run, with the last lines of its log; nil where it does.
func (c *Container) Running(ctx context.Context) error {
	if err := c.running(ctx); err != nil {
		return fmt.Errorf("%s: %w", c.spec.Name, err)
	}
	return nil
}

func (c *Container) running(ctx context.Context) error {
	state, err := c.state(ctx)
	if err != nil || state.Running {
		return err
	}
	return fmt.Errorf("the container %s%s", c.end(state), c.lastLines())
}

// end says how a container has ended.
func (c *Container) end(s *container.State) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	const killedBySignal = 128 + 9
	switch {
	case s.OOMKilled:
		return fmt.Sprintf("was killed as it used more memory than its limit, %d MiB",
			c.spec.MemoryB>>20)
	case s.ExitCode == killedBySignal && !c.killed:
		return "was killed (exit code 137): by somebody, or as the host had no memory left"
	case s.Error != "":
		return fmt.Sprintf("ended with exit code %d: %s", s.ExitCode, s.Error)
	}
	return fmt.Sprintf("ended with exit code %d", s.ExitCode)
}

func (c *Container) state(ctx context.Context) (*container.State, error) {
	r, err := c.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if r.State == nil {
		return nil, errors.New("the engine tells no state of its container")
	}
	return r.State, nil
}

// inspect asks the engine. One that does not answer is to blame itself.
func (c *Container) inspect(ctx context.Context) (container.InspectResponse, error) {
	r, err := c.d.engine.cli.ContainerInspect(ctx, c.name, client.ContainerInspectOptions{})
	if err != nil && ctx.Err() == nil {
		err = unready("look at its container", err, remedyFor(err))
	}
	return r.Container, err
}

// look notes what is known of a container only once it was started.
func (c *Container) look(ctx context.Context) error {
	r, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = r.ID
	if c.pid = 0; r.State != nil {
		c.pid = r.State.Pid
	}
	return nil
}

// Stop asks the container to end, and kills it after ten seconds.
func (c *Container) Stop(ctx context.Context) error {
	c.ending()
	_, err := c.d.engine.cli.ContainerStop(ctx, c.name, client.ContainerStopOptions{})
	if err != nil {
		return fmt.Errorf("stop %s: %w", c.spec.Name, err)
	}
	return nil
}

// Kill ends it at once. One that has ended is killed already.
func (c *Container) Kill(ctx context.Context) error {
	c.ending()
	o := client.ContainerKillOptions{Signal: "KILL"}
	_, err := c.d.engine.cli.ContainerKill(ctx, c.name, o)
	if err != nil && !strings.Contains(err.Error(), "is not running") {
		return fmt.Errorf("kill %s: %w", c.spec.Name, err)
	}
	return nil
}

// ending notes what the container has used, while somebody still knows.
func (c *Container) ending() {
	c.sample()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed, c.pid, c.used.nowB = true, 0, 0
}

// Restart starts a container that has ended, at the same address and ports, and waits until it is
// ready.
func (c *Container) Restart(ctx context.Context) error {
	err := c.restart(ctx)
	if err == nil {
		err = c.await(ctx)
	}
	if err != nil {
		return fmt.Errorf("restart %s: %w", c.spec.Name, err)
	}
	return nil
}

func (c *Container) restart(ctx context.Context) error {
	state, err := c.state(ctx)
	if err != nil {
		return err
	}
	// Not the time of the start: what is written at once is written before the engine notes that.
	c.mu.Lock()
	c.since, c.killed = state.FinishedAt, false
	c.mu.Unlock()
	_, err = c.d.engine.cli.ContainerStart(ctx, c.name, client.ContainerStartOptions{})
	if err != nil {
		return err
	}
	return c.look(ctx)
}

// Exec runs a command in the container and returns what it wrote and its exit code.
func (c *Container) Exec(ctx context.Context, cmd ...string) (string, int, error) {
	out, code, err := c.exec(ctx, cmd)
	if err != nil {
		return out, code, fmt.Errorf("run %s in %s: %w", strings.Join(cmd, " "), c.spec.Name, err)
	}
	return out, code, nil
}

func (c *Container) exec(ctx context.Context, cmd []string) (string, int, error) {
	cli := c.d.engine.cli
	e, err := cli.ExecCreate(ctx, c.name, client.ExecCreateOptions{
		Cmd: cmd, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return "", 0, err
	}
	a, err := cli.ExecAttach(ctx, e.ID, client.ExecAttachOptions{})
	if err != nil {
		return "", 0, err
	}
	defer a.Close()
	defer context.AfterFunc(ctx, a.Close)()
	out := &ends{head: keptOutput}
	if _, err := stdcopy.StdCopy(out, out, a.Reader); err != nil {
		return out.String(), 0, errors.Join(err, ctx.Err())
	}
	r, err := cli.ExecInspect(ctx, e.ID, client.ExecInspectOptions{})
	return out.String(), r.ExitCode, err
}

// Remove keeps the log and removes the container, as the Close of its deployment does: another one
// of its name may be started then. Twice is harmless.
func (c *Container) Remove() error { return c.remove() }

// remove keeps the log and removes the container, if it is there.
func (c *Container) remove() error {
	c.removal.Do(func() { c.removed = c.removeOnce() })
	return c.removed
}

func (c *Container) removeOnce() error {
	ctx, cancel := context.WithTimeout(context.Background(), longestRemoval)
	defer cancel()
	defer c.d.giveBack(c.address)
	defer func() {
		for _, port := range c.ports {
			givePort(port)
		}
	}()
	r, err := c.inspect(ctx)
	if errdefs.IsNotFound(err) {
		return c.gone()
	}
	if err != nil {
		return fmt.Errorf("remove container of %s: %w", c.spec.Name, err)
	}
	if r.Config == nil || r.Config.Labels[labelOwner] != owner() {
		return c.gone() // of another tool that was quicker with the name
	}
	c.ending()
	kept := c.keepLog(ctx)
	if err := c.d.engine.removeContainer(ctx, r.ID); err != nil {
		return errors.Join(kept, fmt.Errorf("remove container of %s: %w", c.spec.Name, err))
	}
	return errors.Join(kept, c.gone())
}

// removeContainer returns once the container is gone. One that is not there is.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	for {
		_, err := e.cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{
			Force: true, RemoveVolumes: true,
		})
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		// Somebody else may be removing it.
		if !strings.Contains(err.Error(), "already in progress") || ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}
