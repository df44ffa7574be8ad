package engine

import "math"

// sessions is the operator of session windows. Two events of a key share a session if a chain of
// gaps of at most GapMs joins them; a session ends at its last event plus the gap, and closes when
// the watermark has passed that, since an event exactly at the end still belongs to it.
//
// A row is a session. The index names the head of a key's open sessions, the others hang on it:
// with a watermark that trails there can be several. A timing wheel of one place a millisecond
// finds those to close (hashed wheel: Varghese and Lauck, SOSP 1987); a session that was extended
// is hung up again when its old place comes round, so that an event costs no timer work.
type sessions struct {
	plan      *plan
	out       *emitter
	table     *table
	gap       int64
	watermark int64
	wheel     []uint32 // heads of lists of rows, row+1
	mask      int64
	turned    int64 // every place before this one has been visited
	live      int
	tooLate   uint64
	at        []uint32 // scratch of add
	lateKeys  []int64
	part      block
	one       [1]uint32 // scratch of emit
}

// Words of a session behind the plan's own.
const (
	sessionNext  = iota // the next session of the key, row+1
	sessionStart        // first and last event
	sessionLast
	sessionHung // the next session in the same place of the wheel, row+1
	sessionWords
)

// maxWheel bounds the wheel; sessions further away are hung up again each time it comes round.
const maxWheel = 1 << 20

func newSessions(p *plan, out *emitter, state *arena) (*sessions, error) {
	fresh := append(append([]int64{}, p.fresh...), 0, math.MaxInt64, math.MinInt64, 0)
	t, err := state.table(fresh)
	if err != nil {
		return nil, err
	}
	places := int64(1024)
	for places < 2*p.query.Window.GapMs+p.query.BoundMs && places < maxWheel {
		places *= 2
	}
	return &sessions{
		plan: p, out: out, table: t, gap: p.query.Window.GapMs,
		watermark: math.MinInt64, turned: math.MaxInt64,
		wheel: make([]uint32, places), mask: places - 1, at: make([]uint32, state.batchRows),
	}, nil
}

// words are the session's own words of a row.
func (s *sessions) words(row uint32) []int64 {
	first := int(row) + s.table.stride - sessionWords
	return s.table.rows[first : first+sessionWords]
}

// add places each event in its session, then folds them all. Before two sessions merge, the events
// placed so far are folded, as their rows may go.
func (s *sessions) add(b *block) {
	at, done := s.at[:b.n], 0
	s.table.locate(b.key[:b.n], at)
	for i, head := range at {
		ts := b.ts[i]
		row, more := s.match(head, ts)
		switch {
		case row != tombstone:
			if s.extend(row, ts) && more {
				s.fold(b, done, i)
				done = i
				row = s.merge(head, row)
			}
		case ts+s.gap < s.watermark:
			s.fold(b, done, i)
			done = i + 1
			s.tooLate++
			s.lateKeys = append(s.lateKeys, b.key[i])
			continue
		default:
			row = s.open(head, ts)
		}
		at[i] = row
	}
	s.fold(b, done, b.n)
	for _, key := range s.lateKeys {
		// A late event has made a row that no event in time has taken.
		if row := s.table.get(key); row != tombstone && s.vacant(row) {
			s.table.remove(key)
		}
	}
	s.lateKeys = s.lateKeys[:0]
}

// fold updates the rows of events lo..hi-1.
func (s *sessions) fold(b *block, lo, hi int) {
	if lo == hi {
		return
	}
	s.part.n = hi - lo
	s.part.seq, s.part.ts = b.seq[lo:hi], b.ts[lo:hi]
	s.part.values = s.part.values[:0]
	for _, col := range b.values {
		s.part.values = append(s.part.values, col[lo:hi])
	}
	s.plan.update(s.table.rows, s.at[lo:hi], &s.part)
}

func (s *sessions) vacant(row uint32) bool { return s.words(row)[sessionLast] == math.MinInt64 }

// match finds the session of a key an event falls into, tombstone if there is none; more tells
// that the key has other sessions.
func (s *sessions) match(head uint32, ts int64) (row uint32, more bool) {
	w := s.words(head)
	more = w[sessionNext] != 0
	for row = head; ; row = s.table.row(w[sessionNext]) {
		w = s.words(row)
		if w[sessionLast] != math.MinInt64 && s.touches(w, ts, ts) {
			return row, more
		}
		if w[sessionNext] == 0 {
			return tombstone, more
		}
	}
}

// touches reports whether a chain of gaps joins a session to events from first to last.
func (s *sessions) touches(w []int64, first, last int64) bool {
	return first <= w[sessionLast]+s.gap && last >= w[sessionStart]-s.gap
}

// extend widens a session to an event and reports whether it grew.
func (s *sessions) extend(row uint32, ts int64) bool {
	w := s.words(row)
	switch {
	case ts > w[sessionLast]:
		w[sessionLast] = ts
	case ts < w[sessionStart]:
		w[sessionStart] = ts
	default:
		return false
	}
	return true
}

// open starts a session, in the head's row if that is vacant.
func (s *sessions) open(head uint32, ts int64) uint32 {
	row := head
	if !s.vacant(head) {
		row = s.table.add(s.table.rows[head])
		s.words(row)[sessionNext] = s.words(head)[sessionNext]
		s.words(head)[sessionNext] = s.table.entry(row)
	}
	w := s.words(row)
	w[sessionStart], w[sessionLast] = ts, ts
	s.live++
	s.hang(row)
	return row
}

// merge takes every session of the key that touches the one in row into one row, the head's if
// that is among them, and returns it.
func (s *sessions) merge(head, row uint32) uint32 {
	for {
		other := s.neighbour(head, row)
		if other == tombstone {
			return row
		}
		if other == head {
			row, other = head, row
		}
		into, from := s.words(row), s.words(other)
		into[sessionStart] = min(into[sessionStart], from[sessionStart])
		into[sessionLast] = max(into[sessionLast], from[sessionLast])
		s.plan.merge(s.table.rows[row:], s.table.rows[other:])
		s.unlink(head, other)
		s.live--
	}
}

// neighbour finds another session of the key that touches the one in row.
func (s *sessions) neighbour(head, row uint32) uint32 {
	self := s.words(row)
	for r := head; ; r = s.table.row(s.words(r)[sessionNext]) {
		w := s.words(r)
		if r != row && s.touches(w, self[sessionStart], self[sessionLast]) {
			return r
		}
		if w[sessionNext] == 0 {
			return tombstone
		}
	}
}

// unlink takes a session that is not the head out of its key's list. Its row stays hung up, and is
// freed when the wheel comes by.
func (s *sessions) unlink(head, row uint32) {
	before := head
	for s.table.row(s.words(before)[sessionNext]) != row {
		before = s.table.row(s.words(before)[sessionNext])
	}
	w := s.words(row)
	s.words(before)[sessionNext] = w[sessionNext]
	w[sessionLast] = math.MinInt64
	s.table.rows[row+wordCount] = 0
}

func (s *sessions) late() (late, allowed uint64) { return s.tooLate, 0 }
