package engine

import "math"

// fanOut turns each event into one for every key its process finds, which may be none or many, so
// that the rest of a slot sees events with one key each.
//
//	block: a b c d  --Keys--> into: a7 a9 | c7 …   as many at a time as a block holds
type fanOut struct {
	plan   *plan
	from   *block // what is being turned
	row    int    // the next of its rows
	keys   []int64
	key    int // the next of the row's keys, which are known where it is above 0
	values []int64
	into   *block
	room   int
}

func newFanOut(p *plan, rows int) *fanOut {
	return &fanOut{
		plan: p, into: newBlock(p, rows), room: rows, values: make([]int64, len(p.values)),
	}
}

// begin takes a block, which stays as it is until fill has returned false.
func (f *fanOut) begin(b *block) { f.from, f.row, f.key = b, 0, 0 }

// fill turns as many events as there is room for, and reports whether some are left.
func (f *fanOut) fill() (more bool) {
	b, to := f.from, f.into
	to.n = 0
	for ; f.row < b.n; f.row++ {
		if f.key == 0 {
			for v, col := range b.values {
				f.values[v] = col[f.row]
			}
			f.keys = f.plan.query.Process.Keys(f.keys[:0], f.values)
		}
		for ; f.key < len(f.keys); f.key++ {
			if to.n == f.room {
				return true
			}
			i := to.n
			to.key[i], to.ts[i], to.seq[i] = f.keys[f.key], b.ts[f.row], b.seq[f.row]
			for v, col := range to.values {
				col[i] = f.values[v]
			}
			to.n++
		}
		f.key = 0
	}
	return false
}

// fan turns the events of the batch in hand into those of their keys and delivers them. Between
// slots it sends one block a call, as each needs credit, and fanning tells that there is more: the
// shard's watermark goes with the last one, since before it nothing of the batch is complete.
func (s *slot) fan() {
	if s.x == nil {
		for more := true; more; {
			more = s.fanOut.fill()
			s.add(s.fanOut.into)
		}
		s.advance(s.watermark())
		return
	}
	s.fanning = s.fanOut.fill()
	after := s.says()
	if s.fanning {
		after.watermarkMs = math.MinInt64
	}
	k := s.fanOut.into
	s.deliver(s.x.send(k, s.all[:k.n], after))
}
