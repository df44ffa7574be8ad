package engine

// wheel is a hashed timing wheel of one place a millisecond (Varghese and Lauck, SOSP 1987). A
// place is a chain of hooks, each with room for many rows side by side, so that visiting them
// overlaps the misses of their rows where a linked list would wait for each.
type wheel struct {
	places []int32 // first hook of each place, 0 = none
	mask   int64
	hooks  []hook // 0 is not used
	free   int32
	turned int64      // every place before this one has been visited
	rows   [62]uint32 // scratch of turn
}

type hook struct {
	next int32
	n    int32
	rows [62]uint32
}

// maxPlaces bounds a wheel; what is further away is hung up again each time the wheel comes round.
const maxPlaces = 1 << 20

// newWheel makes a wheel that reaches at least ms ahead where maxPlaces allows.
func newWheel(ms int64) *wheel {
	places := int64(1024)
	for places < ms && places < maxPlaces {
		places *= 2
	}
	return &wheel{places: make([]int32, places), mask: places - 1, hooks: make([]hook, 1)}
}

// hang puts a row in the place of a time, or as far ahead as the wheel reaches, and returns it.
func (w *wheel) hang(row uint32, ms int64) (place int64) {
	place = min(ms, w.turned+w.mask)
	head := &w.places[place&w.mask]
	if *head == 0 || int(w.hooks[*head].n) == len(w.hooks[*head].rows) {
		h := w.free
		if h == 0 {
			h = int32(len(w.hooks))
			w.hooks = append(w.hooks, hook{})
		} else {
			w.free = w.hooks[h].next
		}
		w.hooks[h].n, w.hooks[h].next = 0, *head
		*head = h
	}
	k := &w.hooks[*head]
	k.rows[k.n] = row
	k.n++
	return place
}

// visitor is told of the rows that hang in a place that has come round.
type visitor interface {
	visit(rows []uint32, place int64)
}

// turn visits every row whose place has come round by a time, and some before that time.
func (w *wheel) turn(ms int64, to visitor) {
	first := max(w.turned, ms-w.mask)
	w.turned = ms + 1
	for t := first; t <= ms; t++ {
		h := w.places[t&w.mask]
		w.places[t&w.mask] = 0
		for h != 0 {
			k := &w.hooks[h]
			w.rows = k.rows // a copy: visiting may hang rows up again and move the hooks
			n, next := k.n, k.next
			to.visit(w.rows[:n], t)
			w.hooks[h].next, w.free = w.free, h
			h = next
		}
	}
}

// clear empties the wheel.
func (w *wheel) clear() {
	clear(w.places)
	w.hooks, w.free = w.hooks[:1], 0
}
