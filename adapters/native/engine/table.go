package engine

import (
	"math/bits"
	"unsafe"
)

// A table maps 64-bit keys to rows of 8-byte words, all of it outside the Go heap.
//
//	index: open addressing, row number + 1      rows: dense, in order of insertion
//	[ . 3 . . 1 . 2 . ]                         [ key w1 w2 … | key w1 w2 … | … ]
//
// Rows never move: a full index is replaced by a larger one a few places a batch, and the rows
// grow in place over reserved address space. Emission scans the rows front to back.
type table struct {
	index  []uint32
	shift  uint // a hash's top 64-shift bits are its place in the index
	rows   []int64
	stride int
	fresh  []int64 // what the words of a new row are set to
	large  bool    // rows ask for large pages
	n      int     // rows in use or free for reuse: all below n have been handed out once
	free   []uint32
	used   int // places of index that are not empty
	dead   int // of these, tombstones

	old      []uint32 // the index being replaced, nil when there is none
	oldShift uint
	moved    int // places of old that are in index by now

	region *region // of rows, where they are written down

	probe []uint32 // scratch of locate
	found []int64
	arena *arena
}

// Row 0xFFFFFFFE and the tombstone are never rows.
const (
	tombstone  = ^uint32(0)
	firstIndex = 1 << 10
	// reservedWords is the address space of one table's rows: 16 GiB, touched as needed.
	reservedWords = 1 << 31
	// movesPerBatch bounds the pause a growing index causes; it outruns what a batch can insert.
	movesPerBatch = 8192
	// largeBytes is the size from which a table's memory is worth large pages.
	largeBytes = 2 << 20
)

// table makes an empty table whose rows are a key and the words of fresh, and are written down by
// checkpoints. Its index has the given number of places, a power of two, to begin with.
func (a *arena) table(fresh []int64, places int) (*table, error) {
	t, err := a.scratch(fresh, places)
	if err == nil && a.recorder.keeps() {
		t.region, err = a.recorder.newRegion(t.rows)
	}
	return t, err
}

// scratch makes a table that checkpoints do not know of.
func (a *arena) scratch(fresh []int64, places int) (*table, error) {
	rows, err := reserve(reservedWords)
	if err != nil {
		return nil, err
	}
	index, err := newIndex(places)
	if err != nil {
		release(rows)
		return nil, err
	}
	t := &table{
		stride: rowWords(1 + len(fresh)),
		fresh:  fresh,
		probe:  make([]uint32, a.batchRows),
		found:  make([]int64, a.batchRows),
		arena:  a,
		rows:   rows,
		index:  index,
		shift:  uint(64 - bits.Len(uint(places-1))),
	}
	a.tables = append(a.tables, t)
	a.take(places * 4)
	return t, nil
}

// rowWords rounds the words of a row up so that no row of up to a cache line lies across two.
func rowWords(n int) int {
	if n <= 8 {
		return 1 << bits.Len(uint(n-1))
	}
	return (n + 7) &^ 7
}

func newIndex(places int) ([]uint32, error) {
	words, err := reserve(places / 2)
	if err != nil {
		return nil, err
	}
	if places*4 >= largeBytes {
		hugePages(words)
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(words))), places), nil
}

func releaseIndex(index []uint32) {
	if index == nil {
		return
	}
	release(unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(index))), len(index)/2))
}

// reset empties the table and keeps its memory for the next window.
func (t *table) reset() {
	t.arena.give(t.n * t.stride * 8)
	t.region.reset(t.n * t.stride)
	if t.old != nil {
		t.arena.give(len(t.old) * 4)
		releaseIndex(t.old)
		t.old = nil
	}
	clear(t.index)
	t.n, t.used, t.dead = 0, 0, 0
	t.free = t.free[:0]
}

// hash spreads a key over 64 bits; its top bits are used. (Fibonacci hashing after folding the
// upper half in: Knuth, TAOCP 3, 6.4.)
func hash(key int64) uint64 {
	k := uint64(key)
	return (k ^ k>>32) * 0x9e3779b97f4a7c15
}

// locate sets at[i] to the first word of the row of keys[i], inserting rows as needed. The rows may
// be written to.
func (t *table) locate(keys []int64, at []uint32) {
	t.search(keys, at)
	t.region.touchAll(at[:len(keys)], t.stride)
}

// search is locate without leave to write. The first two loops only load, so that the misses of a
// batch overlap; the last one decides.
func (t *table) search(keys []int64, at []uint32) {
	if t.old != nil || t.used+len(keys) > len(t.index)/2 {
		t.grow(len(keys))
	}
	if t.old != nil {
		for i, k := range keys {
			at[i] = t.slow(k)
		}
		return
	}
	index, shift := t.index, t.shift
	probe := t.probe[:len(keys)]
	for i, k := range keys {
		probe[i] = index[hash(k)>>shift]
	}
	rows, stride := t.rows, uint32(t.stride)
	at, found := at[:len(probe)], t.found[:len(probe)]
	for i, e := range probe {
		w := (e - 1) * stride
		if e-1 >= tombstone-1 {
			w = 0 // no row: any will do, the last loop looks again
		}
		at[i], found[i] = w, rows[w]
	}
	for i, e := range probe {
		if found[i] != keys[i] || e-1 >= tombstone-1 {
			at[i] = t.find(keys[i])
		}
	}
}

// find returns the row of a key, inserting one if there is none. No index is being replaced.
func (t *table) find(key int64) uint32 {
	place, row := t.lookup(t.index, t.shift, key)
	if row != tombstone {
		return row
	}
	return t.insert(key, place)
}

// slow is find while an index is being replaced: rows not moved yet are in the old one.
func (t *table) slow(key int64) uint32 {
	place, row := t.lookup(t.index, t.shift, key)
	if row != tombstone {
		return row
	}
	if _, row = t.lookup(t.old, t.oldShift, key); row != tombstone {
		return row
	}
	return t.insert(key, place)
}

// lookup returns the first word of a key's row, or tombstone and the place where it would go.
func (t *table) lookup(index []uint32, shift uint, key int64) (place, row uint32) {
	mask := uint64(len(index) - 1)
	for h := hash(key) >> shift; ; h++ {
		e := index[h&mask]
		if e == 0 {
			return uint32(h & mask), tombstone
		}
		if e != tombstone {
			if w := (e - 1) * uint32(t.stride); t.rows[w] == key {
				return uint32(h & mask), w
			}
		}
	}
}

// get returns the first word of a key's row, tombstone if there is none.
func (t *table) get(key int64) uint32 {
	_, row := t.lookup(t.index, t.shift, key)
	if row == tombstone && t.old != nil {
		_, row = t.lookup(t.old, t.oldShift, key)
	}
	return row
}

// one is locate for a single key.
func (t *table) one(key int64) uint32 {
	var at [1]uint32
	keys := [1]int64{key}
	t.locate(keys[:], at[:])
	return at[0]
}

// entry is how a row is named where 0 means none; row is the row of such a name.
func (t *table) entry(row uint32) int64 { return int64(row) + 1 }

func (t *table) row(entry int64) uint32 { return uint32(entry - 1) }

// insert adds a row for a key at an empty place of the index.
func (t *table) insert(key int64, place uint32) uint32 {
	row := t.add(key)
	t.index[place] = row/uint32(t.stride) + 1
	t.used++
	return row
}

// add hands out a row that no index knows of.
func (t *table) add(key int64) uint32 {
	var row uint32
	if last := len(t.free) - 1; last >= 0 {
		row, t.free = t.free[last], t.free[:last]
	} else {
		row = uint32(t.n * t.stride)
		if (t.n+1)*t.stride > len(t.rows) {
			panic(stateFull{uint64(len(t.rows)) * 8})
		}
		t.arena.take(t.stride * 8)
		t.n++
	}
	t.touch(row)
	t.rows[row] = key
	copy(t.rows[row+1:int(row)+1+len(t.fresh)], t.fresh)
	return row
}

// touch says that a row is about to be written to. A row from locate or add was touched; one that
// is found in any other way has to be.
func (t *table) touch(row uint32) {
	if t.region != nil {
		t.region.touch(row)
		t.region.touch(row + uint32(t.stride) - 1)
	}
}

// remove takes a key out of the index and frees its row.
func (t *table) remove(key int64) {
	t.point(key, tombstone)
}

// point makes a key's place name another row, or no row at all (tombstone), and frees the old one.
func (t *table) point(key int64, to uint32) {
	entry := tombstone
	if to != tombstone {
		entry = to/uint32(t.stride) + 1
	}
	row := tombstone
	if t.old != nil {
		if place, r := t.lookup(t.old, t.oldShift, key); r != tombstone {
			t.old[place], row = entry, r
		}
	}
	if place, r := t.lookup(t.index, t.shift, key); r != tombstone {
		t.index[place], row = entry, r
		if entry == tombstone {
			t.dead++
			t.sweep(place)
		}
	}
	if row == tombstone {
		panic("BUG: point of a key that is not in the table")
	}
	t.release(row)
}

// sweep empties a run of tombstones that ends at place if no probe needs to pass them: the place
// behind them is empty.
func (t *table) sweep(place uint32) {
	mask := uint32(len(t.index) - 1)
	if t.index[(place+1)&mask] != 0 {
		return
	}
	for ; t.index[place] == tombstone; place = (place - 1) & mask {
		t.index[place] = 0
		t.used--
		t.dead--
	}
}

// release frees a row for reuse; its count of zero tells scans to pass it over.
func (t *table) release(row uint32) {
	t.touch(row)
	t.rows[row+wordCount] = 0
	t.free = append(t.free, row)
}

// grow starts or goes on replacing the index, so that room for more keys stays free.
func (t *table) grow(more int) {
	if t.old == nil {
		if !t.large && t.n*t.stride*8 >= largeBytes/4 {
			t.large = true
			hugePages(t.rows)
		}
		live := t.used - t.dead
		places := len(t.index)
		for places < 3*(live+more) {
			places *= 2
		}
		index, err := newIndex(places)
		if err != nil {
			panic(stateFull{t.arena.limit})
		}
		t.arena.take(places * 4)
		t.old, t.oldShift, t.moved = t.index, t.shift, 0
		t.index, t.shift = index, uint(64-bits.Len(uint(places-1)))
		t.used, t.dead = 0, 0
	}
	end := min(t.moved+movesPerBatch, len(t.old))
	for _, e := range t.old[t.moved:end] {
		if e == 0 || e == tombstone {
			continue
		}
		key := t.rows[(e-1)*uint32(t.stride)]
		if place, row := t.lookup(t.index, t.shift, key); row == tombstone {
			t.index[place] = e
			t.used++
		}
	}
	if t.moved = end; end == len(t.old) {
		t.arena.give(len(t.old) * 4)
		releaseIndex(t.old)
		t.old = nil
	}
}
