package chaos

import (
	"context"
	"errors"
	"io"
	"os/exec"

	"github.com/streambench/streambench/reports/record"
)

func newRelayed(context.Context, Lease) (Plane, error)       { return nil, errors.ErrUnsupported }
func newNetns(context.Context, string, Lease) (Plane, error) { return nil, errors.ErrUnsupported }
func CanNetns() error                                        { return errors.ErrUnsupported }
func serveRelay(io.Reader, io.Writer) error                  { return errors.ErrUnsupported }
func serveProber(io.Reader, io.Writer) error                 { return errors.ErrUnsupported }
func serveShaper(io.Reader, io.Writer) error                 { return errors.ErrUnsupported }

var _ = exec.Cmd{}

// Probing is what a prober looks at.
type Probing struct {
	Network Network
	Nodes   []Node
	Now     func() int64 // since T0, in ns: the clock of the times it is asked about and answers with
	Lease   Lease        // nil: nobody heals what a killed tool left
}

// ProberProcess is a Prober.
type ProberProcess struct{}

// NewProber starts the process that sees what faults do.
func NewProber(ctx context.Context, p Probing) (*ProberProcess, error) {
	return nil, errors.ErrUnsupported
}

// Watch implements Prober.
func (*ProberProcess) Watch(node string, p Process) error { return nil }

// Await implements Prober.
func (*ProberProcess) Await(ctx context.Context, e Expectation) record.Witness {
	return record.Witness{}
}

// Close ends the process; twice is harmless.
func (*ProberProcess) Close() error { return nil }

// Unrelayed are the edges by which nodes reach each other past the network.
func Unrelayed(n Network, nodes map[string]Process) ([]string, error) { return nil, nil }
