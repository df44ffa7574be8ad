package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// leaseVariable tells the reaper which lease it watches.
const leaseVariable = "STREAMBENCH_LEASE"

const (
	watchEvery = 100 * time.Millisecond
	// longestReaping bounds how long undos that fail are tried again.
	longestReaping = time.Minute
	// ready is what a helper writes once it is at work: nothing can happen any more without it.
	ready = "ready"
	// longestHelperStart bounds how long a helper may take until it is at work.
	longestHelperStart = 20 * time.Second
)

// serveReaper watches the lease that its environment names.
func serveReaper(_ io.Reader, stdout io.Writer) error {
	return reap(os.Getenv(leaseVariable), stdout)
}

// reap watches a lease until it is taken away in an orderly way, or carries out its undos.
func reap(path string, stdout io.Writer) error {
	// Its terminal may be gone, and the pipe of its messages too, when it has work to do.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	s, err := readLease(path)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, ready); err != nil {
		return err
	}
	why, err := watchLease(path, s.Tool)
	if err != nil || why == "" {
		return err
	}
	done, err := undoAll(context.Background(), path)
	fmt.Fprintf(os.Stderr, "streambench: %s: undid what it left (%s)\n", why,
		strings.Join(done, "; "))
	return err
}

// watchLease returns why the undos are due, or "" once the lease is gone. The lease has expired
// when it was looked at so many times without a change: if the whole host stood still, so did this.
func watchLease(path string, tool Process) (why string, err error) {
	h, err := hold(tool)
	if err != nil && !errors.Is(err, errGone) {
		return "", err
	}
	if h != nil {
		defer h.close()
	}
	var renewed time.Time
	for unchanged := 0; ; unchanged++ {
		dead := h == nil || h.ended(watchEvery)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case err != nil:
			return "", err
		case dead:
			return fmt.Sprintf("the tool (process %d) is gone", tool.PID), nil
		case !info.ModTime().Equal(renewed):
			renewed, unchanged = info.ModTime(), 0
		case unchanged >= int(leaseExpiry/watchEvery):
			return fmt.Sprintf("the tool (process %d) has stood still for %s", tool.PID,
				leaseExpiry), nil
		}
	}
}

// undoAll is undoLease until nothing fails any more: what has just lost the tool may be ending, and
// then neither can be asked to do something nor is gone.
func undoAll(ctx context.Context, path string) (done []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, longestReaping)
	defer cancel()
	for {
		if done, err = undoLease(ctx, path); err == nil {
			return done, nil
		}
		if !strings.HasSuffix(path, takenEnding) {
			path += takenEnding
		}
		if pause(ctx, watchEvery) != nil {
			return done, err
		}
	}
}

// undoLease takes a lease over, carries out its undos in reverse order and removes it. It says what
// it did. Undos that fail do not keep it from the others; the lease stays where any has.
func undoLease(ctx context.Context, path string) (done []string, err error) {
	if !strings.HasSuffix(path, takenEnding) {
		if err := os.Rename(path, path+takenEnding); err != nil {
			return nil, ignoreGone(err)
		}
		path += takenEnding
	}
	s, err := readLease(path)
	if err != nil {
		return nil, ignoreGone(err)
	}
	label, rebooted := labelVariable+"="+s.Run, s.Boot != bootID()
	var failed []error
	for _, u := range slices.Backward(s.Undos) {
		if rebooted && u.Op != OpRemove && engineKinds[u.Op] == "" {
			continue // only files, and what a container engine keeps in them, outlive the kernel
		}
		if err := undo(ctx, label, u.Undo); err != nil {
			failed = append(failed, err)
			continue
		}
		done = append(done, u.String())
	}
	if len(failed) == 0 {
		failed = append(failed, ignoreGone(os.Remove(path)))
	}
	return done, errors.Join(failed...)
}

// reaper is the process that watches a lease, as the tool sees it.
type reaper struct{ cmd *exec.Cmd }

// startReaper returns once the reaper watches.
func startReaper(ctx context.Context, path string) (*reaper, error) {
	cmd, err := helper(reaperRole)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, leaseVariable+"="+path)
	cmd.Dir = "/"
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start reaper: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start reaper: %w", err)
	}
	r := &reaper{cmd: cmd}
	if err := awaitLine(ctx, stdout, ready); err != nil {
		_ = cmd.Process.Kill() // it may have ended just now
		_ = cmd.Wait()         // how it ended is told by the line that did not come
		return nil, fmt.Errorf("start reaper: %w", err)
	}
	return r, nil
}

// helper is a command that runs this binary in a role, in a session of its own.
func helper(role string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(plainEnviron(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = detached()
	return cmd, nil
}

// plainEnviron is what a helper needs of the environment: credentials are nothing to it.
func plainEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return !slices.Contains([]string{"PATH", "TMPDIR", "GOCOVERDIR"}, name)
	})
}

// awaitLine waits until a process writes a line.
func awaitLine(ctx context.Context, r io.Reader, want string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestHelperStart,
		fmt.Errorf("not at work within %s", longestHelperStart))
	defer cancel()
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(r).ReadString('\n') // an end without the line is an empty one
		line <- strings.TrimSpace(text)
	}()
	select {
	case got := <-line:
		if got != want {
			return fmt.Errorf("it writes %q instead of %q", got, want)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait waits until the reaper, whose lease is gone, has ended.
func (r *reaper) wait() error {
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("end reaper: %w", err)
		}
		return nil
	case <-time.After(longestUndo):
		_ = r.cmd.Process.Kill() // it may have ended just now
		<-ended
		return fmt.Errorf("end reaper: not within %s", longestUndo)
	}
}
