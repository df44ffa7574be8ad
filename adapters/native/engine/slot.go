package engine

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/workloads"
)

// maxSlots bounds the slots of an engine.
const maxSlots = 64

// slot is one thread: a source shard, the stage behind it and the keyed shard it owns.
type slot struct {
	id      int
	engine  *Engine
	source  Source
	held    Held // the source, where it wants to know; else nil
	batch   *workloads.Batch
	stage   *stage
	out     *emitter
	late    *buffer   // nil without a late output
	dead    *buffer   // nil without dead letters
	buffers []*buffer // all of them
	state   arena
	fanOut  *fanOut // nil where an event has one key
	// fanning says that keys of the batch in hand are still to be delivered.
	fanning bool
	op      operator  // nil for per-event queries
	x       *exchange // nil where events stay in their slot
	shards  *shards
	judge   *judge        // of slot 0, with a rank or shared groups
	contest *contest      // with a rank or shared groups
	post    *ring[letter] // to the judge, from other slots than its own
	all     []int32

	recorder *recorder // nil without checkpoints
	barriers barriers
	// before are the late events counted by the engine this one goes on for, and allowed ones.
	before [2]uint64
	later  []*piece // of the state to restore, for when results can be delivered

	newest int64 // largest event time of the shard
	mark   int64 // watermark the source gave; only where marked
	marked bool
	failed error // of the source
	ended  bool  // the source has ended
	idle   bool
	clock  []int64
	stats  slotStats
}

// slotStats are written by the slot alone and read by anyone.
type slotStats struct {
	events, matched, late, allowed, results atomic.Uint64
	watermark, closed, busyNs, stateB       atomic.Int64
	// starvedNs is the time in which another slot had no room for this one's events.
	starvedNs atomic.Int64
	_         [64]byte
}

// run works until the stream has ended and every result is handed over.
func (s *slot) run() (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() {
		for _, b := range s.buffers {
			b.out.ended.Store(true)
		}
	}()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stateFull:
			err = r
		case noMemory:
			err = r
		default:
			panic(r)
		}
	}()
	if err := s.resume(); err != nil {
		return err
	}
	for !s.engine.stop.Load() {
		began, waited := s.engine.now(), s.waitedNs()
		moved, wait, sourceNs := s.turn()
		for _, b := range s.buffers {
			b.flush()
		}
		s.publish()
		if moved {
			s.stats.busyNs.Add(s.engine.now() - began - sourceNs - (s.waitedNs() - waited))
		}
		switch {
		case s.failed != nil || s.done():
			return s.failed
		case moved:
			continue
		}
		Doze(wait)
		if (!s.ended || s.fanning) && s.x != nil && !s.x.credit() {
			s.stats.starvedNs.Add(int64(wait))
		}
	}
	return nil
}

// waitedNs is how long the slot has waited for room so far.
func (s *slot) waitedNs() int64 {
	ns := s.stats.starvedNs.Load()
	for _, b := range s.buffers {
		ns += b.waitedNs.Load()
	}
	return ns
}

// turn does what there is to do: blocks of other slots first, since they free credit, then a batch
// of the slot's own source, then windows that all slots have closed.
func (s *slot) turn() (moved bool, wait time.Duration, sourceNs int64) {
	wait = park
	moved = s.receive()
	if s.op != nil && s.engine.plan.query.Window.Processing {
		s.op.advance(s.processing())
	}
	if s.fanning && s.x.credit() {
		moved = true
		s.fan()
	}
	if s.recorder != nil {
		put, copied := s.bar(), s.recorder.step()
		moved = moved || put || copied
	}
	room := !s.fanning && !s.waits(s.id) && (s.x == nil || s.x.credit())
	if !s.ended && !room && s.held != nil {
		s.held.Hold()
	}
	if !s.ended && room {
		began := s.engine.now()
		pull := s.source.Next(s.batch)
		sourceNs = s.engine.now() - began - pull.ReadNs
		s.ended, s.failed = pull.End, pull.Err
		if s.marked = s.marked || pull.Marks; pull.Marks {
			s.mark = max(s.mark, pull.WatermarkMs)
		}
		if pull.Dead != nil {
			moved = true
			s.bury(pull.Dead)
		}
		if s.take(pull.Idle) {
			moved = true
		}
		if s.x == nil || pull.Wait < park {
			wait = min(max(pull.Wait, park/4), time.Millisecond)
		}
	}
	if s.judge != nil && s.judge.decide() {
		moved = true
	}
	return moved, wait, sourceNs
}

// take processes the batch in hand and reports whether there was anything in it, or the shard has
// fallen idle by its source's word.
func (s *slot) take(idle bool) bool {
	b := s.batch
	fellIdle := false
	switch {
	case b.N > 0:
		s.idle = false
	case idle && !s.ended:
		s.idle, fellIdle = true, !s.idle
	}
	if b.N == 0 && !s.ended && !fellIdle {
		return false
	}
	s.stats.events.Add(uint64(b.N))
	switch {
	case s.op == nil:
		s.answer(b)
	case s.fanOut != nil:
		_, s.newest = spread(b.TS[:b.N], s.newest)
		s.fanOut.begin(s.stage.block(b, rows{0, b.N}))
		s.fan()
		return true
	case s.x != nil:
		_, s.newest = spread(b.TS[:b.N], s.newest)
		if s.engine.plan.join != nil {
			s.deliver(s.x.scatterSides(b, s.says()))
		} else {
			s.deliver(s.x.scatter(b, s.says()))
		}
		return true
	default:
		s.window(b)
	}
	if s.ended {
		s.advance(math.MaxInt64)
	}
	return true
}

// bury hands on events that could not be read.
func (s *slot) bury(dead *workloads.Results) {
	var row [16]int64
	for i := range dead.N {
		s.dead.line(dead.Row(row[:0:len(row)], i))
	}
}

// watermark is that of the shard.
func (s *slot) watermark() int64 {
	switch {
	case s.ended:
		return math.MaxInt64
	case s.marked:
		return s.mark
	case s.newest == math.MinInt64:
		return math.MinInt64
	}
	return s.newest - s.engine.plan.query.BoundMs
}

// says is what the shard says of itself.
func (s *slot) says() said { return said{s.watermark(), s.idle} }

// spread returns the least of some event times, and the largest of them and newest.
func spread(ts []int64, newest int64) (least, most int64) {
	least, most = math.MaxInt64, newest
	for _, t := range ts {
		least, most = min(least, t), max(most, t)
	}
	return least, most
}

// answer emits the results of a per-event query.
func (s *slot) answer(b *workloads.Batch) {
	if b.N == 0 {
		return
	}
	_, s.newest = spread(b.TS[:b.N], s.newest)
	s.stats.watermark.Store(s.watermark())
	r := rows{0, b.N}
	sel, all := s.stage.choose(b, r)
	if all {
		s.stage.lookAll(b, r)
		sel = s.all[:b.N]
	} else {
		s.stage.lookSome(b, sel)
	}
	s.out.events(s.stage, b, sel)
}

// window folds a batch of the slot's own shard. An event is late by what came before it, so the
// batch is cut before each event that lies behind the watermark it meets, and what that watermark
// closes is closed first. No other event can tell a window that has closed from one that will. A
// source that knows the watermark has read from several partitions, and none is late by another.
func (s *slot) window(b *workloads.Batch) {
	if s.engine.plan.query.Window.Processing {
		s.add(s.stage.block(b, rows{0, b.N}))
		return
	}
	least, most := spread(b.TS[:b.N], s.newest)
	bound := s.engine.plan.query.BoundMs
	lo := 0
	if !s.marked && b.N > 0 && least <= most-bound {
		newest := s.newest
		for i, t := range b.TS[:b.N] {
			if newest != math.MinInt64 && t < newest-bound {
				s.add(s.stage.block(b, rows{lo, i}))
				s.op.advance(newest - bound)
				lo = i
			}
			newest = max(newest, t)
		}
	}
	s.add(s.stage.block(b, rows{lo, b.N}))
	s.newest = most
	s.advance(s.watermark())
}

// add folds a block; in processing time its events happen now.
func (s *slot) add(k *block) {
	if k.n == 0 {
		return
	}
	if s.engine.plan.query.Window.Processing {
		fill(s.clock[:k.n], s.processing())
		own := *k
		own.ts = s.clock
		k = &own
	}
	s.op.add(k)
}

func (s *slot) processing() int64 {
	return s.engine.cfg.NowMs()
}

// receive takes at most one block from each other slot.
func (s *slot) receive() bool {
	if s.x == nil {
		return false
	}
	moved := false
	for from, l := range s.x.in {
		if l == nil || s.waits(from) {
			continue
		}
		k, ok := l.full.pop()
		if !ok {
			continue
		}
		moved = true
		s.deliver(k)
		if k.barrier != 0 {
			s.meet(from, k.barrier)
		}
		l.free.push(k)
	}
	return moved
}

// deliver folds a block from any slot and moves the merged watermark.
func (s *slot) deliver(k *block) {
	s.add(k)
	s.advance(s.shards.heard(k.from, k.said))
	if k.said.watermarkMs == math.MaxInt64 {
		s.align() // nothing of the shard is missing any more
	}
}

// advance moves the operator's watermark: to the processing time, or the event time given.
func (s *slot) advance(watermarkMs int64) {
	if s.op == nil {
		s.stats.closed.Store(watermarkMs)
		s.stats.watermark.Store(watermarkMs)
		return
	}
	if s.engine.plan.query.Window.Processing && watermarkMs != math.MaxInt64 {
		watermarkMs = s.processing()
	}
	s.op.advance(watermarkMs)
	if s.contest != nil {
		s.contest.passed(watermarkMs)
	}
	s.stats.watermark.Store(watermarkMs)
	s.stats.closed.Store(watermarkMs)
}

// publish copies the slot's counters to where others may read them.
func (s *slot) publish() {
	s.stats.matched.Store(s.stage.matched)
	s.stats.results.Store(s.out.count)
	if s.op != nil {
		late, allowed := s.op.late()
		s.stats.late.Store(s.before[0] + late)
		s.stats.allowed.Store(s.before[1] + allowed)
		s.stats.stateB.Store(int64(s.state.used))
	}
}

// done reports whether the slot has nothing left to do, ever.
func (s *slot) done() bool {
	if !s.ended || s.stats.closed.Load() != math.MaxInt64 {
		return false
	}
	return s.judge == nil || s.judge.settled()
}
