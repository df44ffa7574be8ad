// Package spark runs a job on Spark Structured Streaming: a driver of ours in a container, which
// keeps one session warm and runs a query for every job it is handed, and executors beside it.
//
//	one worker     spark-driver                                      local[cores]: executor, too
//	several        spark-driver --> spark-master --> spark-worker-1 … N  standalone, client mode
//	at: spark://…  spark-driver --> a cluster that runs already
//
//	Job --Plan--> POST /jobs --> input --> query --> outputs
//
// Its sink writes without transactions: results are delivered at least once, whatever a job asks
// for (Claim).
package spark

import (
	"context"
	"errors"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/chaos"
)

// version is that of Spark.
const version = "4.2.0"

// buildTime is what a build of the image takes where nothing is there yet.
const buildTime = 4 * time.Minute

// Adapter deploys Spark. Its zero value is ready.
type Adapter struct {
	// start starts the nodes; nil for containers.
	start func(ctx context.Context, job adapters.Job) (fleet, error)
}

// fleet are the nodes of a host.
type fleet interface {
	control() java.Control // of the driver
	nodes() []chaos.Node
	// running says why a node that everything depends on has died; nil while all run.
	running(ctx context.Context) error
	close() error
}

// ownable is a fleet that can run a job of the user's.
type ownable interface {
	// startOwn starts a driver for it, which closes by itself.
	startOwn(ctx context.Context, job adapters.Job) (fleet, error)
}

// host is a fleet that waits for jobs.
type host struct {
	fleet fleet
	of    adapters.Job // the one it was opened with
}

// Open starts the nodes.
func (a Adapter) Open(ctx context.Context, job adapters.Job) (adapters.Host, error) {
	h, err := a.open(ctx, job)
	if err != nil {
		return nil, err // a nil *host would be a Host that is not nil
	}
	return h, nil
}

func (a Adapter) open(ctx context.Context, job adapters.Job) (*host, error) {
	start := a.start
	if start == nil {
		start = startContainers
	}
	f, err := start(ctx, job)
	if err != nil {
		return nil, err
	}
	return &host{fleet: f, of: job}, nil
}

// Deploy starts nodes for one job alone.
func (a Adapter) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := a.Supports(job); err != nil {
		return nil, err
	}
	h, err := a.open(ctx, job)
	if err != nil {
		return nil, err
	}
	s, err := h.deploy(ctx, job)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	s.alone = h.Close
	return s, nil
}

// Deploy runs a job on the nodes that are there.
func (h *host) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := (Adapter{}).Supports(job); err != nil {
		return nil, err
	}
	s, err := h.deploy(ctx, job)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Close removes the nodes.
func (h *host) Close() error { return h.fleet.close() }

// Claim is at-least-once at most: Spark's sink for Kafka knows no transactions.
func (Adapter) Claim(job adapters.Job) string {
	if job.Guarantee == exactlyOnce && job.Own.Jar == "" {
		return atLeastOnce
	}
	return job.Guarantee
}

// The guarantees a job can ask for and get.
const (
	exactlyOnce = "exactly-once"
	atLeastOnce = "at-least-once"
)

// Image is what the image of all nodes is built from.
func Image() docker.Image {
	return docker.Image{Name: "spark", Version: version, Files: files(), BuildTime: buildTime}
}
