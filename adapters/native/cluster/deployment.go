package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

const (
	batchRows   = 1024
	outputDepth = 128
	// reachLimit is how long two workers of an attempt may take to find each other.
	reachLimit = 10 * time.Second
)

// deployment is a worker's share of an attempt: an engine with some of the job's slots, what joins
// it with those of other workers, and what carries its results away.
type deployment struct {
	assign
	w     *worker
	slots []int

	load     *adapters.Load
	workload *workloads.Workload
	engine   *engine.Engine
	links    []*link // to peers
	feed     Feed
	outlet   *outlet
	shows    chan show
	lags     []*lags // by slot of slots

	released chan struct{} // closed by the coordinator's word
	once     sync.Once
	built    atomic.Bool  // the engine is there, and can be asked for checkpoints
	started  atomic.Bool  // it works
	finals   atomic.Int32 // slots that have ended and whose results the runner has
	done     atomic.Bool  // that is all of them

	mu    sync.Mutex
	parts map[partKey]*partState
	back  checkpointError
}

type partKey struct {
	id   uint64
	slot int
}

// partState is how far a slot's part of a checkpoint is.
type partState struct {
	report  *engine.Report // once it is durable, or has failed
	flushed bool           // the runner has its results
}

// checkpointError is a checkpoint that could not be restored.
type checkpointError struct {
	id  uint64
	err error
}

func newDeployment(w *worker, a assign) *deployment {
	d := &deployment{
		assign: a, w: w, released: make(chan struct{}), shows: make(chan show, 16),
		parts: map[partKey]*partState{},
	}
	for s, owner := range a.Owners {
		if owner == w.cfg.Name {
			d.slots = append(d.slots, s)
		}
	}
	return d
}

// run restores the slots, joins them with the others' and works until the stream has ended or ctx
// is done.
func (d *deployment) run(ctx context.Context) error {
	began := time.Now()
	bytes, err := d.build(ctx)
	defer d.disconnect()
	if err != nil {
		return err
	}
	if err := d.connect(ctx); err != nil {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return errors.Join(err, d.engine.Run(ctx)) // it frees its memory
	}
	d.w.tell(record.Milestone{Name: record.MilestoneRestored, Node: d.w.cfg.Name,
		Attempt: d.Attempt, Checkpoint: d.From, Slots: d.slots, Bytes: bytes,
		TookNs: int64(time.Since(began))})
	d.built.Store(true)
	d.w.toCoordinator(kindReady, attempt{d.Attempt})
	select {
	case <-d.released:
	case <-ctx.Done():
	}
	return d.work(ctx)
}

// release has the deployment begin.
func (d *deployment) release() { d.once.Do(func() { close(d.released) }) }

// work runs the engine and everything around it.
func (d *deployment) work(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { d.report(ctx) })
	all.Go(func() { d.pump(ctx) })
	if d.feed.Sink() != nil {
		all.Go(func() { d.drain(ctx) })
		all.Go(func() { d.show(ctx) })
	}
	for _, l := range d.links {
		go l.receive(d)
	}
	d.started.Store(true)
	err := d.engine.Run(ctx)
	if err != nil {
		cancel()
	}
	all.Wait()
	return err
}

// build makes load, sources and engine, from a checkpoint where the attempt goes on from one.
func (d *deployment) build(ctx context.Context) (restored uint64, err error) {
	j := d.w.job
	d.load = adapters.NewLoad(j.Pacer.Bind(), j.shards())
	job, err := j.adapt(d.load)
	if err != nil {
		return 0, err
	}
	d.workload = job.Workload
	c := engine.Config{
		Workload: job.Workload, BatchRows: batchRows, OutputDepth: outputDepth,
		StateLimitB: j.MemoryB / uint64(j.CPUs), Slots: d.slots, All: j.slots(),
		Plant: engine.Plant{
			EarlyBarrier:  j.Plant == plantEarlyBarrier,
			DoubleRestore: j.Plant == plantDoubleRestore,
		},
	}
	if d.From > 0 {
		if c.Restore, err = d.w.store.Open(d.From); err != nil {
			return 0, d.unreadable(err)
		}
		for _, p := range c.Restore.Parts {
			for _, f := range p.Files {
				if slices.Contains(d.slots, p.Slot) {
					restored += uint64(f.Bytes)
				}
			}
		}
	}
	if j.replays() && j.Checkpoint > 0 {
		c.Checkpoints = &engine.Checkpoints{Store: d.w.store, Done: d.durable}
	}
	d.w.mu.Lock()
	d.follow(d.w.schedule)
	d.w.mu.Unlock()
	if d.feed, err = d.w.open(job, d.Attempt, d.w.kept); err != nil {
		return 0, err
	}
	if c.Sources, err = d.sources(ctx, c.Restore); err != nil {
		return 0, err
	}
	if sink := d.feed.Sink(); sink != nil {
		for _, s := range d.slots {
			if err := sink.Recover(ctx, s, d.From); err != nil {
				return 0, fmt.Errorf("recover results of slot %d: %w", s, err)
			}
		}
	}
	if d.engine, err = engine.New(c); err != nil {
		return 0, d.unreadable(err)
	}
	d.outlet = newOutlet(d)
	return restored, nil
}

// sources makes the sources of the slots, where the attempt goes on.
func (d *deployment) sources(ctx context.Context, o *checkpoint.Opened) ([]engine.Source, error) {
	var all []engine.Source
	for _, s := range d.slots {
		var mark []byte
		if o != nil {
			mark = o.Mark(s)
		}
		if d.w.job.Topics == nil {
			l := &lags{}
			d.lags = append(d.lags, l)
			d.load.RecordLag(s, l)
			d.load.Shard(s).Resume(d.position(mark, s), d.seen(s))
		}
		src, err := d.feed.Source(ctx, s, mark)
		if err != nil {
			return nil, err
		}
		if len(d.Skip) > 0 {
			src = newSkipper(src, d.workload, d.Skip)
		}
		all = append(all, src)
	}
	return all, nil
}

// unreadable marks an error as that of a checkpoint, where there is one.
func (d *deployment) unreadable(err error) error {
	if d.From > 0 && !errors.Is(err, errors.ErrUnsupported) {
		d.back = checkpointError{d.From, err}
	}
	return err
}

// failure is an error as the coordinator gets it.
func (d *deployment) failure(err error) failure {
	return failure{Attempt: d.Attempt, Error: err.Error(), Unreadable: d.back.id}
}

// position is the slot of the schedule at which a shard goes on.
func (d *deployment) position(mark []byte, slot int) uint64 {
	switch {
	case len(d.Skip) > 0:
		return d.Skip[slot]
	case d.w.job.Plant == plantLostRewind && d.From > 0:
		return d.seen(slot)
	case len(mark) != 8:
		return 0
	}
	return binary.LittleEndian.Uint64(mark)
}

func (d *deployment) seen(slot int) uint64 {
	if slot < len(d.Seen) {
		return d.Seen[slot]
	}
	return 0
}

// follow has the deployment's load know what the runner's does.
func (d *deployment) follow(s schedule) {
	if d.load == nil {
		return
	}
	if s.Sealed {
		d.load.Limit(s.Limit)
	}
	d.load.MeasureFrom(s.SteadyNs)
	if s.T0Ns != 0 {
		d.load.Begin(timeAt(s.T0Ns))
	}
}

// freeze has the shards claim no more.
func (d *deployment) freeze() uint64 {
	if d.load == nil {
		return 0
	}
	return d.load.Freeze()
}

// durable is called when a slot's part of a checkpoint is on disk, or has failed.
func (d *deployment) durable(slot int, id uint64, r engine.Report) {
	d.progress(partKey{id, slot}, func(p *partState) { p.report = &r })
}

// sealed is called when the runner has all results of a slot up to a checkpoint, or of all.
func (d *deployment) sealed(m marker) {
	if m.ID == math.MaxUint64 {
		d.finals.Add(1)
		return
	}
	d.progress(partKey{m.ID, m.Slot}, func(p *partState) { p.flushed = true })
}

// progress notes one of the two things a part consists of, and reports it once it is whole.
func (d *deployment) progress(key partKey, note func(*partState)) {
	d.mu.Lock()
	p := d.parts[key]
	if p == nil {
		p = &partState{flushed: d.w.job.Plant == plantCommitBeforeFlush}
		d.parts[key] = p
	}
	note(p)
	whole := p.report != nil && (p.flushed || p.report.Err != nil)
	if whole {
		delete(d.parts, key)
		for k := range d.parts {
			if k.slot == key.slot && k.id < key.id {
				delete(d.parts, k) // abandoned
			}
		}
	}
	d.mu.Unlock()
	if !whole {
		return
	}
	r := p.report
	m := part{Attempt: d.Attempt, ID: key.id, Slot: key.slot, Bytes: uint64(r.Bytes),
		PauseNs: r.PauseNs, Part: r.Part}
	if r.Err != nil {
		m.Error, m.Ended = r.Err.Error(), r.Ended
	}
	d.w.toCoordinator(kindPart, m)
}

// finish says that all slots of the deployment have ended and the runner has their results.
func (d *deployment) finish() {
	d.w.toCoordinator(kindFinished, attempt{d.Attempt})
}

// connect joins the deployment with those of its peers: of two workers, the one with the lower
// number calls.
func (d *deployment) connect(ctx context.Context) error {
	if len(d.engine.Ports()) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	self := d.w.cfg.Name
	for _, peer := range d.peers(self) {
		c, err := d.reach(ctx, self, peer)
		if err != nil {
			d.w.toCoordinator(kindUnreachable, unreachable{Attempt: d.Attempt, Peer: peer})
			<-ctx.Done() // the coordinator decides who is given up
			return fmt.Errorf("reach %s: %w", peer, err)
		}
		d.links = append(d.links, newLink(peer, c, d))
	}
	return nil
}

func (d *deployment) reach(ctx context.Context, self, peer string) (*conn, error) {
	if compareNames(self, peer) > 0 {
		return d.w.called(ctx, peer, d.Attempt)
	}
	c, err := dial(d.w.job.Address[peer], reachLimit, ctx.Done())
	if err != nil {
		return nil, err
	}
	c.send(kindHello, hello{From: self, Attempt: d.Attempt})
	return c, nil
}

func (d *deployment) disconnect() {
	for _, l := range d.links {
		l.over.Store(true)
		l.conn.close()
	}
	if d.feed != nil {
		d.feed.Close()
	}
}
