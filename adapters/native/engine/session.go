package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// sessions is the operator of session windows. Two events of a key share a session if a chain of
// gaps of at most GapMs joins them; a session ends at its last event plus the gap, and closes when
// the watermark has passed that, since an event exactly at the end still belongs to it.
//
// A row is a session. The index names the head of a key's open sessions, the others hang on it:
// with a watermark that trails there can be several. A timing wheel finds those to close; a session
// that was extended is hung up again when its old place comes round, so that an event costs no
// timer work.
//
// With allowed lateness a session that has closed is answered and stays until that is over; what
// late events do to it is in session_late.go.
type sessions struct {
	plan          *plan
	out           *emitter
	table         *table
	gap, lateness int64
	watermark     int64
	// answered is the watermark up to which sessions that have closed are answered. It trails
	// watermark only while that moves.
	answered int64
	wheel    *wheel
	first    int // word of a row where the session's own begin
	live     int
	tooLate  uint64
	allowed  uint64
	at       []uint32 // scratch of add
	lateKeys []int64
	part     block
	one      [1]uint32 // scratch of emit
	places   [62]int64 // scratch of visit
}

// Words of a session behind the plan's own.
const (
	sessionNext  = iota // the next session of the key, row+1
	sessionStart        // first and last event
	sessionLast         // math.MinInt64 in a row without a session
	sessionRole         // head, chained or dead
	sessionPlace        // where on the wheel the row hangs; entries of other places are stale
	sessionWords
)

// nowhere is the place of a row that does not hang on the wheel.
const nowhere = math.MinInt64

// Roles of a row.
const (
	head    = iota // the index names it
	chained        // it hangs on a head
	dead           // its session went into another; freed when the wheel comes by
)

func newSessions(p *plan, out *emitter, state *arena) (*sessions, error) {
	fresh := append(append([]int64{}, p.fresh...), 0, math.MaxInt64, math.MinInt64, head, nowhere)
	t, err := state.table(fresh, firstIndex)
	if err != nil {
		return nil, err
	}
	gap, lateness := p.query.Window.GapMs, p.query.LatenessMs
	return &sessions{
		plan: p, out: out, table: t, gap: gap, lateness: lateness,
		watermark: math.MinInt64, answered: math.MinInt64,
		wheel: newWheel(2*gap + p.query.BoundMs + lateness), first: 1 + len(p.fresh),
		at: make([]uint32, state.batchRows),
	}, nil
}

// words are the session's own words of a row. Who changes a session or its aggregates touches the
// row first; its place in lists and on the wheel is not written down.
func (s *sessions) words(row uint32) []int64 {
	first := int(row) + s.first
	return s.table.rows[first : first+sessionWords]
}

// add places each event in its session, then folds them all. Before two sessions merge, the events
// placed so far are folded, as their rows may go.
func (s *sessions) add(b *block) {
	at, done := s.at[:b.n], 0
	s.table.search(b.key[:b.n], at)
	for i, head := range at {
		ts := b.ts[i]
		if ts < s.watermark && s.lateness > 0 {
			s.fold(b, done, i)
			done = i + 1
			s.addLate(b, i)
			continue
		}
		row, more := s.match(head, ts)
		switch {
		case row != tombstone:
			if s.extend(row, ts) && more {
				s.fold(b, done, i)
				done = i
				row = s.merge(head, row)
			}
		case s.over(ts):
			s.fold(b, done, i)
			done = i + 1
			s.refuse(b.key[i])
			continue
		default:
			row = s.open(head, ts, ts)
		}
		at[i] = row
	}
	s.fold(b, done, b.n)
	s.tidy()
}

// refuse counts an event of a key as too late.
func (s *sessions) refuse(key int64) {
	s.tooLate++
	s.lateKeys = append(s.lateKeys, key)
}

// tidy removes rows that were made for events too late and that no other event has taken.
func (s *sessions) tidy() {
	for _, key := range s.lateKeys {
		row := s.table.get(key)
		if row != tombstone && s.vacant(row) && s.words(row)[sessionPlace] == nowhere {
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
	s.table.region.touchAll(s.at[lo:hi], s.table.stride)
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
	s.table.touch(row)
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

// open starts a session of events from first to last, in the head's row if that is vacant.
func (s *sessions) open(head uint32, first, last int64) uint32 {
	row := head
	if !s.vacant(head) {
		row = s.table.add(s.table.rows[head])
		s.words(row)[sessionRole] = chained
		s.words(row)[sessionNext] = s.words(head)[sessionNext]
		s.words(head)[sessionNext] = s.table.entry(row)
	}
	s.table.touch(row)
	w := s.words(row)
	w[sessionStart], w[sessionLast] = first, last
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
		s.table.touch(row)
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

// unlink takes a session that is not the head out of its key's list. Its row is dead.
func (s *sessions) unlink(head, row uint32) {
	before := head
	for s.table.row(s.words(before)[sessionNext]) != row {
		before = s.table.row(s.words(before)[sessionNext])
	}
	s.table.touch(row)
	w := s.words(row)
	s.words(before)[sessionNext] = w[sessionNext]
	w[sessionLast], w[sessionRole] = math.MinInt64, dead
	s.table.rows[row+wordCount] = 0
}

func (s *sessions) late() (late, allowed uint64) { return s.tooLate, s.allowed }

// closed reports whether the watermark has passed a session's end.
func (s *sessions) closed(w []int64) bool { return w[sessionLast]+s.gap < s.watermark }

// shown reports whether a session is among the answers.
func (s *sessions) shown(w []int64) bool { return w[sessionLast]+s.gap < s.answered }

// over reports whether the allowed lateness of a session is over too, or of the one that an event
// at lastMs would make.
func (s *sessions) over(lastMs int64) bool { return lastMs+s.gap+s.lateness < s.watermark }

// due is the watermark at which a session closes or, if it has, at which its lateness is over.
func (s *sessions) due(row uint32) int64 {
	w := s.words(row)
	if s.closed(w) {
		return w[sessionLast] + s.gap + s.lateness + 1
	}
	return w[sessionLast] + s.gap + 1
}

// hang puts a session in the place of the wheel where it will be due.
func (s *sessions) hang(row uint32) {
	due := s.due(row)
	if s.watermark == math.MinInt64 && (s.live == 1 || due < s.wheel.turned) {
		s.wheel.turned = due // nothing has been visited yet
	}
	s.words(row)[sessionPlace] = s.wheel.hang(row, due)
}

// advance closes what the watermark has passed.
func (s *sessions) advance(watermark int64) {
	if watermark <= s.watermark {
		return
	}
	s.watermark = watermark
	if watermark == math.MaxInt64 {
		s.closeAll()
	} else {
		s.wheel.turn(watermark, s)
	}
	s.answered = watermark
}

// visit frees, closes or hangs up again the sessions of a place that has come round. A word of each
// is read first, so that the misses overlap.
func (s *sessions) visit(rows []uint32, place int64) {
	places := s.places[:len(rows)]
	word := uint32(s.first + sessionPlace)
	for i, row := range rows {
		places[i] = s.table.rows[row+word]
	}
	for i, row := range rows {
		w := s.words(row)
		at := w[sessionPlace] // no longer places[i] if an earlier row has changed it
		switch {
		case places[i] == nowhere || at == nowhere || (at-place)&s.wheel.mask != 0:
			// The row was freed, or hangs in another place since.
		case w[sessionRole] == dead:
			w[sessionPlace] = nowhere
			s.table.release(row)
		case w[sessionLast] == math.MinInt64:
			w[sessionPlace] = nowhere
			s.table.remove(s.table.rows[row])
		case !s.closed(w):
			s.hang(row)
		default:
			if !s.shown(w) {
				s.emit(row, workloads.Insert)
			}
			if s.over(w[sessionLast]) {
				s.drop(row)
			} else {
				s.hang(row)
			}
		}
	}
}

// drop takes a session out of its key's list. The row of a key's only session stays for another
// gap, empty: a key that comes back soon costs neither a removal nor an insertion.
func (s *sessions) drop(row uint32) {
	s.live--
	key, w := s.table.rows[row], s.words(row)
	switch {
	case w[sessionRole] == chained:
		s.unlink(s.table.get(key), row)
		w[sessionPlace] = nowhere
		s.table.release(row)
	case w[sessionNext] != 0:
		next := s.table.row(w[sessionNext])
		s.words(next)[sessionRole] = head
		w[sessionPlace] = nowhere
		s.table.point(key, next)
	default:
		s.table.touch(row)
		copy(s.table.rows[row+1:], s.table.fresh)
		w[sessionPlace] = s.wheel.hang(row, s.watermark+1+s.gap)
	}
}

// emit delivers a session, and what that does to the answers where the query retracts.
func (s *sessions) emit(row uint32, op int64) {
	w := s.words(row)
	s.one[0], s.out.op = row, op
	s.out.rows(window{w[sessionStart], w[sessionLast] + s.gap}, s.table.rows, s.one[:])
}

// closeAll answers, at the end of the stream, with every session that is not among the answers yet.
func (s *sessions) closeAll() {
	for i := range s.table.n {
		row := uint32(i * s.table.stride)
		if s.table.rows[row+wordCount] != 0 && !s.shown(s.words(row)) {
			s.emit(row, workloads.Insert)
		}
	}
	s.wheel.clear()
	s.live = 0
	s.table.reset()
}
