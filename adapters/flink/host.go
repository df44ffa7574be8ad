package flink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/chaos"
)

// Ports inside of containers.
const (
	restPort = 8081
	rpcPort  = 6123
	blobPort = 6124
	dataPort = 6125
	taskPort = 6126
)

const (
	// longestStart bounds how long a virtual machine may take to be ready: several of them and the
	// brokers want the same processors at once.
	longestStart = 4 * time.Minute
	lookEvery    = 200 * time.Millisecond
)

// host is a session cluster.
type host struct {
	settings settings
	client   *client
	version  string
	at       string // of a cluster that is not ours; empty of one in containers
	apart    string // Adapter.program
	slots    int    // of each worker
	memory   memory

	engine     *docker.Engine
	deployment *docker.Deployment
	image      string
	jobManager *docker.Container
	workers    []*docker.Container
	once       sync.Once
	closed     error
}

// join looks whether a cluster that runs already is there.
func (h *host) join(ctx context.Context, job adapters.Job) error {
	h.at = strings.TrimSuffix(job.Own.At, "/")
	if !strings.Contains(h.at, "://") {
		h.at = "http://" + h.at
	}
	h.client = &client{base: h.at}
	o, err := h.overview(ctx)
	if err != nil {
		return unready{fmt.Errorf("look at the cluster at %s: %w: is it running, and is at the "+
			"address of its REST endpoint?", h.at, err)}
	}
	h.version = o.Version
	if free, need := o.Free, job.Workers*job.WorkerCPUs; free < need {
		return unready{fmt.Errorf("look at the cluster at %s: %d of its %d slots are free, and "+
			"resources ask for %d: end other jobs of it or add TaskManagers", h.at, free, o.Slots,
			need)}
	}
	return nil
}

// overview is what a cluster tells of itself.
type overview struct {
	TaskManagers int
	Slots        int    `json:"slots-total"`
	Free         int    `json:"slots-available"`
	Version      string `json:"flink-version"`
}

func (h *host) overview(ctx context.Context) (o overview, err error) {
	err = h.client.get(ctx, "/overview", &o)
	if err == nil && o.Version == "" {
		err = errors.New("what answers is no JobManager")
	}
	return o, err
}

// start starts a cluster in containers, which join the network of the brokers.
func (h *host) start(ctx context.Context, job adapters.Job) (err error) {
	rocksDB := h.settings.cluster["state.backend.type"] == "rocksdb"
	if h.memory, err = divide(job.MemoryB, rocksDB); err != nil {
		return unready{err}
	}
	h.slots = job.WorkerCPUs
	if h.engine, err = docker.Connect(ctx); err != nil {
		return err
	}
	if h.image = job.Own.Image; h.image == "" {
		h.image = Image().Ref()
	}
	h.deployment, err = h.engine.DeploymentOf(ctx, job)
	if err != nil {
		return err
	}
	if h.jobManager, err = h.deployment.Start(ctx, h.jobManagerSpec()); err != nil {
		return err
	}
	h.client = &client{base: "http://" + h.jobManager.Endpoint(restPort)}
	if err := h.startWorkers(ctx, job); err != nil {
		return err
	}
	if err := h.awaitSlots(ctx, job.Workers*job.WorkerCPUs); err != nil {
		return err
	}
	return h.checkCluster(ctx)
}

func (h *host) jobManagerSpec() docker.Spec {
	return docker.Spec{
		Name: "jobmanager", Image: h.image, Role: chaos.Coordinator, Cmd: []string{"jobmanager"},
		MemoryB: jobManagerB, Publish: []int{restPort}, Shared: checkpointDir,
		Env: map[string]string{"JAVA_OPTS": jobManagerJava},
		EnvOf: func(c *docker.Container) map[string]string {
			return map[string]string{"ADDRESS": c.IP(), "JOBMANAGER": c.IP()}
		},
		Files: []docker.File{{Path: configFile, Body: h.settings.forFile(nil)}},
		Ready: docker.ReadyHTTP(restPort, "/overview"), Within: longestStart,
	}
}

func (h *host) workerSpec(job adapters.Job, i int) docker.Spec {
	name := "taskmanager-" + strconv.Itoa(i+1)
	return docker.Spec{
		Name: name, Image: h.image, Role: chaos.Worker, Cmd: []string{"taskmanager"},
		CPUs: float64(job.WorkerCPUs), MemoryB: job.MemoryB, Shared: checkpointDir,
		Env: map[string]string{
			"JAVA_OPTS": h.memory.java(job.WorkerCPUs), "RESOURCE_ID": name,
			"JOBMANAGER": h.jobManager.IP(),
		},
		EnvOf: func(c *docker.Container) map[string]string {
			return map[string]string{"ADDRESS": c.IP()}
		},
		Files: []docker.File{{Path: configFile,
			Body: h.settings.forFile(h.memory.settings(job))}},
		Ready:  docker.ReadyLog("Successful registration at resource manager"),
		Within: longestStart,
	}
}

// startWorkers starts all TaskManagers at once.
func (h *host) startWorkers(ctx context.Context, job adapters.Job) error {
	h.workers = make([]*docker.Container, job.Workers)
	errs := make([]error, job.Workers)
	var starts sync.WaitGroup
	for i := range h.workers {
		starts.Go(func() {
			h.workers[i], errs[i] = h.deployment.Start(ctx, h.workerSpec(job, i))
		})
	}
	starts.Wait()
	return errors.Join(errs...)
}

// awaitSlots waits until so many slots are free, or a node has died.
func (h *host) awaitSlots(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, longestStart)
	defer cancel()
	for {
		o, err := h.overview(ctx)
		if err == nil {
			h.version = o.Version
			if o.Free >= n {
				return nil
			}
			err = fmt.Errorf("%d of %d slots are free, %d TaskManagers have registered", o.Free, n,
				o.TaskManagers)
		}
		if dead := h.alive(ctx); dead != nil {
			return dead
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("wait for taskmanagers: %w: %w", ctx.Err(), err)
		}
	}
}

// nodes are the containers; of a cluster that is not ours there are none that faults could reach.
func (h *host) nodes() (all []chaos.Node) {
	if h.at != "" {
		return []chaos.Node{{Name: "cluster", Role: chaos.Coordinator}}
	}
	all = append(all, h.jobManager.Node())
	for _, w := range h.workers {
		all = append(all, w.Node())
	}
	return all
}

// alive says which node does not run, and why.
func (h *host) alive(ctx context.Context) error {
	if h.at != "" {
		return nil
	}
	for _, c := range append([]*docker.Container{h.jobManager}, h.workers...) {
		if c == nil {
			continue
		}
		if err := c.Running(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// fits says why a cluster is not the one a job asks for.
func (h *host) fits(job adapters.Job, s settings) error {
	if h.at == "" && (len(h.workers) != job.Workers || h.slots != job.WorkerCPUs) {
		return fmt.Errorf("resources: the cluster was started with %d workers of %d slots, not %d of %d",
			len(h.workers), h.slots, job.Workers, job.WorkerCPUs)
	}
	return s.differing(h.settings)
}

// program is the jar that is submitted for a job.
func (h *host) program(ctx context.Context, job adapters.Job) (name string, jar []byte, err error) {
	switch {
	case job.Own.Jar != "":
		jar, err = os.ReadFile(job.Own.Jar)
		return filepath.Base(job.Own.Jar), jar, err
	case h.at == "":
		return "streambench.jar", emptyJar(), nil
	case h.apart != "":
		jar, err = os.ReadFile(h.apart)
		return "streambench-job.jar", jar, err
	}
	jar, err = wholeProgram(ctx, job)
	return "streambench-job.jar", jar, err
}

// Close removes the containers; of a cluster that is not ours there is nothing to remove.
func (h *host) Close() error {
	h.once.Do(func() {
		var errs []error
		if h.deployment != nil {
			errs = append(errs, h.deployment.Close())
		}
		if h.engine != nil {
			errs = append(errs, h.engine.Close())
		}
		h.closed = errors.Join(errs...)
	})
	return h.closed
}
