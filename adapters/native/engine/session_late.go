package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// addLate folds an event behind the watermark. It may change sessions that are among the answers,
// or make one that has to be, so the answers are put right at once:
//
//	answers [a---]      [b---]        an event joins a and b
//	         retract a   retract b    before it is folded
//	        [c---------------]        insert c if it has closed; else it is answered when it does
//
// A session that keeps its start, and so its identity, is updated in place of retracted and
// inserted. Only here do sessions change that were answered: no other event reaches one, as its
// gap lies between them.
func (s *sessions) addLate(b *block, i int) {
	head, ts := s.at[i], b.ts[i]
	row, _ := s.match(head, ts)
	op := int64(workloads.Insert)
	switch {
	case row != tombstone:
		op = s.takeBack(head, ts)
		s.extend(row, ts)
		row = s.merge(head, row)
	case s.over(ts):
		s.refuse(b.key[i])
		return
	default:
		row = s.open(head, ts, ts)
	}
	s.at[i] = row
	s.fold(b, i, i+1)
	w := s.words(row)
	if s.closed(w) {
		s.allowed++
		s.emit(row, op)
	}
	if due := s.due(row); w[sessionPlace] > due {
		s.hang(row) // it is due before its lateness would have been over
	}
}

// takeBack retracts the answers an event of a key changes, but for the one it only updates, and
// returns what the session it joins will do to the answers once it has closed. An event joins one
// session on either side at most, and those it joins reach no others.
func (s *sessions) takeBack(head uint32, ts int64) (op int64) {
	span := window{ts, ts}
	s.joined(head, ts, func(_ uint32, w []int64) {
		span.start, span.end = min(span.start, w[sessionStart]), max(span.end, w[sessionLast])
	})
	closed := span.end+s.gap < s.watermark
	op = workloads.Insert
	s.joined(head, ts, func(row uint32, w []int64) {
		switch {
		case !s.shown(w):
		case closed && w[sessionStart] == span.start:
			op = workloads.Update
		default:
			s.emit(row, workloads.Retract)
		}
	})
	return op
}

// joined calls fn with the sessions of a key that an event joins.
func (s *sessions) joined(head uint32, ts int64, fn func(row uint32, w []int64)) {
	for row := head; ; {
		w := s.words(row)
		if w[sessionLast] != math.MinInt64 && s.touches(w, ts, ts) {
			fn(row, w)
		}
		if w[sessionNext] == 0 {
			return
		}
		row = s.table.row(w[sessionNext])
	}
}
