// Package cluster runs a job of the native engine on worker processes of one host, so that it can
// be broken and what that costs be measured. For more than one machine there are the frameworks.
//
//	runner:  inlet <--results-- workers        coordinator --assign, checkpoint--> workers
//	         load  <--shards--- workers        worker <--blocks, credit--> worker
//	         milestones <------ all            state: checkpoints on disk, coordinator.json
package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// System is a cluster that was deployed. It can be broken: see chaos.
type System struct {
	given   adapters.Job
	job     job
	network chaos.Network
	own     interface{ Close() error } // the network, where it is this system's own
	inlet   *inlet
	label   string

	telling sync.Mutex // held while a milestone is told
	told    bool       // nobody wants to know any more

	mu       sync.Mutex
	nodes    map[string]*peer
	order    []string
	schedule schedule
	owners   []string // of slots, by what was told last
	meters   map[string]stats
	past     stats // counters of attempts that are over
	closed   bool

	deployed chan struct{}
	done     chan struct{}
	err      error // read after done
	once     sync.Once
	first    sync.Once
}

// peer is a node as the runner knows it.
type peer struct {
	name, role, listen string
	proc               *process
	conn               *conn
	reportedNs         int64 // CLOCK_MONOTONIC, when its shards were last heard of
	answers            chan answer
}

// answer is a frame that answers a question.
type answer struct {
	k    kind
	body []byte
}

// Supports says why a job cannot be run on worker processes.
func Supports(job adapters.Job) error {
	if !sharedClock {
		return fmt.Errorf("run native on worker processes: they need Linux; "+
			"set resources.workers: 1 and leave faults out: %w", errors.ErrUnsupported)
	}
	if _, err := newSettings(job.Profile, job.Settings); err != nil {
		return fmt.Errorf("run native: %w", err)
	}
	if job.Transport != adapters.Embedded && job.Guarantee == atMostOnce {
		return fmt.Errorf("run native on worker processes at-most-once over %s: what was read and "+
			"not answered is not known there; set guarantee: at-least-once: %w", job.Transport,
			errors.ErrUnsupported)
	}
	if n := job.Workers * job.WorkerCPUs; n > maxSlots {
		return fmt.Errorf("run native with %d slots: at most %d: %w", n, maxSlots,
			errors.ErrUnsupported)
	}
	return nil
}

// maxSlots bounds the slots of a cluster on one host.
const maxSlots = 64

// Deploy starts the nodes and returns when all of them work.
func Deploy(ctx context.Context, given adapters.Job) (_ *System, err error) {
	s, err := newSystem(ctx, given)
	if err != nil {
		return nil, err
	}
	given.Load.Follow(s)
	go s.watchSilence()
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newSystem(ctx context.Context, given adapters.Job) (*System, error) {
	settings, err := newSettings(given.Profile, given.Settings)
	if err != nil {
		return nil, err
	}
	pacer, err := specOf(given)
	if err != nil {
		return nil, err
	}
	s := &System{
		given: given, network: given.Network, nodes: map[string]*peer{},
		schedule: schedule{SteadyNs: math.MaxInt64},
		meters:   map[string]stats{}, deployed: make(chan struct{}), done: make(chan struct{}),
	}
	s.job = job{
		RunID: given.RunID, Workload: given.Workload.Spec(), Pacer: pacer, Format: given.Format,
		Guarantee: given.Guarantee, Checkpoint: given.Checkpoint, CPUs: given.WorkerCPUs,
		MemoryB: given.MemoryB, Store: storeDir(given.StateDir), Settings: settings,
		Kept: keptDir(given), Topics: given.Topics, Plant: planted(),
	}
	for i := range given.Workers + settings.Spares + settings.Standbys {
		name := workerName(i)
		if i < given.Workers {
			s.job.Workers = append(s.job.Workers, name)
		} else {
			s.job.Spares = append(s.job.Spares, name)
		}
	}
	if given.Lease != nil {
		s.label = given.Lease.Label()
	}
	if s.network == nil {
		n, err := chaos.NewNetwork(ctx, chaos.PlaneDirect, given.RunID, given.Lease)
		if err != nil {
			return nil, err
		}
		s.network, s.own = n, n
	}
	s.inlet = newInlet(given, &s.job)
	return s, os.MkdirAll(sharedDir(given.StateDir), 0o755)
}

// start starts the coordinator, then the workers, and waits until they work.
func (s *System) start(ctx context.Context) error {
	s.add(coordinatorName, coordinatorRole)
	for _, w := range s.job.Workers {
		s.add(w, workerRole)
	}
	for _, w := range s.job.Spares {
		s.add(w, workerRole)
	}
	for _, name := range s.order {
		listen, err := s.network.Listen(name)
		if err != nil {
			return fmt.Errorf("place %s: %w", name, err)
		}
		s.nodes[name].listen = listen
	}
	started := make(chan error, len(s.order))
	for _, name := range s.order {
		go func() { started <- s.launch(ctx, name) }()
	}
	var errs []error
	for range s.order {
		errs = append(errs, <-started)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	limit := time.NewTimer(formLimit + deployLimit)
	defer limit.Stop()
	select {
	case <-s.deployed:
		return nil
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fmt.Errorf("wait for workers: not ready within %s", formLimit+deployLimit)
	}
}

func (s *System) add(name, role string) {
	s.nodes[name] = &peer{name: name, role: role, answers: make(chan answer, 4)}
	s.order = append(s.order, name)
}

// launch starts the process of a node, calls it and tells it the job.
func (s *System) launch(ctx context.Context, name string) error {
	s.mu.Lock()
	n := s.nodes[name]
	l := launch{role: n.role, label: s.label, network: s.network, logDir: s.given.StateDir}
	s.mu.Unlock()
	proc, err := l.start(nodeConfig{
		RunID: s.job.RunID, Name: name, Role: n.role, Listen: n.listen, Dir: s.dirOf(name),
		Shared: sharedDir(s.given.StateDir),
	})
	if err != nil {
		return err
	}
	address, err := s.network.Dial("", name)
	if err != nil {
		proc.kill()
		return fmt.Errorf("reach %s: %w", name, err)
	}
	c, err := greet(ctx, address, proc)
	if err != nil {
		proc.kill()
		return fmt.Errorf("start %s: %w", name, err)
	}
	j := s.job
	if j.Address, err = s.addresses(name); err != nil {
		proc.kill()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		proc.kill()
		return errors.New("the system was closed meanwhile")
	}
	n.proc, n.conn, n.reportedNs = proc, c, monotonicNs()
	j.Schedule = s.schedule
	c.send(kindStart, j)
	go s.listen(n, c)
	return nil
}

func (s *System) dirOf(name string) string { return filepath.Join(s.given.StateDir, name) }

// addresses are how a node reaches the others.
func (s *System) addresses(from string) (map[string]string, error) {
	all := map[string]string{}
	for _, to := range s.order {
		if to == from {
			continue
		}
		a, err := s.network.Dial(from, to)
		if err != nil {
			return nil, fmt.Errorf("find way from %s to %s: %w", from, to, err)
		}
		all[to] = a
	}
	return all, nil
}

// listen takes what a node sends until the connection ends.
func (s *System) listen(n *peer, c *conn) {
	defer c.close()
	for {
		k, body, err := c.read()
		if err == nil {
			err = s.take(n, k, body)
		}
		if errors.Is(err, errDamaged) {
			s.end(fmt.Errorf("listen to %s: %w", n.name, err))
		}
		if err != nil {
			return
		}
	}
}

// take takes one frame of a node.
func (s *System) take(n *peer, k kind, body []byte) error {
	switch k {
	case kindShards:
		return s.mirror(n, body)
	case kindResults:
		return s.results(n, body)
	case kindMarker:
		m, err := decode[marker](body)
		if err != nil {
			return err
		}
		n.conn.send(kindSealed, m)
	case kindMilestone:
		m, err := decode[told](body)
		if err != nil {
			return err
		}
		s.milestone(m)
	case kindStats:
		m, err := decode[stats](body)
		if err != nil {
			return err
		}
		s.count(n.name, m)
	case kindFence:
		return s.fence(n, body)
	case kindCommit:
		return s.commit(body)
	case kindFailed:
		f, err := decode[failure](body)
		if err != nil {
			return err
		}
		s.end(errors.New(f.Error))
	case kindFrozen, kindTried, kindDisk:
		select {
		case n.answers <- answer{k, append([]byte(nil), body...)}:
		default:
		}
	}
	return nil
}

// end ends the system, once.
func (s *System) end(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.done)
	})
}

// milestone hands one on in the runner's time.
func (s *System) milestone(m told) {
	switch m.Name {
	case record.MilestoneDeployed, record.MilestoneResumed: // a worker may be lost before all work
		s.first.Do(func() { close(s.deployed) })
	}
	if s.given.Milestone == nil {
		return
	}
	s.mu.Lock()
	t0 := s.schedule.T0Ns
	s.mu.Unlock()
	if t0 != 0 {
		m.AtNs = m.MonoNs - t0
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	if !s.told {
		s.given.Milestone(m.Milestone)
	}
}

// hush has no milestone told from now on: what is killed at the end is lost to nobody.
func (s *System) hush() {
	s.telling.Lock()
	s.told = true
	s.telling.Unlock()
}

// Config are the settings the nodes were given.
func (s *System) Config(context.Context) (map[string]string, error) {
	j := &s.job
	memory := strconv.FormatUint(j.MemoryB, 10)
	return map[string]string{
		"engine":             "streambench native, columnar, worker processes on one host",
		"go":                 runtime.Version(),
		"workers":            strconv.Itoa(len(j.Workers)),
		"slots":              strconv.Itoa(j.slots()),
		"spares":             strconv.Itoa(j.Settings.Spares),
		"standbys":           strconv.Itoa(j.Settings.Standbys),
		"batch.rows":         strconv.Itoa(batchRows),
		"plane":              s.network.Plane(),
		"format":             j.Format,
		"guarantee":          j.Guarantee,
		"checkpoint":         s.checkpointText(),
		"checkpoint.timeout": j.Settings.CheckpointTimeout.String(),
		"heartbeat":          j.Settings.Heartbeat.String(),
		"heartbeat.timeout":  j.Settings.Timeout.String(),
		"state":              "off-heap tables, at most " + memory + " bytes a worker",
		"sink":               s.sinkText(),
		"transport":          s.given.Transport,
		"recovery": "all slots go back to the last checkpoint; " +
			"those of a lost worker go to spares or to the others",
	}, nil
}

func (s *System) checkpointText() string {
	if !s.job.replays() {
		return "none: at most once, nothing is replayed"
	}
	return "aligned, incremental, each " + s.job.Checkpoint.String()
}

func (s *System) sinkText() string {
	if s.job.holds() {
		return "results are visible when the checkpoint behind them is complete"
	}
	return "results are visible as they come"
}

// Wait returns when the stream was read to its end and all results are visible.
func (s *System) Wait(ctx context.Context) error {
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.err != nil {
		return fmt.Errorf("run native: %w", s.err)
	}
	s.settle(ctx)
	return nil
}

// settle waits for what workers have counted: the coordinator's word that all is read may overtake
// it. A worker that has died since says nothing, and is not waited for long.
func (s *System) settle(ctx context.Context) {
	for until := time.Now().Add(time.Second); ctx.Err() == nil && time.Now().Before(until); {
		s.mu.Lock()
		slots := 0
		for _, m := range s.meters {
			slots += m.Slots
		}
		s.mu.Unlock()
		if slots >= s.given.Workers*s.given.WorkerCPUs {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Close ends every process, stopped ones too, and waits until they are gone.
func (s *System) Close() error {
	s.hush()
	s.mu.Lock()
	s.closed = true
	var procs []*process
	for _, n := range s.nodes {
		if n.proc != nil {
			procs = append(procs, n.proc)
		}
	}
	s.mu.Unlock()
	s.end(errors.New("closed"))
	for _, p := range procs {
		p.kill()
	}
	for _, n := range s.nodes {
		if n.conn != nil {
			n.conn.close()
		}
	}
	if s.own != nil {
		return s.own.Close()
	}
	return nil
}
