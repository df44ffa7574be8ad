package kafkastreams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/chaos"
)

const (
	// controlPort is where a worker's control server listens in its container.
	controlPort = 8080
	// usualMemoryB is the memory of a worker that was given no limit.
	usualMemoryB = 1 << 30
	// heapPercent of a worker's memory is the heap: the rest is for threads, code and the buffers of
	// sockets.
	heapPercent = 65
)

// containers are workers in containers of one network.
type containers struct {
	engine     *docker.Engine
	deployment *docker.Deployment
	nodes      []*docker.Container
}

// startContainers starts the workers of a job, or of several.
func startContainers(ctx context.Context, job adapters.Job) (fleet, error) {
	if err := kafka.CheckInside(job.Topics); err != nil {
		return nil, fmt.Errorf("start workers: %w", err)
	}
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c := &containers{engine: engine}
	if err := c.start(ctx, job); err != nil {
		return nil, closing(err, c.close)
	}
	return c, nil
}

func (c *containers) start(ctx context.Context, job adapters.Job) (err error) {
	c.deployment, err = c.engine.DeploymentOf(ctx, job)
	if err != nil {
		return err
	}
	c.nodes = make([]*docker.Container, job.Workers)
	errs := make([]error, job.Workers)
	var starts sync.WaitGroup
	for i := range c.nodes {
		spec, err := specOf(job, i)
		if err != nil {
			return err
		}
		starts.Go(func() { c.nodes[i], errs[i] = c.deployment.Start(ctx, spec) })
	}
	starts.Wait()
	return errors.Join(errs...)
}

// specOf is worker i of a job, from 0.
func specOf(job adapters.Job, i int) (docker.Spec, error) {
	memoryB := cmp.Or(job.MemoryB, usualMemoryB)
	s := docker.Spec{
		Name:    "streams-" + strconv.Itoa(i+1),
		Image:   cmp.Or(job.Own.Image, Image().Ref()),
		Role:    chaos.Worker,
		Publish: []int{controlPort},
		CPUs:    float64(job.WorkerCPUs),
		MemoryB: memoryB,
		Env:     map[string]string{"HEAP": heap(memoryB)},
		Ready:   docker.ReadyHTTP(controlPort, "/health"),
	}
	if job.Own.Jar != "" {
		return ownSpec(s, job)
	}
	return s, nil
}

func heap(memoryB uint64) string {
	return strconv.FormatUint(memoryB/100*heapPercent>>20, 10) + "m"
}

func (c *containers) workers() []worker {
	all := make([]worker, len(c.nodes))
	for i, n := range c.nodes {
		all[i] = worker{name: n.Name(), url: "http://" + n.Endpoint(controlPort), running: n.Running}
	}
	return all
}

func (c *containers) used(ctx context.Context) (adapters.Usage, error) {
	return c.deployment.Used(ctx)
}

func (c *containers) close() error {
	var err error
	if c.deployment != nil {
		err = c.deployment.Close()
	}
	return errors.Join(err, c.engine.Close())
}
