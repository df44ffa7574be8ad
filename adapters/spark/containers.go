package spark

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/chaos"
)

// Names of nodes.
const (
	driverName = "spark-driver"
	masterName = "spark-master"
	workerName = "spark-worker-"
)

// Ports of containers.
const (
	controlPort   = 8090 // of the driver
	masterPort    = 7077
	masterWebPort = 8080
	workerPort    = 7078
	driverRPCPort = 7079
	blockPort     = 7080
)

const (
	// stateDir is the folder that driver and workers share: checkpoints of queries and of their state.
	stateDir = "/spark/state"
	// usualMemoryB is the memory of a worker that was given no limit.
	usualMemoryB = 1536 << 20
	// driverMemoryB and masterMemoryB are those of the nodes of a cluster that are no workers.
	driverMemoryB = 1 << 30
	masterMemoryB = 384 << 20
	// daemonB is what a worker's own virtual machine takes beside its executor's.
	daemonB = 256 << 20
	// heapPercent of what is left is the heap: the rest is for code, threads, the buffers of sockets
	// and RocksDB.
	heapPercent = 60
)

// containers are nodes in containers of one network.
type containers struct {
	engine     *docker.Engine
	deployment *docker.Deployment
	driver     *docker.Container
	others     []*docker.Container
}

// startContainers starts the nodes of a job, or of several.
func startContainers(ctx context.Context, job adapters.Job) (fleet, error) {
	if err := kafka.CheckInside(job.Topics); err != nil {
		return nil, fmt.Errorf("start nodes: %w", err)
	}
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c := &containers{engine: engine}
	if err := c.start(ctx, job); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *containers) start(ctx context.Context, job adapters.Job) (err error) {
	c.deployment, err = c.engine.DeploymentOf(ctx, job)
	if err != nil {
		return err
	}
	if !isLocal(job) && job.Own.At == "" {
		if err := c.startCluster(ctx, job); err != nil {
			return err
		}
	}
	if job.Own.Jar != "" {
		return nil // its driver is started with the job
	}
	return c.startDriver(ctx, job)
}

func (c *containers) startDriver(ctx context.Context, job adapters.Job) error {
	spec, err := driverSpec(job)
	if err != nil {
		return err
	}
	c.driver, err = c.deployment.Start(ctx, spec)
	return err
}

// startOwn starts a driver for a job of the user's on the network of the others.
func (c *containers) startOwn(ctx context.Context, job adapters.Job) (fleet, error) {
	spec, err := ownSpec(job)
	if err != nil {
		return nil, err
	}
	c.driver, err = c.deployment.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	return ownDriver{c}, nil
}

// ownDriver are the nodes while a job of the user's runs on them.
type ownDriver struct{ *containers }

// close removes the driver alone.
func (d ownDriver) close() error {
	driver := d.containers.driver
	d.containers.driver = nil
	return driver.Remove()
}

// startCluster starts the master and then all workers at once.
func (c *containers) startCluster(ctx context.Context, job adapters.Job) error {
	m, err := c.deployment.Start(ctx, docker.Spec{
		Name: masterName, Image: imageOf(job), Role: chaos.Coordinator, Cmd: []string{"master"},
		Env:     map[string]string{"HEAP": "128m"},
		MemoryB: masterMemoryB, Publish: []int{masterWebPort},
		Ready: docker.ReadyHTTP(masterWebPort, "/json/"),
	})
	if err != nil {
		return err
	}
	c.others = append(c.others, m)
	workers := make([]*docker.Container, job.Workers)
	errs := make([]error, job.Workers)
	var starts sync.WaitGroup
	for i := range workers {
		starts.Go(func() { workers[i], errs[i] = c.deployment.Start(ctx, workerSpec(job, i)) })
	}
	starts.Wait()
	for _, w := range workers {
		if w != nil {
			c.others = append(c.others, w)
		}
	}
	return errors.Join(errs...)
}

func imageOf(job adapters.Job) string { return cmp.Or(job.Own.Image, Image().Ref()) }

// workerSpec is worker i of a job, from 0.
func workerSpec(job adapters.Job, i int) docker.Spec {
	name := workerName + strconv.Itoa(i+1)
	return docker.Spec{
		Name: name, Image: imageOf(job), Role: chaos.Worker,
		Cmd: []string{"worker", "spark://" + masterName + ":" + strconv.Itoa(masterPort)},
		Env: map[string]string{
			"HEAP": "128m", "NODE": name, "CORES": strconv.Itoa(job.WorkerCPUs),
			"MEMORY": megabytes(cmp.Or(job.MemoryB, usualMemoryB) - daemonB),
		},
		CPUs: float64(job.WorkerCPUs), MemoryB: cmp.Or(job.MemoryB, usualMemoryB), Shared: stateDir,
		Ready: docker.ReadyLog("Successfully registered with master"),
	}
}

// driverSpec is the driver, whose virtual machine is told of Spark's settings by its command line.
func driverSpec(job adapters.Job) (docker.Spec, error) {
	s := docker.Spec{
		Name: driverName, Image: imageOf(job), Role: chaos.Coordinator, Cmd: []string{"driver"},
		MemoryB: driverMemoryB, Shared: stateDir, Publish: []int{controlPort},
		Ready: docker.ReadyHTTP(controlPort, "/health"),
	}
	memoryB := cmp.Or(job.MemoryB, usualMemoryB)
	if isLocal(job) {
		s.Role, s.MemoryB, s.CPUs = chaos.Worker, memoryB, float64(job.WorkerCPUs)
	}
	s.Env = map[string]string{"HEAP": heap(s.MemoryB)}
	if job.Own.At != "" {
		s.EnvOf = func(c *docker.Container) map[string]string {
			return map[string]string{"ADDRESS": c.IP()}
		}
	}
	all, err := settingsOf(job)
	if err != nil {
		return s, err
	}
	for name := range all {
		// A query of ours is told of its settings in its plan, one of the user's has none.
		toSession := job.Own.Jar == "" || !strings.HasPrefix(name, "spark.")
		if ofSession(name) && toSession {
			delete(all, name)
		}
	}
	maps.Copy(all, deploymentSettings(job, memoryB))
	if at := job.Settings[checkpoints]; at != "" {
		all[checkpoints] = at
	}
	if job.Own.Jar != "" {
		maps.Copy(all, ownSettings)
	}
	var options []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		options = append(options, "-D"+name+"="+all[name])
	}
	s.Files = []docker.File{{Path: "/spark/conf/driver.opts",
		Body: []byte(quoted(options))}}
	return s, nil
}

// quoted writes options as a file of arguments of java.
func quoted(options []string) string {
	var b strings.Builder
	for _, o := range options {
		fmt.Fprintf(&b, "%q\n", o)
	}
	return b.String()
}

// deploymentSettings are those that follow from the resources and the nodes.
func deploymentSettings(job adapters.Job, workerB uint64) map[string]string {
	all := map[string]string{
		"spark.sql.streaming.checkpointLocation": "file://" + stateDir,
		"spark.ui.enabled":                       "false",
		"spark.local.dir":                        "/tmp",
		"spark.driver.host":                      driverName,
		"spark.driver.bindAddress":               "0.0.0.0",
	}
	if isLocal(job) {
		all["spark.master"] = fmt.Sprintf("local[%d]", tasksAtOnce(job))
		return all
	}
	at := job.Own.At
	if at == "" {
		at = "spark://" + masterName + ":" + strconv.Itoa(masterPort)
	}
	maps.Copy(all, map[string]string{
		"spark.master":                    at,
		"spark.driver.port":               strconv.Itoa(driverRPCPort),
		"spark.driver.blockManager.port":  strconv.Itoa(blockPort),
		"spark.executor.cores":            strconv.Itoa(job.WorkerCPUs),
		"spark.cores.max":                 strconv.Itoa(job.WorkerCPUs * job.Workers),
		"spark.executor.memory":           heap(workerB - daemonB),
		"spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
	})
	return all
}

// tasksAtOnce is how many tasks a driver that is the executor runs at a time: one for each of its
// processors, but in real-time mode one for each partition, which it keeps until the end.
func tasksAtOnce(job adapters.Job) int {
	if isRealTime(job) {
		return max(job.WorkerCPUs, job.Partitions)
	}
	return job.WorkerCPUs
}

func heap(memoryB uint64) string { return megabytes(memoryB / 100 * heapPercent) }

func megabytes(b uint64) string { return strconv.FormatUint(b>>20, 10) + "m" }

func (c *containers) control() java.Control {
	return java.Control{URL: "http://" + c.driver.Endpoint(controlPort)}
}

func (c *containers) nodes() []chaos.Node {
	var all []chaos.Node
	if c.driver != nil {
		all = append(all, c.driver.Node())
	}
	for _, n := range c.others {
		all = append(all, n.Node())
	}
	return all
}

// running says why the driver has died, without which nothing goes on.
func (c *containers) running(ctx context.Context) error {
	if c.driver == nil {
		return nil
	}
	return c.driver.Running(ctx)
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
