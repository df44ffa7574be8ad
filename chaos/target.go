package chaos

import (
	"context"
	"os/exec"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Target is what a fault is injected into: the picked nodes and the system they are part of, which
// may have any of the capabilities below. A fault on a system without the one it needs gives
// errors.ErrUnsupported.
type Target struct {
	Picked []Node
	System System
	// Network is how the nodes reach each other; nil for directly, and then nothing can be cut. One
	// that can be cut is a Cutter.
	Network Network
	// Lease is told of every act before it is done; nil where nobody keeps one. Prober sees what
	// came of it; nil for nobody.
	Lease  Lease
	Prober Prober

	now      func() int64 // since T0, in ns
	poisoned func(context.Context, Planned) record.Witness
	book     *book // of the edges that faults have broken
}

// System is the system under test as faults see it.
type System interface {
	Nodes() []Node
}

// Hosted is a System whose nodes are processes of this host.
type Hosted interface {
	// Process is the process of a node now; false while it has none.
	Process(node string) (Process, bool)
}

// Process names a process for ever: a number is given again, a number and a start time are not.
type Process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot, field 22 of /proc/PID/stat
	// Dir is where the node writes.
	Dir string `json:"dir,omitempty"`
}

// Restarter is a System that can start a node again under its name. With wipe its local disk is
// emptied first.
type Restarter interface {
	Restart(ctx context.Context, node string, wipe bool) error
}

// Disker is a System whose nodes can be given a bad disk. The zero Disk is a good one.
type Disker interface {
	SetDisk(ctx context.Context, node string, d Disk) error
	// TryDisk writes TrialBytes to a file where the node writes and syncs it, by the node's own hand,
	// and says how long that took; the error is the disk's.
	TryDisk(ctx context.Context, node string) (time.Duration, error)
}

// Sloted is a System whose key ranges are owned by nodes.
type Sloted interface {
	// Slots are the key ranges a node owns now.
	Slots(node string) []int
}

// Network is how the nodes of one deployment reach each other: directly, through a relay that can
// hold what travels, or from namespaces of their own.
//
//	worker-1 --Dial(worker-1, worker-2)--> relay --> Listen(worker-2) worker-2
type Network interface {
	// Plane names it: direct, relay, netns. Runs of different planes are not compared.
	Plane() string
	// Listen is the HOST:PORT on which a node has to listen, the same each time. Nodes that were
	// named once exist from then on.
	Listen(node string) (string, error)
	// Dial is the HOST:PORT by which one node reaches another. It may be asked for before either
	// was started. From "" is the tool itself: that edge is never cut.
	Dial(from, to string) (string, error)
	// Prepare readies the command of a node to be started: it may have to live in a namespace.
	Prepare(node string, cmd *exec.Cmd) error
}

// Cutter is a Network whose edges can be broken. None of the three discards a part of a stream that
// goes on.
type Cutter interface {
	// Cut drops, from now on, all that travels along the edges given.
	Cut(ctx context.Context, edges []Edge) error
	// Shape slows what travels along them.
	Shape(ctx context.Context, edges []Edge, s Shape) error
	// Mend undoes both for the edges given.
	Mend(ctx context.Context, edges []Edge) error
}

// Edge is one direction between two nodes.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Shape is what slows an edge.
type Shape struct {
	Delay  time.Duration `json:"delay,omitempty"`
	Jitter time.Duration `json:"jitter,omitempty"`
	Rate   Bandwidth     `json:"rate,omitempty"`
	Loss   Share         `json:"loss,omitempty"`
}

// Undo is an act that heals or removes something, as data: whoever finds it can carry it out, with
// nothing but the standard library, and doing it twice is harmless.
type Undo struct {
	// Op is one of kill, continue, remove, rule, link, cgroup, relay, container, volume, network:
	// see undo.go.
	Op      string   `json:"op"`
	Process *Process `json:"process,omitempty"` // kill, continue
	Path    string   `json:"path,omitempty"`    // remove: a file or folder; cgroup
	// Args are the command that takes it away (rule, link), or its name alone (container, volume,
	// network).
	Args []string `json:"args,omitempty"`
	// Address is where the relay is told to mend Edges, or of the container engine: unix://PATH or
	// tcp://HOST:PORT.
	Address string `json:"address,omitempty"`
	Edges   []Edge `json:"edges,omitempty"`
}

// Lease keeps undos where they outlive the tool. Add returns once the undo is on disk, so it comes
// before the act; Drop says that it was carried out or is needed no more.
type Lease interface {
	Add(u Undo) (id int, err error)
	Drop(id int) error
	// Label is the entry NAME=value that has to be in the environment of every process started: what
	// carries it belongs to the run, and is killed when nobody else does. So a lease need not be told
	// of processes, whose numbers are not known before they are started.
	Label() string
}
