package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
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
	id      string
	spec    Spec
	address netip.Addr
	ports   map[int]int // of the container -> of 127.0.0.1
	since   string      // when it had ended before it was started last; "" for never
}

func isTimeout(err error, timeout *net.Error) bool {
	return errors.As(err, timeout) && (*timeout).Timeout()
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
	state, err := c.state(ctx)
	if err != nil {
		return err
	}
	if state.Running {
		return nil
	}
	why := fmt.Sprintf("it ended with exit code %d", state.ExitCode)
	if state.OOMKilled {
		why = "it was killed as it used more memory than its limit"
	}
	log, err := c.Logs(ctx, time.Time{})
	if err != nil {
		log = []byte(err.Error())
	}
	return fmt.Errorf("%s: %s%s", c.spec.Name, why, quoteLast(string(log)))
}

func (c *Container) state(ctx context.Context) (*container.State, error) {
	r, err := c.d.engine.cli.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.spec.Name, err)
	}
	if r.Container.State == nil {
		return nil, fmt.Errorf("%s: the engine tells no state of it", c.spec.Name)
	}
	return r.Container.State, nil
}

// Logs are what the container has written since a time, or since it was started last where that is
// zero.
func (c *Container) Logs(ctx context.Context, since time.Time) ([]byte, error) {
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true}
	if o.Since = c.since; !since.IsZero() {
		o.Since = since.UTC().Format(time.RFC3339Nano)
	}
	var b bytes.Buffer
	err := c.copyLogs(ctx, o, &b)
	return b.Bytes(), err
}

func (c *Container) copyLogs(ctx context.Context, o client.ContainerLogsOptions, w io.Writer) error {
	r, err := c.d.engine.cli.ContainerLogs(ctx, c.id, o)
	if err != nil {
		return fmt.Errorf("read log of %s: %w", c.spec.Name, err)
	}
	defer r.Close()
	if _, err := stdcopy.StdCopy(w, w, r); err != nil {
		return fmt.Errorf("read log of %s: %w", c.spec.Name, err)
	}
	return nil
}

// Stop asks the container to end, and kills it after ten seconds.
func (c *Container) Stop(ctx context.Context) error {
	_, err := c.d.engine.cli.ContainerStop(ctx, c.id, client.ContainerStopOptions{})
	if err != nil {
		return fmt.Errorf("stop %s: %w", c.spec.Name, err)
	}
	return nil
}

// Kill ends it at once.
func (c *Container) Kill(ctx context.Context) error {
	o := client.ContainerKillOptions{Signal: "KILL"}
	if _, err := c.d.engine.cli.ContainerKill(ctx, c.id, o); err != nil {
		return fmt.Errorf("kill %s: %w", c.spec.Name, err)
	}
	return nil
}

// Restart starts a container that has ended, at the same address and ports, and waits until it is
// ready.
func (c *Container) Restart(ctx context.Context) error {
	state, err := c.state(ctx)
	if err != nil {
		return err
	}
	// Not the time of the start: what is written at once is written before the engine notes that.
	c.since = state.FinishedAt
	_, err = c.d.engine.cli.ContainerStart(ctx, c.id, client.ContainerStartOptions{})
	if err != nil {
		return fmt.Errorf("restart %s: %w", c.spec.Name, err)
	}
	return c.await(ctx)
}

// Exec runs a command in the container and returns what it wrote and its exit code.
func (c *Container) Exec(ctx context.Context, cmd ...string) (string, int, error) {
	out, code, err := c.exec(ctx, cmd)
	if err != nil {
		return out, code, fmt.Errorf("run %s in %s: %w", cmd[0], c.spec.Name, err)
	}
	return out, code, nil
}

func (c *Container) exec(ctx context.Context, cmd []string) (string, int, error) {
	cli := c.d.engine.cli
	e, err := cli.ExecCreate(ctx, c.id, client.ExecCreateOptions{
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
	var b bytes.Buffer
	if _, err := stdcopy.StdCopy(&b, &b, a.Reader); err != nil {
		return b.String(), 0, errors.Join(err, ctx.Err())
	}
	r, err := cli.ExecInspect(ctx, e.ID, client.ExecInspectOptions{})
	return b.String(), r.ExitCode, err
}

// remove keeps the log and removes the container.
func (c *Container) remove() error {
	if c.id == "" {
		return nil // it was never made
	}
	ctx, cancel := context.WithTimeout(context.Background(), longestRemoval)
	defer cancel()
	kept := c.keepLog(ctx)
	_, err := c.d.engine.cli.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{
		Force: true, RemoveVolumes: true,
	})
	if err != nil && !errdefs.IsNotFound(err) {
		return errors.Join(kept, fmt.Errorf("remove container of %s: %w", c.spec.Name, err))
	}
	return kept
}

func (c *Container) keepLog(ctx context.Context) error {
	if c.d.cfg.LogDir == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(c.d.cfg.LogDir, c.spec.Name+".log"))
	if err != nil {
		return fmt.Errorf("keep log: %w", err)
	}
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true}
	return errors.Join(c.copyLogs(ctx, o, f), f.Close())
}
