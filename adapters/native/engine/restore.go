package engine

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sync"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// durable is the part of an operator that checkpoints write down and a restart reads.
//
// State is read key by key and not as it lay in memory, so that a job can go on with another number
// of slots: each reads the parts of the slots whose keys it now owns some of, and takes those.
// Parts may have come to different watermarks; they are read in that order, and what lies between
// is closed before the next is read:
//
//	advance(reached of part 1), load(part 1), advance(reached of part 2), load(part 2), …
//
// An operator keeps what grows with its keys in tables of arena.table, whose changed pages are
// written while events go on (encoder.region, decoder.rowsOf), and the rest as words. Rows that
// locate or add return may be written to; any other is touched before.
type durable interface {
	// reached is the watermark the operator has advanced to, math.MinInt64 for none.
	reached() int64
	// save writes the state at a barrier. It holds the slot up, so it writes little itself.
	save(e *encoder)
	// load adds what was saved to what there is, for the keys that d owns. It delivers no results.
	load(d *decoder)
}

// piece is a part of a checkpoint that a slot reads.
type piece struct {
	decoder
	shard   shardState
	reached int64
	merged  int64 // watermark of the shards
	last    []said
	late    [2]uint64
}

// shardState is what a slot knows of its own shard.
type shardState struct {
	newest, mark        int64
	ended, marked, idle bool
}

// shape tells queries apart whose state cannot be taken for one another's.
func (p *plan) shape() int64 {
	h := fnv.New64a()
	q := p.query
	fmt.Fprint(h, q.Name, q.Key, q.Window, q.Aggregates, q.BoundMs, q.LatenessMs,
		len(p.fresh), len(p.values))
	return int64(h.Sum64())
}

// save writes the slot's state.
func (s *slot) save(e *encoder) {
	e.word(s.engine.plan.shape())
	e.word(s.newest)
	e.word(s.mark)
	e.flag(s.ended)
	e.flag(s.marked)
	e.flag(s.idle)
	e.word(s.shards.merged)
	e.word(int64(len(s.shards.last)))
	for _, l := range s.shards.last {
		e.word(l.watermarkMs)
		e.flag(l.idle)
	}
	if s.op == nil {
		e.run([]int64{math.MinInt64, 0, 0})
		return
	}
	late, allowed := s.op.late()
	e.run([]int64{s.op.reached(), int64(s.before[0] + late), int64(s.before[1] + allowed)})
	s.op.save(e)
}

// begin reads what save writes before the operator's state.
func (p *piece) begin(shape int64) error {
	if p.word() != shape && p.err == nil {
		return errors.New("it is of another query")
	}
	p.shard.newest, p.shard.mark = p.word(), p.word()
	p.shard.ended, p.shard.marked, p.shard.idle = p.flag(), p.flag(), p.flag()
	p.merged = p.word()
	p.last = make([]said, p.count(2))
	for i := range p.last {
		p.last[i] = said{p.word(), p.flag()}
	}
	rest := p.run()
	if len(rest) != 3 {
		p.fail("%d words of an operator", len(rest))
		return p.err
	}
	p.reached, p.late = rest[0], [2]uint64{uint64(rest[1]), uint64(rest[2])}
	return p.err
}

// restore reads the state of every slot, of several at once.
func (e *Engine) restore() error {
	from := e.cfg.Restore
	if from == nil {
		return nil
	}
	errs := make([]error, len(e.slots))
	var wg sync.WaitGroup
	for i, s := range e.slots {
		wg.Go(func() {
			if err := s.restore(from); err != nil {
				errs[i] = fmt.Errorf("restore slot %d of checkpoint %d: %w", s.id, from.ID, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// sources says which slots of the checkpoint a slot reads: those whose shards it goes on with, and
// with keys those whose keys it has some of.
func (s *slot) sources(before int) (slots []int, own map[int]bool) {
	now := s.engine.cfg.All
	need := make([]bool, before)
	own = map[int]bool{}
	for old := s.id; old < before; old += now {
		need[old], own[old] = true, true
	}
	if s.engine.plan.byKey() {
		for g := range workloads.KeyGroups {
			if g*now/workloads.KeyGroups == s.id {
				need[g*before/workloads.KeyGroups] = true
			}
		}
	}
	for old, needed := range need {
		if needed || s.engine.cfg.Plant.DoubleRestore {
			slots = append(slots, old)
		}
	}
	return slots, own
}

// byKey reports whether state belongs to keys, and not to the shard it came from.
func (p *plan) byKey() bool { return (p.key != noKey || p.fansOut()) && !p.query.PerEvent() }

func (s *slot) restore(from *checkpoint.Opened) (err error) {
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
	for _, b := range s.buffers {
		b.epoch = from.ID
	}
	s.barriers.over, s.barriers.put = from.ID, from.ID
	s.barriers.through = from.ID
	slots, own := s.sources(from.Slots)
	var parts []*piece
	for _, old := range slots {
		p, err := s.read(from, old, own[old])
		if err != nil {
			return err
		}
		if p != nil {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	slices.SortStableFunc(parts, func(a, b *piece) int { return cmp.Compare(a.reached, b.reached) })
	s.goOn(parts, from.Slots)
	return s.loadAll(parts)
}

// read reads the part of an old slot, nil if it kept nothing, and the judge's state beside it.
func (s *slot) read(from *checkpoint.Opened, old int, own bool) (*piece, error) {
	loaded, err := from.Load(old)
	if err != nil {
		return nil, err
	}
	state := loaded.State(stateSlot)
	if state == nil {
		return nil, nil
	}
	slots := s.engine.cfg.All
	if s.engine.cfg.Plant.DoubleRestore {
		slots = 1 // it takes the keys of all
	}
	d := decoder{buf: state, loaded: loaded, slot: s.id, slots: slots, own: own}
	p := &piece{decoder: d}
	if err := p.begin(s.engine.plan.shape()); err != nil {
		return nil, err
	}
	if s.judge == nil || old != judgeSlot {
		return p, nil
	}
	d.buf = loaded.State(stateJudge)
	s.judge.load(&d)
	return p, d.err
}

// goOn takes over what the slots knew of their shards. With as many slots as before that is just
// what it was; else shards are read together, and nothing of them is behind the one that is.
func (s *slot) goOn(parts []*piece, before int) {
	s.newest, s.mark = math.MaxInt64, math.MaxInt64
	for _, p := range parts {
		s.shards.merged = max(s.shards.merged, p.merged)
		if !p.own {
			continue
		}
		s.before[0] += p.late[0]
		s.before[1] += p.late[1]
		if !p.shard.ended {
			s.newest, s.mark = min(s.newest, p.shard.newest), min(s.mark, p.shard.mark)
			s.marked = s.marked || p.shard.marked
		}
		if before == s.engine.cfg.All {
			s.idle = p.shard.idle
			copy(s.shards.last, p.last)
		}
	}
	if s.newest == math.MaxInt64 { // every shard had ended, or there is none
		s.newest, s.mark = math.MinInt64, math.MinInt64
	}
}

// loadAll loads the parts that have come to the least watermark. To load the others what lies
// between has to be delivered first, which waits until the slot runs.
func (s *slot) loadAll(parts []*piece) error {
	if s.op == nil {
		return nil
	}
	first := parts[0].reached
	n := 0
	for _, p := range parts {
		if p.reached == first {
			n++
		}
	}
	if !s.engine.plan.byKey() {
		// Shards that are read together go on from the one that is behind.
		if n < len(parts) && s.engine.plan.query.Window.Kind == workloads.Hopping {
			return fmt.Errorf("hopping windows of events in fewer slots: %w", errors.ErrUnsupported)
		}
		n = len(parts)
	}
	s.op.advance(first)
	for _, p := range parts[:n] {
		s.op.load(&p.decoder)
		if p.err != nil {
			return p.err
		}
	}
	s.later = parts[n:]
	s.reach()
	return nil
}

func (s *slot) reach() {
	s.stats.watermark.Store(s.op.reached())
	s.stats.closed.Store(s.op.reached())
}

// resume does what a restored slot has to do before it takes events.
func (s *slot) resume() error {
	if s.recorder.keeps() {
		go s.recorder.scribe.run()
	}
	for _, p := range s.later {
		s.op.advance(p.reached)
		s.op.load(&p.decoder)
		if p.err != nil {
			return fmt.Errorf("restore: %w", p.err)
		}
		s.reach()
	}
	s.later = nil
	if s.op != nil && s.engine.cfg.Restore != nil {
		s.op.advance(s.op.reached()) // what it has to tell others again
	}
	if s.contest != nil {
		s.contest.passed(s.op.reached())
	}
	return nil
}
