package engine

import "unsafe"

// trail is the events of the last window, of all keys, in order of time: columns in pieces of a
// slab. New ones come in at its end, and those that leave the window go out at its front.
//
//	front                              back
//	[ . . . 4 5 6 ] -> [ 6 6 7 8 8 9 ] -> [ 9 9 . . . . ]
//	        ^ from
type trail struct {
	slab        *slab
	values      int
	room        int // events of a chunk
	front, back *chunk
	from        int    // the first event of front
	spare       *chunk // chunks that are free
}

// chunk is a piece of a trail. The columns are as those of a block; at is where each event's row of
// keyed state is.
type chunk struct {
	events block
	at     []uint32
	next   *chunk
}

func newTrail(state *arena, values int) (*trail, error) {
	room := (state.batchRows + 1) &^ 1
	s, err := state.slab(room*(2+values) + room/2)
	if err != nil {
		return nil, err
	}
	t := &trail{slab: s, values: values, room: room}
	t.back = t.chunk()
	t.front = t.back
	return t, nil
}

// chunk takes an empty chunk.
func (t *trail) chunk() *chunk {
	if c := t.spare; c != nil {
		t.slab.arena.take(t.slab.piece * 8)
		t.spare, c.next, c.events.n = c.next, nil, 0
		return c
	}
	words := t.slab.at(t.slab.take())
	column := func() []int64 {
		col := words[:t.room:t.room]
		words = words[t.room:]
		return col
	}
	c := &chunk{events: block{ts: column(), seq: column()}}
	for range t.values {
		c.events.values = append(c.events.values, column())
	}
	c.at = unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(words))), t.room)
	return c
}

// grow puts an empty chunk at the end.
func (t *trail) grow() *chunk {
	t.back.next = t.chunk()
	t.back = t.back.next
	return t.back
}

// shrink frees the chunk at the front, which is not the last one.
func (t *trail) shrink() {
	c := t.front
	t.front, t.from = c.next, 0
	c.next, t.spare = t.spare, c
	t.slab.arena.give(t.slab.piece * 8)
}

// part makes a block of rows lo..hi-1 of the chunk's events, without a key.
func (c *chunk) part(into *block, r rows) *block {
	into.n = r.hi - r.lo
	into.ts, into.seq = c.events.ts[r.lo:r.hi], c.events.seq[r.lo:r.hi]
	into.values = into.values[:0]
	for _, col := range c.events.values {
		into.values = append(into.values, col[r.lo:r.hi])
	}
	return into
}
