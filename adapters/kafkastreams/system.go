package kafkastreams

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

const (
	// lookEvery is how often workers are asked how they are and offsets are read.
	lookEvery = 200 * time.Millisecond
)

// system is a job on the workers of a host.
type system struct {
	host    *host
	job     adapters.Job
	topics  *topics
	alone   func() error // closes the host it has for itself; nil where that serves others too
	reader  func()       // ends the reading of milestones
	readers sync.WaitGroup

	mu     sync.Mutex
	late   map[string]int64 // by worker
	told   map[string]int   // milestones of each worker that were told
	once   sync.Once
	closed error
}

// deploy starts a job on all workers at once.
func (h *host) deploy(ctx context.Context, job adapters.Job) (*system, error) {
	t, err := connect(job)
	if err != nil {
		return nil, err
	}
	s := &system{host: h, job: job, topics: t, reader: func() {},
		late: map[string]int64{}, told: map[string]int{}}
	if err := s.start(ctx); err != nil {
		return nil, closing(err, s.Close)
	}
	return s, nil
}

func (s *system) start(ctx context.Context) error {
	if s.job.Own.Jar != "" {
		return nil // it has begun with its container
	}
	planned := s.job
	planned.Settings = settingsOf(s.job)
	plan, err := java.Plan(planned)
	if err != nil {
		return err
	}
	if err := s.each(func(w worker) error { return w.begin(ctx, plan) }); err != nil {
		return err
	}
	if err := s.awaitTasks(ctx); err != nil {
		return err
	}
	if err := s.checkInForce(ctx); err != nil {
		return err
	}
	s.tell(record.Milestone{Name: record.MilestoneDeployed})
	reading, stop := context.WithCancel(context.Background())
	s.reader = stop
	s.readers.Go(func() { s.read(reading) })
	return nil
}

// each does something with all workers at once.
func (s *system) each(do func(w worker) error) error {
	all := s.host.fleet.workers()
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, w := range all {
		group.Go(func() { errs[i] = do(w) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// awaitTasks returns once every partition of the input is some worker's.
func (s *system) awaitTasks(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestStart,
		fmt.Errorf("not all partitions were handed out within %s", longestStart))
	defer cancel()
	all := s.host.fleet.workers()
	for {
		var tasks, unsettled int64
		for _, w := range all {
			st, err := s.look(ctx, w)
			if err != nil {
				return err
			}
			tasks += st.Counters["tasks"]
			unsettled += st.Counters["rebalancing"]
			if st.Counters["tasks"] == 0 && s.job.Topics.Partitions >= len(all) {
				unsettled++ // it has joined, and is still to be given its share
			}
		}
		if tasks >= int64(s.job.Topics.Partitions) && unsettled == 0 {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for partitions: %w", err)
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-time.After(lookEvery):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// look asks a worker how its job is; the error is the job's own where that has failed.
func (s *system) look(ctx context.Context, w worker) (java.Status, error) {
	st, err := w.look(ctx)
	if err != nil {
		return st, w.orDeath(err)
	}
	if st.State == java.Failed {
		return st, fmt.Errorf("%s: %s", w.name, st.Error)
	}
	s.note(w, st)
	return st, nil
}

// note keeps what a worker has counted and tells its new milestones.
func (s *system) note(w worker, st java.Status) {
	s.mu.Lock()
	s.late[w.name] = st.Counters["late"]
	fresh := st.Milestones[min(s.told[w.name], len(st.Milestones)):]
	s.told[w.name] = len(st.Milestones)
	s.mu.Unlock()
	for _, m := range fresh {
		s.tell(translate(w.name, m, s.job.Load))
	}
}

// names of milestones, where ours have others.
var milestoneNames = map[string]string{
	"rebalance.started": "rebalance.started",
	"restore.started":   record.MilestoneRestoring,
	"restored":          record.MilestoneRestored,
	"running":           record.MilestoneResumed,
}

// translate puts what a worker tells by its clock on the clock of the run.
func translate(node string, m java.Milestone, load *adapters.Load) record.Milestone {
	name, ok := milestoneNames[m.Name]
	if !ok {
		name = m.Name
	}
	out := record.Milestone{Name: name, Node: node}
	if load != nil {
		out.AtNs = max(0, load.NowNs()-(time.Now().UnixNano()-m.UnixNs))
	}
	if p, err := strconv.Atoi(m.With["partition"]); err == nil {
		out.Slots = []int{p}
	}
	out.TookNs, _ = strconv.ParseInt(m.With["tookNs"], 10, 64)
	if n := m.With["records"]; n != "" {
		out.Text = n + " records"
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

// read tells milestones as they come, whether anybody waits or not.
func (s *system) read(ctx context.Context) {
	for pause(ctx) == nil {
		for _, w := range s.host.fleet.workers() {
			if st, err := w.look(ctx); err == nil {
				s.note(w, st)
			}
		}
	}
}

// Nodes are the workers.
func (s *system) Nodes() []chaos.Node {
	var nodes []chaos.Node
	for _, w := range s.host.fleet.workers() {
		nodes = append(nodes, chaos.Node{Name: w.name, Role: chaos.Worker})
	}
	return nodes
}

// Wait returns nil once the group has committed the ends of the input and of all internal topics:
// what was answered is flushed, or committed with those offsets, by then.
func (s *system) Wait(ctx context.Context) error {
	for {
		if err := s.alive(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("run kafkastreams: %w", err)
		}
		done, err := s.topics.read(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("run kafkastreams: read offsets: %w", err)
		case done:
			return s.alive(ctx)
		}
		if pause(ctx) != nil {
			return ctx.Err()
		}
	}
}

// alive says why the job has failed or a worker has died. A worker that is gone does not end the
// job: the group gives its partitions to the others; without any it has ended.
func (s *system) alive(ctx context.Context) error {
	var errs []error
	for _, w := range s.host.fleet.workers() {
		var err error
		if s.job.Own.Jar != "" {
			err = w.running(ctx)
		} else {
			_, err = s.look(ctx, w)
		}
		if err == nil {
			continue
		}
		if !s.job.Broken || w.running(ctx) == nil {
			return err
		}
		errs = append(errs, err)
	}
	if len(errs) == len(s.host.fleet.workers()) {
		return errors.Join(errs...)
	}
	return nil
}

// Meter counts what the workers have told of last.
func (s *system) Meter() adapters.Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m adapters.Meter
	for _, n := range s.late {
		m.Late += uint64(n)
	}
	return m
}

// Used is what the workers have used.
func (s *system) Used(ctx context.Context) (adapters.Usage, error) {
	return s.host.fleet.used(ctx)
}

// Config are the settings in force: of the workers as their clients have them, of the group and of
// the internal topics as the brokers do.
func (s *system) Config(ctx context.Context) (map[string]string, error) {
	all := map[string]string{
		"engine":     "Kafka Streams " + version,
		"transport":  s.job.Transport,
		"format":     s.job.Format,
		"guarantee":  s.job.Guarantee,
		"checkpoint": s.job.Checkpoint.String(),
		"workers":    strconv.Itoa(len(s.host.fleet.workers())),
		"slots":      strconv.Itoa(s.job.WorkerCPUs),
		"profile":    s.job.Profile,
	}
	if s.job.Own.Jar != "" {
		all["engine"] = "of " + s.job.Own.Jar
	} else if err := s.agreed(ctx, all); err != nil {
		return nil, fmt.Errorf("read settings of kafkastreams: %w", err)
	}
	if err := s.topics.settings(ctx, all); err != nil {
		return nil, fmt.Errorf("read settings of kafkastreams: %w", err)
	}
	return all, nil
}

// agreed adds the settings of the workers, which are one application and must not differ.
func (s *system) agreed(ctx context.Context, all map[string]string) error {
	first := ""
	for _, w := range s.host.fleet.workers() {
		st, err := s.look(ctx, w)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(st.Settings)) {
			if was, ok := all[name]; ok && first != "" && was != st.Settings[name] {
				return fmt.Errorf("setting %s is %s on %s and %s on %s", name, was, first,
					st.Settings[name], w.name)
			}
			all[name] = st.Settings[name]
		}
		first = w.name
	}
	return nil
}

// checkInForce holds what is in force against what was asked for.
func (s *system) checkInForce(ctx context.Context) error {
	all, err := s.Config(ctx)
	if err != nil {
		return err
	}
	asked := settingsOf(s.job)
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if got := all[name]; !strings.EqualFold(got, asked[name]) {
			return fmt.Errorf("setting %s is %s, where %s was asked for", name, got, asked[name])
		}
	}
	return nil
}

// Close ends the job on every worker and removes its internal topics and its group.
func (s *system) Close() error {
	s.once.Do(func() {
		s.reader()
		s.readers.Wait()
		var errs []error
		if s.job.Own.Jar == "" {
			errs = append(errs, s.each(worker.end))
		}
		if s.alone != nil {
			errs = append(errs, s.alone())
		}
		errs = append(errs, s.topics.close())
		s.closed = errors.Join(errs...)
	})
	return s.closed
}
