package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// held is a process by its pidfd: a signal sent through it reaches this process or nobody, even if
// its number was given to another one meanwhile.
type held struct {
	Process
	fd int
}

// hold opens the pidfd of a process; errGone where it is not there any more.
func hold(p Process) (*held, error) {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, fmt.Errorf("hold process %d: %w", p.PID, errGone)
	}
	if err != nil {
		return nil, fmt.Errorf("hold process %d: %w", p.PID, err)
	}
	unix.CloseOnExec(fd)
	// Only now is the number known to stay this one's; whether it is the one meant, its start says.
	if _, err := p.vitals(); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("hold process %d: %w", p.PID, err)
	}
	return &held{Process: p, fd: fd}, nil
}

// signal sends a signal; to a process that has ended it does nothing.
func (h *held) signal(s syscall.Signal) error {
	err := unix.PidfdSendSignal(h.fd, s, nil, 0)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("send %s to process %d: %w", s, h.PID, err)
	}
	return nil
}

// ended reports whether the process ends within a time.
func (h *held) ended(within time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}}
	for limit := time.Now().Add(within); ; {
		left := max(time.Until(limit), 0)
		n, err := unix.Poll(fds, int((left+time.Millisecond-1)/time.Millisecond))
		if err == nil || !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

// wait waits until the process has ended.
func (h *held) wait(ctx context.Context) error {
	for !h.ended(20 * time.Millisecond) {
		if ctx.Err() != nil {
			return fmt.Errorf("wait for the end of process %d: %w", h.PID, context.Cause(ctx))
		}
	}
	return nil
}

func (h *held) close() { unix.Close(h.fd) }

// detached are the attributes of a process in a session of its own: what is typed at the tool's
// terminal does not reach it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
