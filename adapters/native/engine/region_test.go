package engine

import (
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/adapters/native/checkpoint"
)

// book is a table whose state at every barrier is known, and whose checkpoints are read again.
type book struct {
	t        *rapid.T
	store    *checkpoint.Store
	arena    arena
	recorder *recorder
	table    *table
	model    map[int64]int64
	wanted   map[uint64]map[int64]int64 // by checkpoint
	reports  chan Report
	full     int
}

func newBook(t *rapid.T, dir string, words int) *book {
	disk, err := checkpoint.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{
		t: t, store: checkpoint.NewStore(disk), model: map[int64]int64{},
		wanted: map[uint64]map[int64]int64{}, reports: make(chan Report, 64),
	}
	e := &Engine{cfg: Config{Checkpoints: &Checkpoints{Store: b.store, Done: b.done}}}
	b.recorder = newRecorder(e, 0)
	b.arena = arena{batchRows: 256, recorder: b.recorder}
	if b.table, err = b.arena.table(make([]int64, words), firstIndex); err != nil {
		t.Fatal(err)
	}
	go b.recorder.scribe.run()
	return b
}

func (b *book) done(_ int, _ uint64, r Report) { b.reports <- r }

// close waits until all is written.
func (b *book) close() {
	b.recorder.close(true)
	<-b.recorder.scribe.ended
}

// update counts keys, the last word of each row with the first.
func (b *book) update(keys []int64) {
	at := make([]uint32, len(keys))
	b.table.locate(keys, at)
	for i, row := range at {
		b.table.rows[row+wordCount]++
		b.table.rows[int(row)+len(b.table.fresh)]++
		b.model[keys[i]]++
	}
}

func (b *book) barrier(id uint64) {
	b.recorder.begin(id, nil, 0)
	e := &encoder{recorder: b.recorder}
	b.table.save(e)
	b.recorder.state(stateSlot, e.buf)
	b.recorder.captured()
	b.wanted[id] = maps.Clone(b.model)
}

// check reads a checkpoint and compares it with what the table held at its barrier.
func (b *book) check(r Report, id uint64) {
	if r.Err != nil {
		b.t.Fatal(r.Err)
	}
	if r.Full {
		b.full++
	}
	if err := b.store.Complete(checkpoint.Manifest{ID: id, Slots: 1, Parts: []checkpoint.Part{r.Part}}); err != nil {
		b.t.Fatal(err)
	}
	o, torn, err := b.store.Latest()
	if err != nil || len(torn) > 0 || o.ID != id {
		b.t.Fatal(err, torn)
	}
	loaded, err := o.Load(0)
	if err != nil {
		b.t.Fatal(err)
	}
	got := map[int64]int64{}
	d := &decoder{buf: loaded.State(stateSlot), loaded: loaded, slots: 1}
	d.rowsOf(b.table.stride, func(row []int64) {
		if inUse(row) {
			got[row[wordKey]] = row[wordCount]
			if n := len(b.table.fresh); row[n] != row[wordCount] {
				b.t.Fatalf("checkpoint %d: a row is half of another moment: %v", id, row)
			}
		}
	})
	if d.err != nil {
		b.t.Fatal(d.err)
	}
	if !maps.Equal(got, b.wanted[id]) {
		b.t.Fatalf("checkpoint %d: %d keys of %d, or other counts", id, len(got), len(b.wanted[id]))
	}
}

// Whatever happens to a table between a barrier and the end of its copying, the checkpoint holds
// what the table held at the barrier: updates, growth, freed rows, windows dropped and begun anew.
func TestACheckpointHoldsTheStateOfItsBarrier(t *testing.T) {
	deltas := 0
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		b := newBook(t, dir, rapid.SampledFrom([]int{2, 7, 20}).Draw(t, "words"))
		defer b.arena.close()
		defer b.recorder.release()
		close := sync.OnceFunc(b.close)
		defer close()
		id := uint64(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"add", "add", "touch", "copy", "barrier", "drop", "free"}).Draw(t, "step") {
			case "add":
				first, step := rapid.Int64Range(0, 20_000).Draw(t, "first"), rapid.Int64Range(1, 9).Draw(t, "by")
				for range rapid.IntRange(1, 12).Draw(t, "batches") {
					keys := make([]int64, 256)
					for i := range keys {
						first += step
						keys[i] = first
					}
					b.update(keys)
				}
			case "touch":
				b.update([]int64{rapid.Int64Range(0, 20_000).Draw(t, "key")})
			case "copy":
				b.recorder.step()
			case "barrier":
				id++
				b.barrier(id)
			case "drop":
				b.table.reset()
				b.model = map[int64]int64{}
			case "free":
				keys := slices.Sorted(maps.Keys(b.model))
				for _, k := range keys[:min(len(keys), rapid.IntRange(0, 300).Draw(t, "keys"))] {
					b.table.remove(k)
					delete(b.model, k)
				}
			}
		}
		close()
		for k := range id {
			b.check(<-b.reports, k+1)
		}
		deltas += int(id) - b.full
	})
	if deltas == 0 {
		t.Error("no checkpoint held only what had changed")
	}
}
