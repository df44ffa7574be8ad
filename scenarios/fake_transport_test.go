package scenarios_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

// pipe is a transport in memory, with a system that reads from it and writes to it. Like a broker
// it keeps what was sent until it is read, and holds results back until they are sealed.
type pipe struct {
	fake // the system: its defects work the same

	refuses     error         // of Supports
	deployErr   error         // of the transport's Deploy
	deploysIn   time.Duration // how long that takes
	failsAt     uint64        // the driver fails at a slot; 0 never
	failure     error         // with that
	losesInput  bool          // the driver never says that it has sent everything
	sealErr     error
	shadowErr   error // of the way of a second system
	sealsNever  bool
	closeErr    error
	unsure      uint64 // sends of unknown outcome
	systemStops bool   // the system ends well before its input does

	mu    sync.Mutex
	order []string // what was deployed and closed, in this order
	job   adapters.Job
	open  *pipeChannel
}

func (p *pipe) did(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order = append(p.order, what)
}

func (p *pipe) find(string) (adapters.Transport, bool) { return pipeTransport{p}, true }

// pipeTransport and pipeSystem are the two faces of a pipe.
type (
	pipeTransport struct{ p *pipe }
	pipeAdapter   struct{ p *pipe }
)

func (t pipeTransport) Supports(adapters.Job) error { return t.p.refuses }

func (t pipeTransport) Deploy(ctx context.Context, job adapters.Job) (adapters.Channel, error) {
	p := t.p
	select {
	case <-time.After(p.deploysIn):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.deployErr != nil {
		return nil, p.deployErr
	}
	p.did("deploy transport")
	c := &pipeChannel{way: newWay(p, job), sent: make(chan struct{})}
	p.open, p.job = c, job
	go c.collect()
	go c.drive()
	return c, nil
}

// way is how a system gets its events and its results go.
type way struct {
	p      *pipe
	job    adapters.Job
	quit   chan struct{}
	once   sync.Once
	input  chan *workloads.Batch
	output chan *workloads.Results
	sealed chan struct{} // closed when every result was collected
}

func newWay(p *pipe, job adapters.Job) way {
	return way{p: p, job: job, quit: make(chan struct{}), sealed: make(chan struct{}),
		input: make(chan *workloads.Batch, 1<<16), output: make(chan *workloads.Results, 1<<16)}
}

type pipeChannel struct {
	way
	sent chan struct{} // closed when the driver has ended
	err  error         // of the driver

	mu     sync.Mutex
	log    []*workloads.Batch // all that was sent
	over   bool               // nothing follows the log
	shadow *way               // nil without a second system
}

// send hands a batch to every system, and keeps it for one that is still to come.
func (c *pipeChannel) send(b *workloads.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, b)
	ways := []chan *workloads.Batch{c.input}
	if c.shadow != nil {
		ways = append(ways, c.shadow.input)
	}
	for _, way := range ways {
		select {
		case way <- b:
		case <-c.quit:
			return errors.New("the driver was closed")
		}
	}
	return nil
}

func (c *pipeChannel) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	close(c.input)
	if c.shadow != nil {
		close(c.shadow.input)
	}
}

func (c *pipeChannel) Shadow(_ context.Context, job adapters.Job) (adapters.Outlet, error) {
	if err := c.p.shadowErr; err != nil {
		return nil, err
	}
	c.p.did("deploy outlet")
	w := newWay(c.p, job)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shadow = &w
	for _, b := range c.log {
		w.input <- b
	}
	if c.over {
		close(w.input)
	}
	go w.collect()
	return outlet{&w, c}, nil
}

// outlet is where the results of a second system go.
type outlet struct {
	*way
	of *pipeChannel
}

func (o outlet) Topics() *adapters.Topics {
	return &adapters.Topics{Input: o.of.Topics().Input, Partitions: o.job.Partitions}
}

func (o outlet) Close() error {
	o.once.Do(func() {
		close(o.quit)
		<-o.sealed
		o.p.did("close outlet")
	})
	return nil
}

func (c *pipeChannel) drive() {
	defer close(c.sent)
	var all sync.WaitGroup
	var mu sync.Mutex
	for m := range c.job.Load.Shards() {
		all.Go(func() {
			if err := c.shard(c.job.Load.Shard(m)); err != nil {
				mu.Lock()
				c.err = err
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if c.err == nil {
		c.end()
	}
	if c.p.losesInput {
		<-c.quit
	}
}

func (c *pipeChannel) shard(shard *adapters.Shard) error {
	gen := c.job.Workload.Events()
	for {
		t := shard.Take(256)
		if t.Slots.N > 0 {
			if c.p.making != nil {
				time.Sleep(c.p.making(t.Slots.First))
			}
			b := workloads.NewBatch(c.job.Workload.Schema, 256)
			if c.p.making != nil {
				time.Sleep(c.p.making(t.Slots.First))
			}
			gen.Fill(b, t.Slots)
			last := t.Slots.First + uint64(t.Slots.N-1)*t.Slots.Step
			if c.p.failsAt > 0 && last >= c.p.failsAt {
				return c.p.failure
			}
			shard.Handed(t)
			if err := c.send(b); err != nil {
				return err
			}
		}
		if t.End {
			return nil
		}
		if t.Slots.N > 0 {
			continue
		}
		select {
		case <-time.After(t.Wait):
		case <-c.quit:
			return errors.New("the driver was closed")
		}
	}
}

func (c *way) collect() {
	defer close(c.sealed)
	for {
		select {
		case rs, ok := <-c.output:
			if !ok || c.job.Collector.Collect(rs, c.job.Load.NowNs()) != nil {
				return
			}
		case <-c.quit:
			return
		}
	}
}

func (c *pipeChannel) Topics() *adapters.Topics {
	return &adapters.Topics{Partitions: c.job.Partitions, Input: c.job.RunID + ".input"}
}

func (c *pipeChannel) Nodes() []chaos.Node {
	return []chaos.Node{{Name: "broker-1", Role: chaos.Broker}}
}

func (c *pipeChannel) Config(context.Context) (map[string]string, error) {
	return map[string]string{"broker": "a pipe"}, nil
}

func (c *pipeChannel) Wait(ctx context.Context) error {
	select {
	case <-c.sent:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *way) Seal(ctx context.Context) error {
	if c.p.sealsNever {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-c.sealed:
		return c.p.sealErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Pids says that this very process is the broker: one that surely runs.
func (c *pipeChannel) Pids() map[string]int { return map[string]int{"broker-1": os.Getpid()} }

func (c *pipeChannel) SendsUnknown() uint64 { return c.p.unsure }

func (c *pipeChannel) Close() error {
	c.once.Do(func() {
		close(c.quit)
		<-c.sent
		<-c.sealed
		c.p.did("close transport")
	})
	return c.p.closeErr
}

// pipeSystem answers what it reads.
type pipeSystem struct {
	fakeSystem
	p      *pipe
	way    *way
	passed atomic.Uint64
}

func (a pipeAdapter) Supports(job adapters.Job) error { return a.p.fake.Supports(job) }

func (a pipeAdapter) Deploy(_ context.Context, job adapters.Job) (adapters.System, error) {
	p := a.p
	if p.fake.deployErr != nil {
		return nil, p.fake.deployErr
	}
	id, second := strings.CutSuffix(job.RunID, ".shadow")
	if job.Topics == nil || job.Topics.Input != id+".input" {
		return nil, errors.New("the system was not told its topics")
	}
	p.did("deploy system")
	f, w := &p.fake, &p.open.way
	if second {
		w = p.open.shadow
		if f.second != nil {
			f = f.second
		}
	}
	s := &pipeSystem{p: p, way: w, fakeSystem: fakeSystem{fake: f, job: job,
		quit: make(chan struct{}), done: make(chan struct{})}}
	go s.run()
	return s, nil
}

func (s *pipeSystem) run() {
	defer close(s.done)
	defer close(s.way.output)
	for {
		select {
		case b, ok := <-s.way.input:
			if !ok || s.p.systemStops {
				return
			}
			if s.err = s.take(b); s.err != nil {
				return
			}
		case <-s.quit:
			return
		}
	}
}

func (s *pipeSystem) take(b *workloads.Batch) error {
	if f := s.fake; f.dieAt > 0 && slices.Max(b.Seq[:b.N]) >= int64(f.dieAt) {
		return errors.New("the fake died as planned")
	}
	if f := s.fake; f.hangAt > 0 && slices.Max(b.Seq[:b.N]) >= int64(f.hangAt) {
		<-s.quit
		return nil
	}
	if f := s.fake; f.processing != nil {
		time.Sleep(f.processing(0))
	}
	time.Sleep(s.fake.each * time.Duration(b.N))
	rs := workloads.NewResults(s.job.Workload.Query, 1024)
	s.answer(b, rs)
	s.way.output <- rs
	s.passed.Add(uint64(b.N))
	if dead := s.deadLetters(b); dead != nil {
		s.way.output <- dead
	}
	return nil
}

// Passed is the number of events answered so far.
func (s *pipeSystem) Passed() uint64 { return s.passed.Load() }

func (s *pipeSystem) Close() error {
	s.once.Do(func() {
		close(s.quit)
		<-s.done
		s.p.did("close system")
	})
	return s.fake.closeErr
}
