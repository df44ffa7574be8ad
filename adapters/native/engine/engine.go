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
	slots   []*slot // this engine's
	outputs []*Output
	ports   []*Port
	stop    atomic.Bool
	start   time.Time
}

// New builds an engine. The error wraps errors.ErrUnsupported if it cannot run the query exactly.
func New(cfg Config) (*Engine, error) {
	if err := Supports(cfg.Workload); err != nil {
		return nil, err
	}
	if err := cfg.number(); err != nil {
		return nil, fmt.Errorf("build engine: %w", err)
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
	if err := e.restore(); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

// number gives the slots their numbers where the caller has not.
func (c *Config) number() error {
	n := len(c.Sources)
	if c.All == 0 {
		c.All = n
	}
	if c.Slots == nil {
		for i := range n {
			c.Slots = append(c.Slots, i)
		}
	}
	if n < 1 || n != len(c.Slots) || c.All > maxSlots {
		return fmt.Errorf("%d sources for %d slots of %d, want 1 to %d", n, len(c.Slots), c.All, maxSlots)
	}
	for i, id := range c.Slots {
		if id < 0 || id >= c.All || i > 0 && id <= c.Slots[i-1] {
			return fmt.Errorf("slots %v of %d: want them ascending from 0", c.Slots, c.All)
		}
	}
	return nil
}

// now is the time since the engine was built.
func (e *Engine) now() int64 { return int64(time.Since(e.start)) }

func (e *Engine) addSlot(i int) {
	w, n := e.cfg.Workload, e.cfg.BatchRows
	out := newBuffer(w.Query, workloads.Answers, e.cfg.OutputDepth, n)
	s := &slot{
		id: e.cfg.Slots[i], engine: e, source: e.cfg.Sources[i], batch: workloads.NewBatch(w.Schema, n),
		state: arena{limit: e.cfg.StateLimitB, batchRows: n},
		stage: newStage(e.plan, n), out: &emitter{buffer: out, plan: e.plan},
		shards: newShards(e.cfg.All), newest: math.MinInt64, mark: math.MinInt64,
		clock: make([]int64, n),
	}
	s.barriers.behind = make([]bool, e.cfg.All)
	if e.cfg.Checkpoints != nil {
		s.recorder = newRecorder(e, s.id)
		s.state.recorder = s.recorder
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
				errs[i] = fmt.Errorf("run slot %d: %w", s.id, errs[i])
				e.stop.Store(true)
			}
			s.leave(errs[i] == nil && !e.stop.Load())
		})
	}
	wg.Wait()
	e.written(ctx)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// written waits until what the slots have captured is written, which is not waited for once the
// engine was stopped.
func (e *Engine) written(ctx context.Context) {
	for _, s := range e.slots {
		if !s.recorder.keeps() || e.stop.Load() {
			continue
		}
		select {
		case <-s.recorder.scribe.ended:
		case <-ctx.Done():
			s.recorder.scribe.dropped.Store(true)
		}
	}
}

func (e *Engine) release() {
	for _, s := range e.slots {
		s.recorder.release()
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
