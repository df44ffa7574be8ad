package workloads

import (
	"encoding/binary"
	"maps"
	"slices"
)

// windowJoinFold keeps the events of both sides of every open window, and pairs them when that
// closes.
type windowJoinFold struct {
	o *oracle
	sides
	size, slide int64
	open        map[int64]*joinWindow // by start
	next        outcome
}

// joinWindow are the events of a window.
type joinWindow struct{ this, other joinSide }

// joinSide are the events of one side: what they have in common with the other, the slot, and their
// part of a result.
type joinSide struct {
	keys  []joinKey
	slots []uint64
	parts []int64
}

func newWindowJoinFold(o *oracle, s sides) *windowJoinFold {
	win := o.p.q.Window
	f := &windowJoinFold{o: o, sides: s, size: win.SizeMs, slide: win.SlideMs,
		open: map[int64]*joinWindow{}}
	if win.Kind == Tumbling {
		f.slide = win.SizeMs
	}
	return f
}

func (f *windowJoinFold) bind(b *Batch, picked []int32) []int32 {
	f.sides.bind(b)
	return picked
}

func (f *windowJoinFold) event(row int, slot uint64) {
	other := f.isOther(row)
	if other && !f.meets(row) {
		return
	}
	ts := f.b.TS[row]
	kept, dropped := false, false
	for start := floorTo(ts, f.slide); start > ts-f.size; start -= f.slide {
		if _, over := f.o.meet(start+f.size, (*clock).at); over {
			dropped = true
			continue
		}
		kept = true
		w := f.open[start]
		if w == nil {
			w = &joinWindow{}
			f.open[start] = w
		}
		side, keys, from := &w.this, f.this, fromEvent
		if other {
			side, keys, from = &w.other, f.other, fromOther
		}
		side.keys, side.slots = append(side.keys, keyOf(keys, row)), append(side.slots, slot)
		side.parts = f.part(side.parts, from, row)
	}
	if dropped && !kept {
		f.o.late.TooLate++
	} else {
		f.o.late.OnTime++
	}
	if dropped {
		f.o.behind = max(f.o.behind, f.o.clock.max-ts)
	}
}

func (f *windowJoinFold) advance() {
	f.close(func(end int64) bool { return f.o.clock.at(end + f.o.p.q.BoundMs) })
}

func (f *windowJoinFold) flush() { f.close(func(int64) bool { return true }) }

// close answers the windows that are over, in order of their ends.
func (f *windowJoinFold) close(over func(end int64) bool) {
	for _, start := range slices.Sorted(maps.Keys(f.open)) {
		if !over(start + f.size) {
			return
		}
		f.answer(start, f.open[start])
		delete(f.open, start)
	}
}

// answer pairs the events of a window.
func (f *windowJoinFold) answer(start int64, w *joinWindow) {
	f.o.timing(&f.next, start+f.size)
	width := len(f.p.out)
	at := func(s *joinSide, i int) []int64 { return s.parts[i*width : (i+1)*width] }
	others := map[joinKey][]int32{}
	for i, key := range w.other.keys {
		others[key] = append(others[key], int32(i))
	}
	once := map[string]*outcome{}
	var order []*outcome
	for i, key := range w.this.keys {
		for _, k := range others[key] {
			f.next.Row = f.p.pair(f.next.Row[:0], at(&w.this, i), at(&w.other, int(k)), start)
			f.next.last = max(w.this.slots[i], w.other.slots[k])
			if !f.p.q.Join.Distinct {
				f.o.result(&f.next)
				continue
			}
			name := f.p.nameOf(f.next.Row)
			if first := once[name]; first != nil {
				first.last = min(first.last, f.next.last)
				continue
			}
			e := f.next
			e.Row = slices.Clone(e.Row)
			once[name] = &e
			order = append(order, &e)
		}
	}
	for _, e := range order {
		f.o.result(e)
	}
}

// nameOf is the identity of a result as the key of a map.
func (p *plan) nameOf(row []int64) string {
	var name []byte
	for _, c := range p.ident {
		name = binary.LittleEndian.AppendUint64(name, uint64(row[c]))
	}
	return string(name)
}
