package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// seqName is the field of a result that names the event it answers.
const seqName = "seq"

// sliding is the operator of sliding windows: an event is answered over the events of its key with
// times in [ts-size, ts], once the watermark is beyond ts, since an event of just that time still
// belongs to it. Events wait for that by their moment. As moments pass in order, a key needs no
// more than a running total: what enters is added, and what is older than the window is taken out.
//
//	event --> moments --beyond ts--> trail, row of its key += event --> result of each event
//	                                   \--older than ts-size--> row -= event
type sliding struct {
	plan      *plan
	out       *emitter
	size      int64
	watermark int64
	moments   *moments
	trail     *trail
	table     *table // rows are the totals of the keys in the trail
	tooLate   uint64
	joined    int     // rows of the trail's last chunk that are in the totals
	keys      []int64 // of the rows of that chunk
	part      block   // scratch
}

func newSliding(p *plan, out *emitter, state *arena) (*sliding, error) {
	t, err := state.scratch(p.fresh, firstIndex)
	if err != nil {
		return nil, err
	}
	m, err := newMoments(state, len(p.values), 2*p.query.BoundMs)
	if err != nil {
		return nil, err
	}
	tr, err := newTrail(state, len(p.values))
	if err != nil {
		return nil, err
	}
	return &sliding{
		plan: p, out: out, size: p.query.Window.SizeMs, watermark: math.MinInt64,
		moments: m, trail: tr, table: t, keys: make([]int64, tr.room),
	}, nil
}

// add makes events wait for their moment.
func (s *sliding) add(b *block) {
	for i, ts := range b.ts[:b.n] {
		if ts < s.watermark {
			s.tooLate++
			continue
		}
		s.moments.hang(b, i)
	}
}

func (s *sliding) late() (late, allowed uint64) { return s.tooLate, 0 }

// advance answers the events the watermark has passed.
func (s *sliding) advance(watermark int64) {
	if watermark <= s.watermark {
		return
	}
	s.watermark = watermark
	for {
		ms, ok := s.moments.next(watermark)
		if !ok {
			return
		}
		s.settle(ms)
	}
}

// settle answers the events of a moment. They are all added first, as ties are in each other's
// windows, and then what is too old is taken out: a key with an event now never loses its row.
func (s *sliding) settle(ms int64) {
	s.grow()
	c, lo := s.trail.back, s.trail.back.events.n
	s.moments.take(s.enter)
	s.join()
	s.leave(ms - s.size)
	for ; c != nil; c, lo = c.next, 0 {
		s.emit(c, rows{lo, c.events.n})
	}
}

// enter puts events of one hook into the trail.
func (s *sliding) enter(events []int64) {
	c := s.trail.back
	for ; len(events) > 0; events = events[s.moments.stride:] {
		if c.events.n == s.trail.room {
			s.join()
			c = s.grow()
		}
		i := c.events.n
		c.events.ts[i], c.events.seq[i] = events[eventTS], events[eventSeq]
		s.keys[i] = events[eventKey]
		for v, col := range c.events.values {
			col[i] = events[eventValues+v]
		}
		c.events.n++
	}
}

// grow is the trail's last chunk, with room for an event at least.
func (s *sliding) grow() *chunk {
	if s.trail.back.events.n == s.trail.room {
		s.trail.grow()
		s.joined = 0
	}
	return s.trail.back
}

// join adds to the totals what has come into the trail's last chunk since.
func (s *sliding) join() {
	c := s.trail.back
	r := rows{s.joined, c.events.n}
	at := c.at[r.lo:r.hi]
	s.table.locate(s.keys[r.lo:r.hi], at)
	s.plan.update(s.table.rows, at, c.part(&s.part, r))
	s.joined = r.hi
}

// leave takes the events before a time out of the totals, and keys without any out of the table.
func (s *sliding) leave(before int64) {
	for {
		c, lo := s.trail.front, s.trail.from
		hi := lo
		for hi < c.events.n && c.events.ts[hi] < before {
			hi++
		}
		at := c.at[lo:hi]
		s.plan.takeOut(s.table.rows, at, c.part(&s.part, rows{lo, hi}))
		for _, w := range at {
			if count := &s.table.rows[w+wordCount]; *count > 1 {
				*count--
			} else {
				s.table.remove(s.table.rows[w])
			}
		}
		if hi < c.events.n {
			s.trail.from = hi
			return // as it does at the latest at the events of now
		}
		s.trail.shrink()
	}
}

// emit answers events of the trail from the totals of their keys.
func (s *sliding) emit(c *chunk, r rows) {
	for r.lo < r.hi {
		rs := s.out.room()
		k := min(r.hi-r.lo, rs.Cap()-rs.N)
		at := c.at[r.lo : r.lo+k]
		for col, src := range s.plan.out {
			dst := rs.Cols[col][rs.N : rs.N+k]
			if src.kind == fromSeq {
				copy(dst, c.events.seq[r.lo:])
				continue
			}
			words := s.table.rows[src.word:]
			for i, w := range at[:len(dst)] {
				dst[i] = words[w]
			}
		}
		rs.N += k
		r.lo += k
	}
}

// takeOut is the inverse of update for all but the count; the plan is invertible.
func (p *plan) takeOut(rows []int64, at []uint32, b *block) {
	seq := b.seq[:len(at)]
	for i, w := range at {
		rows[w+wordSeqSum] -= seq[i]
	}
	for _, f := range p.folds {
		if f.value < 0 {
			continue
		}
		word, v := uint32(f.word), b.values[f.value][:len(at)]
		if f.fn == workloads.SumSquares {
			for i, w := range at {
				rows[w+word] -= v[i] * v[i]
			}
			continue
		}
		for i, w := range at {
			rows[w+word] -= v[i]
		}
	}
}
