package engine

import (
	"math"
	"sync"
	"sync/atomic"
)

// barriers aligns the shards of a slot: a shard whose barrier has come is not read until those of
// all have, so that the state then is that of everything before the barrier and of nothing behind.
//
//	shard 0  ──▒▒▒▒▒▒▒▒▒|── not read ──▶        ▒ folded
//	shard 1  ──▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒|──▶  capture
//	ended    ──▒▒▒▒▒■                           nothing of it is missing, so nobody waits for it
//
// The slot's own shard is one of them: its source is not read either. A barrier that comes while an
// older one is waited for has overtaken it: somebody has given the older one up.
type barriers struct {
	wanted atomic.Uint64 // the newest id asked for, by Checkpoint or another shard's barrier
	put    uint64        // the last that is in the slot's own shard
	id     uint64        // that is waited for; 0 for none
	over   uint64        // ids up to this one were captured or given up
	behind []bool        // shards whose barrier has come
	began  int64
	mark   []byte

	mu      sync.Mutex
	asked   []uint64 // ids that were asked for and are not put
	through uint64   // ids up to this one were put, or never will be
	ended   bool     // the slot takes part no more
}

// Checkpoint asks every slot of the engine to put a barrier into its shard. Ids ascend; one that a
// slot did not come to before the next is reported as failed. Any goroutine may call it, one at a
// time. It panics if the engine has no Config.Checkpoints.
func (e *Engine) Checkpoint(id uint64) {
	if e.cfg.Checkpoints == nil {
		panic("BUG: a checkpoint of an engine that takes none")
	}
	for _, s := range e.slots {
		if !s.barriers.ask(id) {
			s.recorder.fail(id, errEnded)
		}
	}
}

// ask notes an id and reports whether the slot can still take part.
func (b *barriers) ask(id uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return false
	}
	// Another shard's barrier may have asked for it by now, and it may be asked for twice.
	if n := len(b.asked); id > b.through && (n == 0 || id > b.asked[n-1]) {
		b.asked = append(b.asked, id)
		b.want(id)
	}
	return true
}

func (b *barriers) want(id uint64) {
	for {
		old := b.wanted.Load()
		if old >= id || b.wanted.CompareAndSwap(old, id) {
			return
		}
	}
}

// answered takes the ids up to one from those asked for, and returns those before it.
func (b *barriers) answered(id uint64) (missed []uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.through = id
	for len(b.asked) > 0 && b.asked[0] <= id {
		if b.asked[0] < id {
			missed = append(missed, b.asked[0])
		}
		b.asked = b.asked[1:]
	}
	return missed
}

// bar puts the barrier into the slot's own shard, if one is wanted and there is credit to send it.
// The barrier comes behind all the source has given so far, which it marks.
func (s *slot) bar() bool {
	b := &s.barriers
	id := b.wanted.Load()
	if id <= b.put || s.fanning || !s.ended && s.x != nil && !s.x.credit() {
		return false
	}
	b.put = id
	for _, missed := range b.answered(id) {
		s.recorder.fail(missed, errOvertaken)
	}
	b.mark = nil
	if m, ok := s.source.(Replayable); ok {
		b.mark = m.Mark(nil)
	}
	if s.x != nil && !s.ended {
		s.x.bar(id, s.says())
	}
	if s.recorder.checks.Begin != nil {
		s.recorder.checks.Begin(s.id, id)
	}
	s.meet(s.id, id)
	return true
}

// meet notes the barrier of a shard.
func (s *slot) meet(from int, id uint64) {
	b := &s.barriers
	if s.recorder == nil {
		panic("BUG: a barrier for an engine that takes no checkpoints")
	}
	if id <= b.over || id < b.id {
		return // it was given up
	}
	if id > b.id {
		s.giveUp(errOvertaken)
		b.id, b.began = id, s.engine.now()
		b.want(id)
	}
	b.behind[from] = true
	s.align()
}

// giveUp stops waiting for the barriers of the checkpoint in hand.
func (s *slot) giveUp(why error) {
	b := &s.barriers
	if b.id == 0 {
		return
	}
	if b.put == b.id { // else it is reported when it is not put
		s.recorder.fail(b.id, why)
	}
	b.over, b.id = b.id, 0
	clear(b.behind)
}

// align captures the state once nothing before the barrier is missing.
func (s *slot) align() {
	b := &s.barriers
	if b.id == 0 || b.put != b.id {
		return
	}
	if s.x != nil && !s.engine.cfg.Plant.EarlyBarrier {
		for shard, behind := range b.behind {
			if !behind && s.shards.last[shard].watermarkMs != math.MaxInt64 {
				return
			}
		}
	}
	id := b.id
	b.over, b.id = id, 0
	clear(b.behind)
	s.capture(id, s.engine.now()-b.began)
}

// waits reports whether a shard is not to be read now.
func (s *slot) waits(shard int) bool {
	return s.barriers.id != 0 && s.barriers.behind[shard] && !s.engine.cfg.Plant.EarlyBarrier
}

// capture takes the slot's part of a checkpoint, and tells those behind it.
func (s *slot) capture(id uint64, alignNs int64) {
	s.recorder.begin(id, s.barriers.mark, alignNs)
	if s.recorder.keeps() {
		e := &encoder{recorder: s.recorder}
		s.save(e)
		s.recorder.state(stateSlot, e.buf)
	}
	for _, b := range s.buffers {
		if s.judge == nil || b != s.out.buffer {
			b.pass(id)
		}
	}
	s.recorder.captured()
	if s.judge != nil {
		s.recorder.waiting++
	}
	s.lost()
	if s.contest != nil {
		s.contest.send(letter{kind: aBarrier, words: [3]int64{int64(id)}})
	}
}

// captureJudge takes the judge's part, once what all slots sent before the barrier is in it.
func (s *slot) captureJudge(id uint64) {
	s.out.pass(id)
	if s.recorder.id != id {
		return // the slot's own was given up since
	}
	if s.recorder.keeps() {
		e := &encoder{recorder: s.recorder}
		s.judge.save(e)
		s.recorder.state(stateJudge, e.buf)
	}
	s.recorder.waiting--
	s.lost()
}

// lost gives the part in hand up if the engine was stopped: results from before the barrier may
// have found no room.
func (s *slot) lost() {
	if s.engine.stop.Load() {
		s.recorder.abandon(errEnded)
	}
}

// leave says that the slot takes part in no further checkpoint; whole tells that it has come to its
// end, and what it has captured is still worth writing.
func (s *slot) leave(whole bool) {
	if s.recorder == nil {
		return
	}
	b := &s.barriers
	b.mu.Lock()
	b.ended = true
	asked := b.asked
	b.asked = nil
	b.mu.Unlock()
	s.giveUp(errEnded)
	for _, id := range asked {
		s.recorder.fail(id, errEnded)
	}
	s.recorder.close(whole)
}
