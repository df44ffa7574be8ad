//go:build !linux

package chaos

import (
	"errors"
	"net"
	"time"
)

// pipe carries bytes from one socket to another. What it holds when it is interrupted it keeps.
type pipe struct{ rest []byte }

// readError is an error of the source, io.EOF among them.
type readError struct{ err error }

func (e *readError) Error() string { return "read: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// splice moves bytes until an error, which is a readError if the source's.
func (p *pipe) splice(src, dst *net.TCPConn) error {
	buf := make([]byte, 256<<10)
	for {
		for len(p.rest) > 0 {
			n, err := dst.Write(p.rest)
			p.rest = p.rest[n:]
			if err != nil {
				return err
			}
		}
		n, err := src.Read(buf)
		p.rest = buf[:n]
		if err != nil && n == 0 {
			return &readError{err}
		}
	}
}

// empty hands over what the pipe holds.
func (p *pipe) empty(take func([]byte)) error {
	if len(p.rest) > 0 {
		take(append([]byte(nil), p.rest...))
		p.rest = nil
	}
	return nil
}

func (p *pipe) close() {}

// setDeaf would have a listener ignore attempts to connect; only Linux can.
func setDeaf(*net.TCPListener, bool) error { return errors.ErrUnsupported }

func sameUser(*net.UnixConn) bool { return false }

var began = time.Now()

func monotonic() int64 { return int64(time.Since(began)) }
