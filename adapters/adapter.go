// Package adapters holds what every system under test is to the runner: an Adapter that deploys a
// Job and the System it returns. Which adapters there are is told by one table in cmd/streambench.
//
//	Load (schedule, limit) --Take--> Shard --events--> System --results--> Collector
//	       ^  \--Account: who kept events waiting          |
//	     runner <------------ Wait: ended, or why not -----/
package adapters

import (
	"context"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// Transports by which events and results travel.
const (
	Embedded = "embedded" // the system's own source shards call the generator
	Kafka    = "kafka"
	Log      = "log" // segment logs in files of this host
)

// Job is what a system is asked to run.
type Job struct {
	RunID      string
	Workload   *workloads.Workload
	Transport  string
	Format     string // binary | json
	Guarantee  string
	Checkpoint time.Duration
	Workers    int
	WorkerCPUs int    // slots of a worker
	MemoryB    uint64 // limit of a worker
	// Broker is of a kafka transport, Partitions are of every one but the embedded.
	Broker     Broker
	Partitions int
	// Linger is how long at most the driver gathers the events of a paced load before it sends them.
	Linger    time.Duration
	StallSink bool // the brokers of the outputs are to be Stallable
	// Elsewhere says that drivers of other processes offer the load, whose one shard here only tells
	// what has come: see Sharing.
	Elsewhere bool
	// Settings are those the scenario hands to the system as they are, by name. Profile names the
	// set of recovery settings they are laid over: defaults, equal-detection or vendor-tuned.
	Settings map[string]string
	Profile  string
	// Own is what the user brings along in the place of what the adapter has.
	Own Own
	// LogDir is the folder that takes the logs of nodes, one file each; empty for nowhere.
	LogDir string
	// Broken says that faults will be injected: the system has to consist of processes of its own,
	// even if one of them would do.
	Broken bool
	// Network is how nodes reach each other; nil for directly.
	Network chaos.Network
	// StateDir is an empty folder for what the nodes write: checkpoints, logs. It belongs to the
	// runner, which removes it.
	StateDir string
	// Lease is told of everything a deployment starts or makes, before it does, so that it can be
	// undone when the tool has died; nil where nobody keeps one.
	Lease chaos.Lease
	// Milestone takes what the system says of itself; nil for nobody. Any goroutine may call it.
	Milestone func(record.Milestone)
	// Load is the schedule and Collector takes the results. A system uses them where the transport
	// is embedded; else the transport does, and Topics tells the system where both travel.
	Load      *Load
	Collector Collector
	Topics    *Topics // nil where the transport is embedded
}

// Own is what a user brings along.
type Own struct {
	Image string // reference of an image to run in the place of the one built here
	Jar   string // path of a job on this host, in the place of the generic one
	Main  string // main class of Jar
	At    string // URL or HOST:PORT of a deployment that runs already; its nodes are not ours
}

// Collector takes results as they become visible. It is called by one goroutine at a time and
// copies what it keeps. receivedNs is the time since T0 at which they arrived.
type Collector interface {
	Collect(rs *workloads.Results, receivedNs int64) error
}

// Adapter deploys one kind of system.
type Adapter interface {
	// Supports says why a job cannot be run exactly, wrapping errors.ErrUnsupported; nil if it can.
	// It reads neither Load nor Collector, so a job can be checked before anything is built.
	Supports(job Job) error
	// Deploy returns once the system is ready to take events. Ending ctx does not end the system. That
	// a deployment failed, and of which system, is for the caller to say; so it is with Open.
	Deploy(ctx context.Context, job Job) (System, error)
}

// Claimant is an Adapter whose sink may promise less than a job asks for.
type Claimant interface {
	// Claim is the guarantee under which the results of a job are delivered: that of the job, or a
	// weaker one, which then is the one tested.
	Claim(job Job) string
}

// System is a running deployment.
type System interface {
	Nodes() []chaos.Node
	// Config are the settings in force, read back from the system.
	Config(ctx context.Context) (map[string]string, error)
	// Wait returns nil once the input was read to its end and every result was collected, an error
	// once the system has died, or ctx's error.
	Wait(ctx context.Context) error
	// Close removes all the system left behind and returns when it no longer calls the collector;
	// twice is harmless.
	Close() error
}

// Hosting is an Adapter whose deployment can serve several jobs, one after the other. What starts
// slowly stays up in between: a virtual machine that was just started is not what is compared.
type Hosting interface {
	Adapter
	// Open starts what no single job needs to itself. Of job only what is the same for all jobs to
	// come is read: resources, settings, network.
	Open(ctx context.Context, job Job) (Host, error)
}

// Host is a deployment that waits for jobs.
type Host interface {
	// Deploy runs a job. It is called once the System before was closed.
	Deploy(ctx context.Context, job Job) (System, error)
	// Close removes the deployment; twice is harmless.
	Close() error
}

// Accounted is a System or a Channel that knows what its nodes have used, where they are no
// processes of this host that anybody could look at.
type Accounted interface {
	// Used sums over the nodes, also those that have died. It may be called at any time.
	Used(ctx context.Context) (Usage, error)
}

// Usage is what nodes have used since they were started.
type Usage struct {
	CPUNs   int64
	MemoryB uint64 // in use now
	PeakB   uint64 // most in use at once, of each node by itself
}

// Metered is a System that counts what it does. Meter may be called at any time.
type Metered interface {
	Meter() Meter
}

// Meter holds cumulative counters of a system, summed over its slots.
type Meter struct {
	Late    uint64 // events dropped because their window was gone
	Allowed uint64 // late events inside the allowed lateness
	BusyNs  int64  // time slots worked, their sources apart
	// BackpressureNs is the time that parts of the system were ready and waited for room in those
	// behind them, the sink last.
	BackpressureNs int64
	StateB         uint64 // memory of the keyed state
}
