package chaos

import (
	"context"
	"errors"
	"io"
)

func newNetns(context.Context, string, Lease) (Plane, error) { return nil, errors.ErrUnsupported }

// CanNetns says why nodes cannot have namespaces of their own here; nil if they can.
func CanNetns() error                        { return errors.ErrUnsupported }
func serveShaper(io.Reader, io.Writer) error { return errors.ErrUnsupported }

func (y *eye) standApart(v view) (map[string]*foot, error) { return nil, errors.ErrUnsupported }

// Unrelayed are the edges by which nodes reach each other past the network.
func Unrelayed(n Network, nodes map[string]Process) ([]string, error) { return nil, nil }
