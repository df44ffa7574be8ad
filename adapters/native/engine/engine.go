package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

// Engine runs one query over the shards of one stream.
type Engine struct {
	cfg     Config
	plan    *plan
	slots   []*slot
	outputs []*Output
	board   *board // nil without groups that slots share
	stop    atomic.Bool
	start   time.Time
}

// New builds an engine. The error wraps errors.ErrUnsupported if it cannot run the query exactly.
func New(cfg Config) (*Engine, error) {
	if err := Supports(cfg.Workload); err != nil {
		return nil, err
	}
	if n := len(cfg.Sources); n < 1 || n > maxSlots {
		return nil, fmt.Errorf("build engine: %d slots, want 1 to %d", n, maxSlots)
	}
	if cfg.BatchRows == 0 {
		cfg.BatchRows = 1024
	}
	if cfg.OutputDepth == 0 {
		cfg.OutputDepth = 64
	}
	if cfg.NowMs == nil {
		cfg.NowMs = func() int64 { return time.Now().UnixMilli() }
	}
	p, err := newPlan(cfg.Workload)
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, plan: p, start: time.Now()}
	for i := range cfg.Sources {
		e.addSlot(i)
	}
	e.connect()
	if err := e.addOperators(); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

// now is the time since the engine was built.
func (e *Engine) now() int64 { return int64(time.Since(e.start)) }

func (e *Engine) addSlot(i int) {
	w, n := e.cfg.Workload, e.cfg.BatchRows
	out := newBuffer(w.Query, workloads.Answers, e.cfg.OutputDepth, n)
	s := &slot{
		id: i, engine: e, source: e.cfg.Sources[i], batch: workloads.NewBatch(w.Schema, n),
		state: arena{limit: e.cfg.StateLimitB, batchRows: n},
		stage: newStage(e.plan, n), out: &emitter{buffer: out, plan: e.plan},
		shards: newShards(len(e.cfg.Sources)), newest: math.MinInt64, mark: math.MinInt64,
		clock: make([]int64, n),
	}
	s.stats.watermark.Store(math.MinInt64)
	s.stats.closed.Store(math.MinInt64)
	for r := range n {
		s.all = append(s.all, int32(r))
	}
	if e.plan.fansOut() {
		s.fanOut = newFanOut(e.plan, n)
	}
	s.buffers = append(s.buffers, out)
	if w.Query.Late != nil {
		s.late = newBuffer(w.Query, workloads.LateEvents, sideDepth, n)
		s.buffers = append(s.buffers, s.late)
	}
	if w.Query.DeadLetters {
		s.dead = newBuffer(w.Query, workloads.DeadLetters, sideDepth, n)
		s.buffers = append(s.buffers, s.dead)
	}
	s.held, _ = s.source.(Held)
	for _, b := range s.buffers {
		b.stop, b.held = &e.stop, s.held
		e.outputs = append(e.outputs, b.out)
	}
	e.slots = append(e.slots, s)
}

// sideDepth is how many batches of an output beside the answers may wait: there are few such rows.
const sideDepth = 8

// connect joins the slots by links where events have to travel to the owner of their key.
func (e *Engine) connect() {
	n := len(e.slots)
	unkeyed := e.plan.key == noKey && !e.plan.fansOut()
	if n == 1 || unkeyed || e.plan.query.PerEvent() {
		return
	}
	links := make([][]*link, n)
	for i := range links {
		links[i] = make([]*link, n)
		for j := range links[i] {
			if i != j {
				links[i][j] = newLink(e.plan, e.cfg.BatchRows)
			}
		}
	}
	for i, s := range e.slots {
		s.x = newExchange(e.plan, s.stage, i, links)
	}
}

// addOperators gives every slot its windows, and slot 0 the judge of a rank.
func (e *Engine) addOperators() error {
	q := e.plan.query
	if q.PerEvent() {
		return nil
	}
	var closed []*atomic.Int64
	for _, s := range e.slots {
		closed = append(closed, &s.stats.closed)
	}
	var j *judge
	if q.Rank != nil {
		j = newJudge(e.slots[0].out, closed)
		e.slots[0].judge = j
	}
	if e.plan.shares() {
		var err error
		if e.board, err = newBoard(e.slots[0], closed); err != nil {
			return fmt.Errorf("build slot 0: %w", err)
		}
		e.slots[0].judge = e.board
	}
	for i, s := range e.slots {
		var c *contest
		if j != nil {
			c = &contest{plan: e.plan, judge: j, local: i == 0, stop: &e.stop}
		}
		op, err := e.operator(s, c)
		if err != nil {
			return fmt.Errorf("build slot %d: %w", i, err)
		}
		s.op = op
	}
	return nil
}

func (e *Engine) operator(s *slot, c *contest) (operator, error) {
	state := &s.state
	switch {
	case e.plan.query.Process != nil:
		return newMachines(s)
	case e.plan.join != nil:
		return newJoin(s)
	case e.plan.query.Latest != nil:
		return newLatest(s)
	case e.plan.query.Window.Kind == workloads.Session:
		return newSessions(e.plan, s.out, state)
	case e.plan.query.Window.Kind == workloads.Sliding:
		return newSliding(e.plan, s.out, state)
	case len(e.plan.query.Aggregates) == 0:
		return newAligned(s, &peaks{plan: e.plan, rank: c}), nil
	}
	return newAligned(s, newKeyed(e.plan, s.out, c, state)), nil
}

// Outputs are the rings results come from, one a slot and output of the query.
func (e *Engine) Outputs() []*Output { return e.outputs }

// Run works until every source has ended and every result is handed over, the context is done or
// a slot fails. It may be called once, and frees the engine's memory.
func (e *Engine) Run(ctx context.Context) error {
	defer e.release()
	unhook := context.AfterFunc(ctx, func() { e.stop.Store(true) })
	defer unhook()
	errs := make([]error, len(e.slots))
	var wg sync.WaitGroup
	for i, s := range e.slots {
		wg.Go(func() {
			if errs[i] = s.run(); errs[i] != nil {
				errs[i] = fmt.Errorf("run slot %d: %w", i, errs[i])
				e.stop.Store(true)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (e *Engine) release() {
	for _, s := range e.slots {
		s.state.close()
	}
}

// Stats are the counters of all slots.
func (e *Engine) Stats() Stats {
	total := Stats{WatermarkMs: math.MaxInt64}
	for _, s := range e.slots {
		total.Events += s.stats.events.Load()
		total.Matched += s.stats.matched.Load()
		total.Late += s.stats.late.Load()
		total.Allowed += s.stats.allowed.Load()
		total.Results += s.stats.results.Load()
		total.WatermarkMs = min(total.WatermarkMs, s.stats.watermark.Load())
		total.BusyNs += s.stats.busyNs.Load()
		total.BackpressureNs += s.waitedNs()
		total.StateB += uint64(s.stats.stateB.Load())
	}
	return total
}
