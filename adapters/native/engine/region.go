package engine

import (
	"unsafe"

	"github.com/streambench/streambench/adapters/native/checkpoint"
)

// region is memory of keyed state of which checkpoints write down the pages that have changed. Each
// page of 4 KiB has a flag. Whoever writes to the memory touches the pages first, which is a load
// and a comparison for one that is dirty already; without checkpoints there are no flags.
//
//	clean --touch--> dirty --barrier--> pending --copied out--> clean
//	                                       \------touch: copied out first--> dirty
//
// What is emptied for another window begins a new generation. Pending pages stay as they are until
// they are copied or written to, so nothing has to be kept alive for a checkpoint.
type region struct {
	recorder   *recorder // nil without checkpoints
	id         uint32
	generation uint64
	words      []int64
	flags      []byte

	// Of the checkpoint that is being copied: the generation its pages are of, how many are pending
	// and where to go on looking for them.
	taken         uint64
	pending, next int
	pages         int // that were in use
}

const (
	pageClean = iota
	pageDirty
	pagePending

	pageShift = 9 // of the number of a word
)

// newRegion makes the flags of some memory, the first generation of which begins.
func (r *recorder) newRegion(words []int64) (*region, error) {
	pages, err := reserve(len(words) >> pageShift / 8)
	if err != nil {
		return nil, err
	}
	g := &region{recorder: r, id: uint32(len(r.regions)), words: words}
	g.flags = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(pages))), len(pages)*8)
	r.regions = append(r.regions, g)
	return g, nil
}

// release unmaps the flags.
func (g *region) release() {
	release(unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(g.flags))), len(g.flags)/8))
}

// touch says that the word is about to be written, and those of its page.
func (g *region) touch(word uint32) {
	if g != nil && g.flags[word>>pageShift] != pageDirty {
		g.dirty(word >> pageShift)
	}
}

// touchAll is touch of many rows, of so many words each.
func (g *region) touchAll(at []uint32, stride int) {
	if g == nil {
		return
	}
	flags := g.flags
	for _, w := range at {
		if flags[w>>pageShift] != pageDirty {
			g.dirty(w >> pageShift)
		}
	}
	if checkpoint.PageWords%stride == 0 {
		return
	}
	for _, w := range at { // a row may end on the next page
		g.touch(w + uint32(stride) - 1)
	}
}

// touchRange is touch of words lo to hi-1.
func (g *region) touchRange(lo, hi int) {
	if g == nil {
		return
	}
	for p := lo >> pageShift; p <= (hi-1)>>pageShift; p++ {
		g.touch(uint32(p << pageShift))
	}
}

// dirty is the way of a page that was not: what a checkpoint needs of it is copied out first.
func (g *region) dirty(page uint32) {
	if g.flags[page] == pagePending {
		g.copyOut(int(page))
	}
	g.flags[page] = pageDirty
}

// reset begins a new generation, of which nothing is written yet. So many words were in use.
func (g *region) reset(used int) {
	if g == nil {
		return
	}
	g.generation++
	for p := range pagesOf(used) {
		if g.flags[p] == pageDirty {
			g.flags[p] = pageClean
		}
	}
}

func pagesOf(words int) int { return (words + checkpoint.PageWords - 1) >> pageShift }

// capture makes pending what the checkpoint in hand has to write of the words in use: what has
// changed, or all of it.
func (g *region) capture(used int, full bool) {
	g.taken, g.pages, g.next, g.pending = g.generation, pagesOf(used), 0, 0
	for p, f := range g.flags[:g.pages] {
		if f == pageDirty || full {
			g.flags[p] = pagePending
			g.pending++
		}
	}
}

// discard forgets what is pending.
func (g *region) discard() {
	for p, f := range g.flags[:g.pages] {
		if f == pagePending {
			g.flags[p] = pageDirty
		}
	}
	g.pending = 0
}

// copyOut writes a pending page down.
func (g *region) copyOut(page int) {
	memory := bytesOf(g.words[page<<pageShift:][:checkpoint.PageWords])
	g.recorder.page(checkpoint.Page{
		Region: g.id, Number: uint32(page), Generation: g.taken,
	}, memory)
	g.pending--
}

// copySome copies up to so many pending pages, and says how many it has.
func (g *region) copySome(most int) int {
	n := 0
	for ; g.pending > 0 && n < most; g.next++ {
		if g.flags[g.next] == pagePending {
			g.copyOut(g.next)
			g.flags[g.next] = pageClean
			n++
		}
	}
	return n
}
