package engine

import (
	"errors"
	"fmt"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// encoder writes the small part of a slot's state, as words, and captures the regions it names.
type encoder struct {
	buf      []byte
	recorder *recorder // nil where nothing is captured
}

func (e *encoder) word(w int64) { e.buf = appendWords(e.buf, []int64{w}) }

func (e *encoder) flag(b bool) {
	w := int64(0)
	if b {
		w = 1
	}
	e.word(w)
}

// run writes words and how many there are.
func (e *encoder) run(words []int64) {
	e.word(int64(len(words)))
	e.buf = appendWords(e.buf, words)
}

// region names a region of which so many words are in use.
func (e *encoder) region(g *region, used int) {
	e.word(int64(g.id))
	e.word(int64(g.generation))
	e.word(int64(used))
	e.recorder.capture(g, used)
}

// decoder reads what an encoder wrote, for the slot it is restored to. Its first error stays, and
// from then on it reads zeros.
type decoder struct {
	buf    []byte
	loaded *checkpoint.Loaded
	err    error
	// slot and slots say which keys the new slot owns.
	slot, slots int
	// own says that this is a part whose shard the slot goes on with, and not one that only some of
	// its keys come from: counters of the slot itself are taken from it alone.
	own bool
}

var errState = errors.New("malformed state")

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errState, fmt.Sprintf(format, args...))
	}
}

func (d *decoder) word() int64 {
	var w [1]int64
	if len(d.buf) < 8 {
		d.fail("it ends early")
	}
	if d.err != nil {
		return 0
	}
	d.buf = readWords(w[:], d.buf)
	return w[0]
}

func (d *decoder) flag() bool { return d.word() != 0 }

// count reads a number of things that take at least so many words each.
func (d *decoder) count(words int) int {
	n := d.word()
	if n < 0 || n*int64(words) > int64(len(d.buf)/8) || n > int64(len(d.buf)/8) {
		d.fail("%d things in %d bytes", n, len(d.buf))
		return 0
	}
	return int(n)
}

func (d *decoder) run() []int64 {
	words := make([]int64, d.count(1))
	if d.err == nil {
		d.buf = readWords(words, d.buf)
	}
	return words
}

// region reads the words of a region, which are rows of so many each.
func (d *decoder) region(stride int) []int64 {
	id, generation, used := d.word(), d.word(), d.word()
	if d.err != nil {
		return nil
	}
	if used < 0 || used%int64(stride) != 0 || used > reservedWords {
		d.fail("a region of %d words, in rows of %d", used, stride)
		return nil
	}
	words, err := d.loaded.Region(uint32(id), uint64(generation), int(used))
	if err != nil {
		d.err = err
	}
	return words
}

// owns reports whether the new slot owns a key.
func (d *decoder) owns(key int64) bool {
	return d.slots == 1 || workloads.SlotOf(key, d.slots) == d.slot
}

// rowsOf calls fn with every row of a region whose key the slot owns.
func (d *decoder) rowsOf(stride int, fn func(row []int64)) {
	for words := d.region(stride); len(words) > 0; words = words[stride:] {
		if d.owns(words[wordKey]) {
			fn(words[:stride])
		}
	}
}
