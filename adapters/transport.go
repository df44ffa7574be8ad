package adapters

import (
	"context"
	"errors"

	"github.com/streambench/streambench/workloads"
)

// Broker says which broker a kafka transport uses and how to reach it.
type Broker struct {
	At   string // container, embedded, or HOST:PORT,…
	TLS  string // none | system | insecure
	SASL string // empty, or a mechanism; its credentials come from the environment alone

	// Of brokers in containers: how many, and what each may use; 0 for what suits.
	Nodes   int
	CPUs    float64
	MemoryB uint64
}

// Topics are where a job's events and results travel: what a system needs to know of a transport.
type Topics struct {
	// Folder holds the topics of a log transport, as folders; empty where there are brokers.
	Folder    string
	Brokers   Broker   // how to reach them: TLS and SASL
	Bootstrap []string // HOST:PORT of the input's brokers as seen from this host
	Sink      []string // likewise of the outputs'; most often the same
	// Inside is HOST:PORT of the brokers as seen from containers, and Network the container network
	// they are on; empty where they are reached as from this host.
	Inside     []string
	Network    string
	Partitions int // of the input; partition of a key = below(mix64(key), Partitions)
	Input      string
	// Outputs are the topics of the query's outputs, by workloads.Stream; empty where it has none.
	Outputs [3]string
}

// Output is the topic of one of the query's outputs.
func (t *Topics) Output(s workloads.Stream) string { return t.Outputs[s] }

// Transport carries events to a system and its results back.
type Transport interface {
	// Supports says why a job cannot travel; nil if it can. It reaches for no broker.
	Supports(job Job) error
	// Deploy readies brokers and topics and starts a driver, which follows job.Load, and a collector,
	// which hands results to job.Collector. Every check of the brokers' settings is made here.
	Deploy(ctx context.Context, job Job) (Channel, error)
}

// Carrying is a Transport whose brokers can serve several jobs, one after the other.
type Carrying interface {
	Transport
	// Open starts the brokers of all jobs to come.
	Open(ctx context.Context, job Job) (Carrier, error)
}

// Carrier is a Transport that is up.
type Carrier interface {
	Transport
	// Close removes the brokers; twice is harmless.
	Close() error
}

// Channel is a deployed transport. It is a System whose nodes are the brokers: its Wait returns nil
// once the whole load, end events included, was sent and acknowledged, and an error as soon as the
// driver or the collector has failed.
type Channel interface {
	System
	// Topics are those of the job.
	Topics() *Topics
	// Seal returns once every result that is visible was handed to the collector. It is called when
	// the system has ended, and errs if a transaction is still open.
	Seal(ctx context.Context) error
}

// Stallable is a Channel whose outputs have brokers of their own, because the job asked for it
// (Job.StallSink), that can stop answering for a while.
type Stallable interface {
	Stall() error
	Resume() error
}

// Shadowing is a Channel that carries a second system beside the first: it reads the same input
// from its beginning, and its results travel apart.
type Shadowing interface {
	// Shadow readies topics for the outputs of a second job, whose run id is another, and starts a
	// collector that hands what comes there to job.Collector. It is closed before the Channel is.
	Shadow(ctx context.Context, job Job) (Outlet, error)
}

// Outlet is where the results of a second system go.
type Outlet interface {
	// Topics are the input of the first job and the outputs of the second.
	Topics() *Topics
	// Seal returns once every result that is visible was handed to the collector, as that of a
	// Channel does.
	Seal(ctx context.Context) error
	// Close ends the collector and removes the topics of the outputs; twice is harmless.
	Close() error
}

// ErrNotReady is wrapped by the errors of a transport that say nothing about the system: brokers
// that cannot be reached or refuse, settings of theirs that rule a run out, topics of others.
var ErrNotReady = errors.New("brokers are not ready")

// ErrUnsealed is wrapped by an error of Seal where results may still become visible: a transaction
// is open. What is missing then may still have come.
var ErrUnsealed = errors.New("the results are not sealed")

// Doubtful is a Channel that may end without knowing whether some events arrived.
type Doubtful interface {
	// SendsUnknown are the events sent so far whose outcome is unknown: neither acknowledged nor
	// refused.
	SendsUnknown() uint64
}

// Processes is a System some of whose nodes are processes of this host.
type Processes interface {
	// Pids are the processes of nodes, by the node's name; a node that has died is missing.
	Pids() map[string]int
}
