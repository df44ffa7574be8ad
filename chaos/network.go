package chaos

import (
	"context"
	"fmt"
	"io"
	"os/exec"
)

// Planes on which nodes reach each other.
const (
	PlaneDirect = "direct" // loopback: nothing can be cut
	PlaneRelay  = "relay"  // loopback, every edge through a process that can hold and delay it
	PlaneNetns  = "netns"  // a network namespace for each node: packets are dropped
)

// Plane is a Network that was made for one run. Close ends and removes all that it consists of.
type Plane interface {
	Network
	io.Closer
}

// NewNetwork makes the network of a run: one of the planes, or, if plane is "", the best one here
// that can be cut. What it starts and makes is in the lease first; lease may be nil.
func NewNetwork(ctx context.Context, plane, runID string, lease Lease) (Plane, error) {
	if plane == "" {
		plane = PlaneRelay
		if CanNetns() == nil {
			plane = PlaneNetns
		}
	}
	if lease == nil {
		lease = noLease{}
	}
	switch plane {
	case PlaneDirect:
		return newDirect(), nil
	case PlaneRelay:
		return newRelayed(ctx, lease)
	case PlaneNetns:
		return newNetns(ctx, runID, lease)
	}
	return nil, fmt.Errorf("no plane is called %q: write direct, relay or netns", plane)
}

// noLease is the lease of what nobody else has to heal.
type noLease struct{}

func (noLease) Add(Undo) (int, error) { return 0, nil }
func (noLease) Drop(int) error        { return nil }
func (noLease) Label() string         { return "STREAMBENCH_RUN=" }

// direct is the plane on which nodes reach each other by loopback, as they would without the tool.
type direct struct{ ports *ports }

func newDirect() *direct { return &direct{ports: newPorts()} }

func (*direct) Plane() string { return PlaneDirect }

func (d *direct) Listen(node string) (string, error) { return d.ports.of(node) }

func (d *direct) Dial(_, to string) (string, error) { return d.ports.of(to) }

func (*direct) Prepare(string, *exec.Cmd) error { return nil }

func (d *direct) Close() error { return d.ports.close() }
