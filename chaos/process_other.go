//go:build !linux

package chaos

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// held is a process by its pidfd, which only Linux has.
type held struct{ Process }

func hold(Process) (*held, error) {
	return nil, errors.ErrUnsupported
}

func (h *held) signal(syscall.Signal) error    { return errors.ErrUnsupported }
func (h *held) ended(time.Duration) bool       { return false }
func (h *held) wait(ctx context.Context) error { return errors.ErrUnsupported }
func (h *held) close()                         {}

func detached() *syscall.SysProcAttr { return nil }
