package chaos

import (
	"errors"
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// pipe carries bytes from one socket to another without copying them. What it holds when it is
// interrupted it keeps.
type pipe struct {
	r, w int
	made bool
	n    int // bytes in it
}

const pipeSize = 1 << 20

// readError is an error of the source, io.EOF among them.
type readError struct{ err error }

func (e *readError) Error() string { return "read: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// splice moves bytes until an error, which is a readError if the source's.
func (p *pipe) splice(src, dst *net.TCPConn) error {
	if err := p.make(); err != nil {
		return err
	}
	from, err := src.SyscallConn()
	if err != nil {
		return &readError{err}
	}
	to, err := dst.SyscallConn()
	if err != nil {
		return err
	}
	for {
		if p.n == 0 {
			if err := p.in(from); err != nil {
				return &readError{err}
			}
		}
		if err := p.out(to); err != nil {
			return err
		}
	}
}

func spliceOnce(from, to, most int) (int64, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, most, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func (p *pipe) in(from syscall.RawConn) error {
	var n int64
	var err error
	waited := from.Read(func(fd uintptr) bool {
		n, err = spliceOnce(int(fd), p.w, pipeSize)
		return !errors.Is(err, unix.EAGAIN)
	})
	switch {
	case waited != nil:
		return waited
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	p.n += int(n)
	return nil
}

func (p *pipe) out(to syscall.RawConn) error {
	for p.n > 0 {
		var n int64
		var err error
		waited := to.Write(func(fd uintptr) bool {
			n, err = spliceOnce(p.r, int(fd), p.n)
			return !errors.Is(err, unix.EAGAIN)
		})
		if waited != nil {
			return waited
		}
		if err != nil {
			return err
		}
		p.n -= int(n)
	}
	return nil
}

func (p *pipe) make() error {
	if p.made {
		return nil
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return err
	}
	p.r, p.w, p.made = fds[0], fds[1], true
	// A smaller one works too, and is all there is where a user has many of them.
	_, _ = unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, pipeSize)
	return nil
}

// empty hands over what the pipe holds.
func (p *pipe) empty(take func([]byte)) error {
	for p.n > 0 {
		b := make([]byte, p.n)
		n, err := unix.Read(p.r, b)
		if err != nil {
			return err
		}
		take(b[:n])
		p.n -= n
	}
	return nil
}

func (p *pipe) close() {
	if p.made {
		unix.Close(p.r)
		unix.Close(p.w)
		p.made = false
	}
}

// setDeaf has a listener ignore, or no longer ignore, all that arrives: an attempt to connect gets
// no answer, as if its packets were dropped, and is repeated by the kernel that makes it.
func setDeaf(l *net.TCPListener, deaf bool) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		if !deaf {
			set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
			return
		}
		nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
		set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: 1, Filter: &nothing[0]})
	})
	return errors.Join(err, set)
}

// monotonic is CLOCK_MONOTONIC in ns: the same for all processes of a host.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("BUG: no monotonic clock: " + err.Error())
	}
	return t.Nano()
}

// sameUser reports whether the process at the other end of a local connection is of this user.
func sameUser(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	same := false
	err = raw.Control(func(fd uintptr) {
		who, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		same = err == nil && int(who.Uid) == unix.Geteuid()
	})
	return err == nil && same
}
