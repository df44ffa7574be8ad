// Package kafkastreams runs a job on Kafka Streams: workers in containers, each a Java virtual
// machine that starts a Kafka Streams application for every job it is handed.
//
//	Job --Plan--> POST /jobs --> streams-1 … streams-N: one application, its id the run's
//	input --> topology --> outputs          internal topics and group: removed when the job closes
//
// Kafka Streams has no coordinator: the brokers' group hands out partitions, and when all of them
// were read is told by the group's committed offsets.
package kafkastreams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
)

// Adapter deploys Kafka Streams. Its zero value is ready.
type Adapter struct {
	// start starts the workers; nil for containers.
	start func(ctx context.Context, job adapters.Job) (fleet, error)
}

// fleet are the workers of a host.
type fleet interface {
	workers() []worker
	used(ctx context.Context) (adapters.Usage, error)
	close() error
}

// worker is a node that has a control server, unless it runs what the user brought along.
type worker struct {
	name string
	url  string
	// running says why it has died; nil while it runs.
	running func(ctx context.Context) error
}

// host is a fleet that waits for jobs.
type host struct {
	fleet fleet
	of    adapters.Job // the one it was opened with
}

// Open starts the workers.
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

// Deploy starts workers for one job alone.
func (a Adapter) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := a.Supports(job); err != nil {
		return nil, err
	}
	if job.Topics == nil {
		return nil, errors.New("BUG: a job without topics")
	}
	h, err := a.open(ctx, job)
	if err != nil {
		return nil, err
	}
	s, err := h.deploy(ctx, job)
	if err != nil {
		return nil, closing(err, h.Close)
	}
	s.alone = h.Close
	return s, nil
}

// Deploy runs a job on the workers that are there.
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

// Close removes the workers.
func (h *host) Close() error { return h.fleet.close() }

// closing adds to an error what closing said.
func closing(err error, close func() error) error {
	if also := close(); also != nil {
		return fmt.Errorf("%w; and then: %w", err, also)
	}
	return err
}

// buildTime is what a build of the image takes where nothing is there yet.
const buildTime = 2 * time.Minute

// version is that of the library.
const version = "4.3.1"

// Image is what the workers' image is built from.
func Image() docker.Image {
	return docker.Image{
		Name: "kafkastreams", Version: version, Files: files(), BuildTime: buildTime,
	}
}
