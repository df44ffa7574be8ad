package spark

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

const (
	// lookEvery is how often the driver is asked how the job is.
	lookEvery = 100 * time.Millisecond
	// longestStop bounds how long a query may take to stop.
	longestStop = 45 * time.Second
)

// system is a job on the nodes of a host.
type system struct {
	fleet fleet
	job   adapters.Job
	own   func() error // closes the driver it has for itself; nil where that serves others too
	alone func() error // closes the host it has for itself; nil likewise

	looking context.CancelFunc
	looks   sync.WaitGroup
	done    chan struct{} // closed when the job has ended
	err     error         // why; read after done

	mu     sync.Mutex
	last   java.Status
	told   int // milestones
	once   sync.Once
	closed error
}

// deploy starts a job and returns once its query takes events.
func (h *host) deploy(ctx context.Context, job adapters.Job) (*system, error) {
	s := &system{fleet: h.fleet, job: job, looking: func() {}, done: make(chan struct{})}
	start := s.start
	if job.Own.Jar != "" {
		start = s.startOwn
	}
	err := differing(job, h.of)
	if err == nil {
		err = start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	looking, stop := context.WithCancel(context.Background())
	s.looking = stop
	s.looks.Go(func() { s.follow(looking) })
	return s, nil
}

// startOwn starts a driver that runs what the user brought along.
func (s *system) startOwn(ctx context.Context) error {
	if s.job.Own.Main == "" {
		return errNoMain
	}
	nodes, ok := s.fleet.(ownable)
	if !ok {
		return fmt.Errorf("start own job: %w", errors.ErrUnsupported)
	}
	driver, err := nodes.startOwn(ctx, s.job)
	if err != nil {
		return err
	}
	s.fleet, s.own = driver, driver.close
	return nil
}

// start hands the driver the plan.
func (s *system) start(ctx context.Context) error {
	planned := s.job
	var err error
	if planned.Settings, err = settingsOf(s.job); err != nil {
		return err
	}
	delete(planned.Settings, master)
	plan, err := java.Plan(planned)
	if err != nil {
		return err
	}
	if err := s.fleet.control().Start(ctx, plan); err != nil {
		return s.orDeath(ctx, fmt.Errorf("start query: %w", err))
	}
	if _, err := s.look(ctx); err != nil {
		return err
	}
	if err := s.inForce(planned.Settings); err != nil {
		return err
	}
	s.tell(record.Milestone{Name: record.MilestoneDeployed})
	return nil
}

// inForce holds the settings in force against those asked for.
func (s *system) inForce(asked map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if got := s.last.Settings[name]; got != asked[name] {
			return fmt.Errorf("setting %s is %q, where %q was asked for", name, got, asked[name])
		}
	}
	return nil
}

// orDeath is why the fleet has died if it has, else the error.
func (s *system) orDeath(ctx context.Context, err error) error {
	if died := s.fleet.running(ctx); died != nil && ctx.Err() == nil {
		return died
	}
	return err
}

// follow looks at the job until it has ended.
func (s *system) follow(ctx context.Context) {
	defer close(s.done)
	for {
		st, err := s.look(ctx)
		ended := st.State == java.Ended
		if err == nil && s.own != nil {
			ended, err = ownDone(ctx, s.job, st)
		}
		switch {
		case ctx.Err() != nil:
			s.err = errors.New("closed before its end")
			return
		case err != nil:
			s.err = err
			return
		case ended:
			return
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
		}
	}
}

// look asks how the job is; the error is the job's own where that has failed.
func (s *system) look(ctx context.Context) (java.Status, error) {
	st, err := s.fleet.control().Status(ctx)
	if err != nil {
		return st, s.orDeath(ctx, fmt.Errorf("look at query: %w", err))
	}
	if st.State == java.Failed {
		return st, fmt.Errorf("the query has failed: %s", st.Error)
	}
	s.mu.Lock()
	s.last = st
	fresh := st.Milestones[min(s.told, len(st.Milestones)):]
	s.told = len(st.Milestones)
	s.mu.Unlock()
	for _, m := range fresh {
		s.tell(s.translate(m))
	}
	return st, nil
}

// milestoneNames are ours for those of the driver.
var milestoneNames = map[string]string{
	"batch.started":    record.MilestoneStarted,
	"batch.committed":  record.MilestoneCompleted,
	"executor.removed": record.MilestoneDetected,
	"executor.added":   record.MilestoneRejoined,
	"task.retried":     record.MilestoneReassigned,
	"state.restored":   record.MilestoneRestored,
}

// translate puts what the driver tells by its clock on the clock of the run.
func (s *system) translate(m java.Milestone) record.Milestone {
	name, ok := milestoneNames[m.Name]
	if !ok {
		name = m.Name
	}
	out := record.Milestone{Name: name, Node: m.With["node"], Text: m.With["why"]}
	if s.job.Load != nil {
		out.AtNs = max(0, s.job.Load.NowNs()-(time.Now().UnixNano()-m.UnixNs))
	}
	if n, err := strconv.ParseUint(m.With["batch"], 10, 64); err == nil {
		out.Checkpoint = n + 1 // they are counted from 1
	}
	if ms, err := strconv.ParseInt(m.With["tookMs"], 10, 64); err == nil {
		out.TookNs = ms * int64(time.Millisecond)
	}
	return out
}

func (s *system) tell(m record.Milestone) {
	if s.job.Milestone == nil {
		return
	}
	if m.AtNs == 0 && s.job.Load != nil {
		m.AtNs = s.job.Load.NowNs()
	}
	s.job.Milestone(m)
}

// Nodes are those of the host.
func (s *system) Nodes() []chaos.Node { return s.fleet.nodes() }

// Wait returns nil once the query has read the end of every partition and has written what follows.
func (s *system) Wait(ctx context.Context) error {
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.err != nil {
		return fmt.Errorf("run spark: %w", s.err)
	}
	return nil
}

// Used is what the nodes have used.
func (s *system) Used(ctx context.Context) (adapters.Usage, error) {
	if c, ok := s.fleet.(interface {
		used(ctx context.Context) (adapters.Usage, error)
	}); ok {
		return c.used(ctx)
	}
	return adapters.Usage{}, nil
}

// Config are the settings in force: of the context, of the session of the query, and of the query.
func (s *system) Config(ctx context.Context) (map[string]string, error) {
	st, err := s.fleet.control().Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read settings of spark: %w", s.orDeath(ctx, err))
	}
	all := map[string]string{
		"engine":    "Spark Structured Streaming " + version,
		"transport": s.job.Transport,
		"format":    s.job.Format,
		"guarantee": Adapter{}.Claim(s.job),
		"checkpoint": "every batch, whatever interval is asked for: " + s.job.Checkpoint.String() +
			" here",
		"workers": strconv.Itoa(s.job.Workers),
		"slots":   strconv.Itoa(s.job.WorkerCPUs),
		"profile": s.job.Profile,
	}
	maps.Copy(all, st.Settings)
	return all, nil
}

// Meter counts what the query has told of last.
func (s *system) Meter() adapters.Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.last.Counters
	return adapters.Meter{
		Late: uint64(c["late"]), Allowed: uint64(c["allowed"]), StateB: uint64(c["stateB"]),
	}
}

// Close stops the query, and the nodes if they are of this job alone.
func (s *system) Close() error {
	s.once.Do(func() {
		s.looking()
		s.looks.Wait()
		switch {
		case s.own != nil:
			s.closed = s.own()
		case s.job.Own.Jar == "":
			s.closed = s.stop()
		}
		if s.alone != nil {
			s.closed = errors.Join(s.closed, s.alone())
		}
	})
	return s.closed
}

// stop ends the query.
func (s *system) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), longestStop)
	defer cancel()
	if err := s.fleet.control().Stop(ctx); err != nil {
		return fmt.Errorf("stop query: %w", s.orDeath(ctx, err))
	}
	return nil
}
