package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// longestReply bounds how long a helping process may take to write the line that is waited for.
const longestReply = 20 * time.Second

// child is a helping process: lines go in, lines come out, and it ends when stdin is closed.
type child struct {
	role  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
	dead  chan struct{} // closed when the process has ended
	once  sync.Once
}

// startChild starts this binary in a role. adapt, unless nil, readies the command.
func startChild(
	ctx context.Context, role string, adapt func(*exec.Cmd), lease Lease,
) (*child, error) {
	cmd, err := helper(role)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, lease.Label())
	if adapt != nil {
		adapt(cmd)
	}
	c := &child{role: role, cmd: cmd, lines: make(chan string, 1), dead: make(chan struct{})}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("start %s: %w", role, context.Cause(ctx))
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	go func() {
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, longestLine)
		for lines.Scan() {
			c.lines <- lines.Text()
		}
		_ = cmd.Wait() // how it ended is told by whoever misses it
		close(c.dead)
	}()
	return c, nil
}

// line waits for the next line of the process.
func (c *child) line(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longestReply,
		fmt.Errorf("nothing within %s", longestReply))
	defer cancel()
	select {
	case text := <-c.lines:
		return text, nil
	case <-c.dead:
		return "", fmt.Errorf("the process of the %s has died", c.role)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// alive reports whether the process has not ended.
func (c *child) alive() bool {
	select {
	case <-c.dead:
		return false
	default:
		return true
	}
}

// close ends the process and waits until it is gone; twice is harmless.
func (c *child) close() error {
	c.once.Do(func() {
		c.stdin.Close()
		limit := time.NewTimer(2 * time.Second)
		defer limit.Stop()
		for {
			select {
			case <-c.lines: // that nobody waits for any more
			case <-limit.C:
				_ = c.cmd.Process.Kill() // it may have ended just now
			case <-c.dead:
				return
			}
		}
	})
	if c.alive() {
		return errors.New("BUG: the helping process is still there")
	}
	return nil
}
