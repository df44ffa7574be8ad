package engine

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
// slots it may take several turns, as every block that is sent needs credit.
func (s *slot) fan() {
	for {
		more := s.fanOut.fill()
		if s.x == nil {
			s.add(s.fanOut.into)
		} else {
			mark := s.watermark()
			if more {
				mark = s.mark // what was said before: nothing of this batch is known to be complete
			}
			s.deliver(s.x.send(s.fanOut.into, mark, s.idle))
		}
		s.fanning = more && s.x != nil
		if !more || s.fanning {
			break
		}
	}
	if s.x == nil {
		s.advance(s.watermark())
	}
}

// send is scatter of a block whose events are ready to be folded.
func (x *exchange) send(b *block, watermarkMs int64, idle bool) *block {
	var counts [maxSlots]int
	for i, key := range b.key[:b.n] {
		d := owner(key, len(x.out))
		x.sel[d][counts[d]] = int32(i)
		counts[d]++
	}
	for d, l := range x.out {
		dst := x.own
		if l != nil {
			dst, _ = l.free.pop()
		}
		sel := x.sel[d][:counts[d]]
		dst.n = len(sel)
		gather(dst.key, b.key, sel)
		gather(dst.ts, b.ts, sel)
		gather(dst.seq, b.seq, sel)
		for v, col := range b.values {
			gather(dst.values[v], col, sel)
		}
		dst.from, dst.watermarkMs, dst.idle = x.self, watermarkMs, idle
		if l != nil && !l.full.push(dst) {
			panic("BUG: a link has fewer places than blocks")
		}
	}
	return x.own
}
