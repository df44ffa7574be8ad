package engine

import "math"

// sortedFold holds the events of a process that wants them in order of (ts, seq) until the
// watermark has passed them: one may still come at the watermark itself. Each knows the row of its
// key, which never moves, so that the table is asked a batch at a time however few events a moment
// has.
//
//	block --locate--> moments --beyond ts--> by seq --> Step(row)
type sortedFold struct {
	moments *moments
	hooks   [][]int64 // events of the moment in hand, last come first
	order   []turnOf
	merged  []turnOf // scratch of sortBySeq
	runs    []int
	one     block // scratch of hold
}

// turnOf names an event of the moment in hand.
type turnOf struct {
	seq      int64
	hook, at int32
}

func newSortedFold(p *plan, state *arena) (*sortedFold, error) {
	m, err := newMoments(state, len(p.values), 2*p.query.BoundMs)
	if err != nil {
		return nil, err
	}
	return &sortedFold{moments: m}, nil
}

// hold makes events wait for their moment. Late ones make no machine.
func (m *machines) hold(b *block) {
	for _, ts := range b.ts[:b.n] {
		if ts < m.watermark {
			m.holdInTime(b)
			return
		}
	}
	m.hang(b)
}

// holdInTime holds the events of a block that are not late, one by one.
func (m *machines) holdInTime(b *block) {
	for i, ts := range b.ts[:b.n] {
		if ts < m.watermark {
			m.tooLate++
			continue
		}
		m.sorted.one.alias(b, i)
		m.hang(&m.sorted.one)
	}
}

// hang hangs up every event of a block with the row of its key.
func (m *machines) hang(b *block) {
	at := m.at[:b.n]
	m.table.search(b.key[:b.n], at)
	stride := m.sorted.moments.stride
	for i := 0; i < b.n; {
		ts, n := b.ts[i], 1
		for i+n < b.n && n < hookEvents && b.ts[i+n] == ts {
			n++
		}
		for e := m.sorted.moments.rooms(ts, n); len(e) > 0; e = e[stride:] {
			e[eventTS], e[eventSeq], e[eventKey] = ts, b.seq[i], int64(at[i])
			for v, col := range b.values {
				e[eventValues+v] = col[i]
			}
			i++
		}
	}
}

// settle folds the events before a time, moment by moment, and returns the last moment.
func (m *machines) settle(before int64) (last int64) {
	s := m.sorted
	for last = math.MinInt64; ; {
		ms, ok := s.moments.next(before)
		if !ok {
			return last
		}
		last = ms
		s.hooks = s.hooks[:0]
		s.moments.take(s.note)
		m.stepAll()
	}
}

// note remembers the events of a hook. They stay as they are until others are hung up.
func (s *sortedFold) note(events []int64) { s.hooks = append(s.hooks, events) }

// stepAll steps the events of the moment in hand in order of their numbers.
func (m *machines) stepAll() {
	s := m.sorted
	stride := s.moments.stride
	if s.inOrder() {
		for h := len(s.hooks) - 1; h >= 0; h-- {
			for events := s.hooks[h]; len(events) > 0; events = events[stride:] {
				m.stepHeld(events[:stride])
			}
		}
		return
	}
	for _, t := range s.sortBySeq() {
		m.stepHeld(s.hooks[t.hook][t.at : int(t.at)+stride])
	}
}

// stepHeld folds an event that has waited. A timer of its key that is before it fires first.
func (m *machines) stepHeld(event []int64) {
	row := uint32(event[eventKey])
	if m.timers != nil && m.timers.words(row)[timerMs] != 0 {
		m.timers.overdue(row, event[eventTS])
	}
	m.table.touch(row)
	m.event.Key, m.event.Seq, m.event.TS = m.table.rows[row], event[eventSeq], event[eventTS]
	copy(m.event.Values, event[eventValues:])
	m.step(row)
}

// inOrder reports whether the events came in order of their numbers, as those of one shard do.
func (s *sortedFold) inOrder() bool {
	stride, last := s.moments.stride, int64(-1)
	for h := len(s.hooks) - 1; h >= 0; h-- {
		for events := s.hooks[h]; len(events) > 0; events = events[stride:] {
			if events[eventSeq] < last {
				return false
			}
			last = events[eventSeq]
		}
	}
	return true
}

// sortBySeq puts the events in order by merging the runs they come in, of which there is one a
// shard and block (natural merge sort: Knuth, TAOCP 3, 5.2.4).
func (s *sortedFold) sortBySeq() []turnOf {
	s.order, s.runs = s.order[:0], append(s.runs[:0], 0)
	for h := len(s.hooks) - 1; h >= 0; h-- {
		for at := 0; at < len(s.hooks[h]); at += s.moments.stride {
			t := turnOf{seq: s.hooks[h][at+eventSeq], hook: int32(h), at: int32(at)}
			if n := len(s.order); n > 0 && t.seq < s.order[n-1].seq {
				s.runs = append(s.runs, n)
			}
			s.order = append(s.order, t)
		}
	}
	for len(s.runs) > 1 {
		s.mergeRuns()
	}
	return s.order
}

// mergeRuns merges neighbouring runs, so that half as many are left.
func (s *sortedFold) mergeRuns() {
	from, left := s.order, s.runs[:0]
	into := s.merged[:0]
	for r := 0; r < len(s.runs); r += 2 {
		a, b := from[s.runs[r]:], from[:0]
		if r+1 < len(s.runs) {
			end := len(from)
			if r+2 < len(s.runs) {
				end = s.runs[r+2]
			}
			a, b = from[s.runs[r]:s.runs[r+1]], from[s.runs[r+1]:end]
		}
		left = append(left, len(into))
		into = mergeTurns(into, a, b)
	}
	s.order, s.merged, s.runs = into, from, left
}

// mergeTurns appends two runs in order.
func mergeTurns(dst, a, b []turnOf) []turnOf {
	for len(a) > 0 && len(b) > 0 {
		if b[0].seq < a[0].seq {
			dst, b = append(dst, b[0]), b[1:]
		} else {
			dst, a = append(dst, a[0]), a[1:]
		}
	}
	return append(append(dst, a...), b...)
}
