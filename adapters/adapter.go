// Package adapters holds what every system under test is to the runner: an Adapter that deploys a
// Job and the System it returns. Which adapters there are is told by one table in cmd/streambench.
package adapters

import (
	"context"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

// Transports by which events and results travel.
const (
	Embedded = "embedded" // the system's own source shards call the generator
	Kafka    = "kafka"
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
	// Load is the schedule, Collector takes the results; both of an embedded transport.
	Load      Load
	Collector Collector
}

// Load is the schedule embedded sources follow, and the gauges they keep.
type Load struct {
	// Pacer gives due times; nil means as fast as taken.
	Pacer workloads.Pacer
	Gauge *Gauge
}

// Collector takes results as they become visible. It is called by one goroutine at a time and
// copies what it keeps.
type Collector interface {
	Collect(rs *workloads.Results, receivedNs int64) error
}

// Adapter deploys one kind of system.
type Adapter interface {
	// Supports says why a job cannot be run exactly, wrapping errors.ErrUnsupported; nil if it can.
	Supports(job Job) error
	Deploy(ctx context.Context, job Job) (System, error)
}

// System is a running deployment.
type System interface {
	Nodes() []chaos.Node
	// Config are the settings in force, read back from the system.
	Config(ctx context.Context) (map[string]string, error)
	// Close removes all the system left behind; twice is harmless.
	Close() error
}
