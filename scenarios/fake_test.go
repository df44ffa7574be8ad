package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// fake is an adapter whose system answers a per-event query right, in one goroutine and by nothing
// but time.Sleep, except for the defects planted in it.
type fake struct {
	deployErr, closeErr error
	unsupported         bool
	// making is what the driver takes for a batch at a slot, processing what the system takes.
	making, processing func(slot uint64) time.Duration
	// each is what the system takes for every event, beside processing.
	each time.Duration
	// unprotected is each where nothing is protected; 0 for the same, below 0 it cannot be deployed so.
	unprotected time.Duration
	// early is how far before now the system says its results arrived.
	early time.Duration
	// config are settings it reads back, beside its own.
	config map[string]string
	// dieAt ends the system with an error at a slot; 0 never.
	dieAt uint64
	// hangAt makes the system stop answering at a slot; 0 never.
	hangAt uint64
	// silent keeps it from telling of backpressure.
	silent bool
	// copies is how often the result of an event is delivered; nil for once.
	copies func(event int64) int
	// alter changes results before they are delivered; nil for not.
	alter func(rs *workloads.Results)
	// setsAside makes dead letters of events that can be read, and unset of none that cannot.
	setsAside, unset func(event int64) bool
	// milestones are what it says of itself, by the time since T0; nil for nothing.
	milestones []record.Milestone
	// second is what every second deployment does; nil for the same.
	second *fake

	halted atomic.Bool // nothing is taken and nothing answered

	mu       sync.Mutex
	deployed int
	jobs     []adapters.Job
	closed   int
}

func (f *fake) Supports(adapters.Job) error {
	if f.unsupported {
		return fmt.Errorf("fake runs nothing: %w", errors.ErrUnsupported)
	}
	return nil
}

func (f *fake) Deploy(_ context.Context, job adapters.Job) (adapters.System, error) {
	if f.deployErr != nil {
		return nil, f.deployErr
	}
	if f.unprotected < 0 && job.Guarantee == "at-most-once" {
		return nil, errors.New("the fake knows no mercy")
	}
	f.mu.Lock()
	f.deployed++
	f.jobs = append(f.jobs, job)
	nth := f.deployed
	f.mu.Unlock()
	if nth%2 == 0 && f.second != nil {
		return f.second.Deploy(context.Background(), job)
	}
	s := &fakeSystem{fake: f, job: job, quit: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	go s.tell()
	return s, nil
}

// tell tells the milestones when their times come.
func (s *fakeSystem) tell() {
	for _, m := range s.fake.milestones {
		for s.job.Load.NowNs() < m.AtNs {
			if !s.sleep(time.Millisecond) {
				return
			}
		}
		s.job.Milestone(m)
	}
}

type fakeSystem struct {
	fake *fake
	job  adapters.Job
	quit chan struct{}
	done chan struct{}
	once sync.Once
	err  error

	waited atomic.Int64 // time the collector took
}

func (s *fakeSystem) Meter() adapters.Meter {
	return adapters.Meter{BackpressureNs: s.waited.Load()}
}

func (s *fakeSystem) Nodes() (nodes []chaos.Node) {
	for i := range s.job.Workers {
		nodes = append(nodes, chaos.Node{Name: fmt.Sprintf("worker-%d", i+1), Role: chaos.Worker})
	}
	return append(nodes, chaos.Node{Name: "coordinator", Role: chaos.Coordinator})
}

func (s *fakeSystem) Config(context.Context) (map[string]string, error) {
	c := map[string]string{"fake": "yes"}
	maps.Copy(c, s.fake.config)
	return c, nil
}

func (s *fakeSystem) Wait(ctx context.Context) error {
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *fakeSystem) Close() error {
	s.once.Do(func() {
		close(s.quit)
		<-s.done
		s.fake.mu.Lock()
		s.fake.closed++
		s.fake.mu.Unlock()
	})
	return s.fake.closeErr
}

func (s *fakeSystem) run() {
	defer close(s.done)
	shards := s.job.Workers * s.job.WorkerCPUs
	var all sync.WaitGroup
	var mu sync.Mutex // the collector is called by one goroutine at a time
	for m := range shards {
		all.Go(func() {
			if err := s.shard(s.job.Load.Shard(m), &mu); err != nil {
				mu.Lock()
				s.err = errors.Join(s.err, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

func (s *fakeSystem) sleep(d time.Duration) (awake bool) {
	select {
	case <-time.After(d):
		return true
	case <-s.quit:
		return false
	}
}

func (s *fakeSystem) shard(shard *adapters.Shard, mu *sync.Mutex) error {
	w := s.job.Workload
	b, rs, gen := workloads.NewBatch(w.Schema, 256), workloads.NewResults(w.Query, 1024), w.Events()
	for {
		select {
		case <-s.quit:
			return nil
		default:
		}
		if s.fake.halted.Load() {
			if !s.sleep(time.Millisecond) {
				return nil
			}
			continue
		}
		t := shard.Take(b.Cap())
		if t.Slots.N == 0 {
			if t.End || !s.sleep(t.Wait) {
				return nil
			}
			continue
		}
		if s.fake.making != nil && !s.sleep(s.fake.making(t.Slots.First)) {
			return nil
		}
		gen.Fill(b, t.Slots)
		shard.Handed(t)
		if s.fake.processing != nil && !s.sleep(s.fake.processing(t.Slots.First)) {
			return nil
		}
		each := s.fake.each
		if s.fake.unprotected > 0 && s.job.Guarantee == "at-most-once" && s.job.Checkpoint == 0 {
			each = s.fake.unprotected
		}
		if each > 0 && !s.sleep(each*time.Duration(t.Slots.N)) {
			return nil
		}
		last := t.Slots.First + uint64(t.Slots.N-1)*t.Slots.Step
		if s.fake.dieAt > 0 && last >= s.fake.dieAt {
			return errors.New("the fake died as planned")
		}
		if s.fake.hangAt > 0 && last >= s.fake.hangAt {
			<-s.quit
			return nil
		}
		s.answer(b, rs)
		before := s.job.Load.NowNs()
		mu.Lock()
		err := s.job.Collector.Collect(rs, before-int64(s.fake.early))
		if dead := s.deadLetters(b); dead != nil && err == nil {
			err = s.job.Collector.Collect(dead, before)
		}
		mu.Unlock()
		if !s.fake.silent {
			s.waited.Add(s.job.Load.NowNs() - before)
		}
		if err != nil {
			return err
		}
		if t.End {
			return nil
		}
	}
}

// answer fills the results of a batch for a query that passes events on.
func (s *fakeSystem) answer(b *workloads.Batch, rs *workloads.Results) {
	w := s.job.Workload
	rs.N = 0
	for i := range b.N {
		if w.Schema.Tag != "" && b.Cols[0][i] != int64(w.Query.From) {
			continue
		}
		if s.reason(b, i) != 0 {
			continue
		}
		copies := 1
		if s.fake.copies != nil {
			copies = s.fake.copies(b.Seq[i])
		}
		for range copies {
			for c, f := range w.Query.Output.Fields {
				at, err := w.Schema.Column(w.Query.From, f.Name)
				if err != nil {
					panic(err)
				}
				rs.Cols[c][rs.N] = b.Column(at)[i]
			}
			rs.N++
		}
	}
	if s.fake.alter != nil {
		s.fake.alter(rs)
	}
}

// reason is why an event cannot be read, 0 if it can.
func (s *fakeSystem) reason(b *workloads.Batch, i int) int64 {
	w, f := s.job.Workload, s.fake
	switch {
	case f.setsAside != nil && f.setsAside(b.Seq[i]):
		return workloads.Unreadable
	case w.Spoil == nil || f.unset != nil && f.unset(b.Seq[i]):
		return 0
	}
	text := workloads.JSONCodec(w.Schema).Append(nil, b, i)
	switch text, spoilt := w.Spoil(text, 0, uint64(b.Seq[i])); {
	case !spoilt:
		return 0
	case len(text) > w.Query.MaxEventB:
		return workloads.TooLarge
	}
	return workloads.Unreadable
}

// deadLetters are those of a batch; nil where there are none.
func (s *fakeSystem) deadLetters(b *workloads.Batch) *workloads.Results {
	if !s.job.Workload.Query.DeadLetters {
		return nil
	}
	rs := workloads.NewResultsOf(s.job.Workload.Query, workloads.DeadLetters, b.N)
	for i := range b.N {
		if why := s.reason(b, i); why != 0 {
			for c, v := range []int64{b.Seq[i], 0, b.Seq[i], why, 1} {
				rs.Cols[c][rs.N] = v
			}
			rs.N++
		}
	}
	if rs.N == 0 {
		return nil
	}
	return rs
}
