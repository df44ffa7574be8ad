// Package native runs a job on the columnar engine: inside the streambench process or, where there
// are several workers or something is to be broken, in processes of its own (cluster).
//
//	embedded: shards of the load in the slots --> engine --> the collector
//	kafka:    readers of the input topic in the slots --> engine --> writer to the topics of results
//	log:      the same, with logs in files in the place of topics
package native

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

const (
	// batchRows is a compromise: columns of a batch stay in the second-level cache, and a call a
	// batch is far cheaper than the events in it.
	batchRows = 1024
	// outputDepth is how many batches of results of a slot may wait: a burst of all windows of 100k
	// keys in two slots fits, so that a slow collector does not hold the slot up.
	outputDepth = 128
	// idleTimeout lets the other shards' windows close while one has nothing due.
	idleTimeout = time.Second
)

// Adapter deploys the native engine. Its zero value is ready.
type Adapter struct{}

// exactlyOnce is the guarantee under which results travel in transactions.
const exactlyOnce = "exactly-once"

// Supports says why a job cannot be run. Every guarantee is accepted: in one process without
// faults nothing can be lost or come twice, whatever is promised.
func (Adapter) Supports(job adapters.Job) error {
	if clustered(job) {
		if err := cluster.Supports(job); err != nil {
			return err
		}
	} else if len(job.Settings) > 0 {
		return unsupported("run native in one process with settings: they are of worker processes; " +
			"set resources.workers: 2 or leave config out")
	}
	if job.Workload.Spoil != nil && job.Format != workloads.JSONForm {
		return unsupported("run %s on native in the form %q: it damages events of the form json",
			job.Workload.Name, job.Format)
	}
	if err := engine.Supports(job.Workload); err != nil {
		return fmt.Errorf("run %s on native: %w", job.Workload.Name, err)
	}
	return nil
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, errors.ErrUnsupported)...)
}

// clustered reports whether a job needs processes of its own: more than one worker, or faults. One
// process is the fast path for everything else.
func clustered(job adapters.Job) bool { return job.Workers > 1 || job.Broken }

// Enter becomes a node of a cluster if this process was started as one, and then does not return.
// main calls it first, and so does the TestMain of every test binary that deploys one.
func Enter() { cluster.Enter(openFeed) }

// Deploy builds the engine and starts its slots, which wait for the load to begin; or the processes
// of a cluster.
func (a Adapter) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := a.Supports(job); err != nil {
		return nil, err
	}
	if clustered(job) {
		s, err := cluster.Deploy(ctx, job)
		if err != nil {
			return nil, err // a nil *cluster.System would be a System that is not nil
		}
		return s, nil
	}
	run, cancel := context.WithCancel(context.Background())
	s := &system{job: job, cancel: cancel, done: make(chan struct{})}
	if err := s.build(ctx); err != nil {
		s.release()
		return nil, err
	}
	giveThreads(job.WorkerCPUs)
	go s.run(run)
	return s, nil
}

// build makes sources, engine and what takes its results.
func (s *system) build(ctx context.Context) (err error) {
	slots := s.job.WorkerCPUs
	c := engine.Config{
		Workload: s.job.Workload, BatchRows: batchRows, OutputDepth: outputDepth,
		StateLimitB: s.job.MemoryB / uint64(slots),
	}
	if s.job.Topics == nil {
		for m := range slots {
			src, err := newSource(s.job, m)
			if err != nil {
				return err
			}
			c.Sources = append(c.Sources, src)
		}
		s.deliver = s.collect
		s.engine, err = engine.New(c)
		return err
	}
	g := newGraves()
	for m := range slots {
		r, err := newReader(ctx, s.job, g, shardOf{shard: m})
		if err != nil {
			return err
		}
		s.readers = append(s.readers, r)
		c.Sources = append(c.Sources, r)
	}
	if s.writer, err = newWriter(ctx, s.job, s.readers, g); err != nil {
		return err
	}
	if s.engine, err = engine.New(c); err != nil {
		return err
	}
	s.writer.outputs = s.engine.Outputs()
	s.deliver = s.writer.run
	return nil
}

// release lets go of brokers and logs.
func (s *system) release() {
	for _, r := range s.readers {
		r.close()
	}
	if s.writer != nil {
		s.writer.close()
	}
}

// giveThreads lets the runtime run a thread for every slot, the collector, the canary and the rest
// of the tool at once, and leaves it to the kernel to share the cores among them. Were there only
// as many as cores, a thread asleep in the kernel or a busy slot would keep the collector from
// running for up to ten milliseconds, which would be reported as latency.
func giveThreads(slots int) {
	if n := runtime.NumCPU() + slots + 3; runtime.GOMAXPROCS(0) < n {
		runtime.GOMAXPROCS(n)
	}
}

// system is a running engine.
type system struct {
	job     adapters.Job
	engine  *engine.Engine
	readers []*reader // of a kafka transport, as is the writer
	writer  *writer
	deliver func(context.Context) error // takes the engine's results until there are no more
	cancel  context.CancelFunc
	done    chan struct{} // closed when the engine and what takes its results have returned
	err     error         // why they did; read after done
}

func (s *system) run(ctx context.Context) {
	defer close(s.done)
	defer s.release()
	defer s.cancel()
	var collect sync.WaitGroup
	var collectErr error
	collect.Go(func() {
		if collectErr = s.deliver(ctx); collectErr != nil {
			s.cancel()
		}
	})
	runErr := s.engine.Run(ctx)
	if runErr != nil {
		s.cancel()
	}
	collect.Wait()
	if s.err = collectErr; s.err == nil || errors.Is(s.err, context.Canceled) {
		s.err = runErr
	}
}

// Nodes is the process itself.
func (s *system) Nodes() []chaos.Node {
	return []chaos.Node{{Name: "worker-1", Role: chaos.Worker}}
}

// Config are the settings the engine was made with.
func (s *system) Config(context.Context) (map[string]string, error) {
	all := map[string]string{
		"engine":       "streambench native, columnar, in process",
		"go":           runtime.Version(),
		"gomaxprocs":   strconv.Itoa(runtime.GOMAXPROCS(0)),
		"workers":      "1",
		"slots":        strconv.Itoa(s.job.WorkerCPUs),
		"batch.rows":   strconv.Itoa(batchRows),
		"output.depth": strconv.Itoa(outputDepth) + " batches a slot",
		"state":        "off-heap tables, at most " + strconv.FormatUint(s.job.MemoryB, 10) + " bytes",
		"transport":    s.job.Transport,
		"format":       s.job.Format,
		"events":       travel(s.job),
		"guarantee":    s.job.Guarantee,
		"checkpoint":   "none of its state: one process without faults has nothing to recover from",
	}
	if s.writer != nil {
		all["sink"] = s.writer.text()
	}
	return all, nil
}

// travel says what a form means, which is least where events do not leave the process.
func travel(job adapters.Job) string {
	if job.Topics != nil {
		return "read from the input topic as they come; results written to theirs"
	}
	if job.Format == workloads.JSONForm {
		return "each written as json and read again; results in columns"
	}
	return "in columns, and results too: no wire form is written or read"
}

// Wait returns when the engine has read its input and the collector has every result.
func (s *system) Wait(ctx context.Context) error {
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.err != nil {
		return fmt.Errorf("run native: %w", s.err)
	}
	return nil
}

// Close stops the slots and waits until they are gone.
func (s *system) Close() error {
	s.cancel()
	<-s.done
	return nil
}

// Meter reads the engine's counters.
func (s *system) Meter() adapters.Meter {
	st := s.engine.Stats()
	m := adapters.Meter{
		Late: st.Late, Allowed: st.Allowed, BusyNs: st.BusyNs, StateB: st.StateB,
		BackpressureNs: st.BackpressureNs,
	}
	if s.writer != nil {
		m.BusyNs += s.writer.busyNs.Load()
	}
	return m
}
