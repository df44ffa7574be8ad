package checkpoint

import (
	"encoding/binary"
	"fmt"
	"unsafe"
)

// Opened is a completed checkpoint. Any goroutine may use it.
type Opened struct {
	Manifest
	store *Store
}

// Mark is where the source of a slot was, nil if it did not say.
func (o *Opened) Mark(slot int) []byte {
	for _, p := range o.Parts {
		if p.Slot == slot {
			return p.Mark
		}
	}
	return nil
}

// Marks are the marks of all slots.
func (o *Opened) Marks() map[int][]byte {
	all := map[int][]byte{}
	for _, p := range o.Parts {
		all[p.Slot] = p.Mark
	}
	return all
}

// scan checks file n of a slot's chain and calls fn with its chunks.
func (o *Opened) scan(
	p Part, n int, keep bool, fn func(kind int, payload []byte) error,
) error {
	piece := p.Files[n]
	file, err := o.store.disk.Open(piece.Name)
	if err != nil {
		return fmt.Errorf("read checkpoint %d: %w", o.ID, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() != piece.Bytes {
		return fmt.Errorf("read checkpoint %d: %s: %w: %d bytes, of which %d are there",
			o.ID, piece.Name, errCut, piece.Bytes, info.Size())
	}
	h, err := scan(file, keep, fn)
	if err == nil {
		err = o.follows(p, n, h)
	}
	if err != nil {
		return fmt.Errorf("read checkpoint %d: %s: %w", o.ID, piece.Name, err)
	}
	return nil
}

// follows checks that a file is the one it is taken for, and builds on the one before it.
func (o *Opened) follows(p Part, n int, h head) error {
	base := uint64(0)
	if n > 0 {
		base, _ = pieceID(p.Files[n-1].Name)
	}
	id, _ := pieceID(p.Files[n].Name)
	if h.slot != p.Slot || h.id != id || h.base != base {
		return fmt.Errorf("%w: it is of slot %d, checkpoint %d, and builds on %d",
			errDamaged, h.slot, h.id, h.base)
	}
	if n == len(p.Files)-1 && h.id != o.ID {
		return fmt.Errorf("%w: it is the last of its chain, of checkpoint %d", errDamaged, h.id)
	}
	return nil
}

// Loaded is the part of one slot, read into memory.
type Loaded struct {
	states map[uint32][]byte
	pages  map[region][]place
}

type region struct {
	id         uint32
	generation uint64
}

// place is where a page of a region is; of two of one number the later one counts.
type place struct {
	number uint32
	memory []byte
}

// Load reads the part of a slot.
func (o *Opened) Load(slot int) (*Loaded, error) {
	l := &Loaded{states: map[uint32][]byte{}, pages: map[region][]place{}}
	for _, p := range o.Parts {
		if p.Slot != slot {
			continue
		}
		for n := range p.Files {
			last := n == len(p.Files)-1
			err := o.scan(p, n, true, func(kind int, payload []byte) error {
				return l.take(kind, payload, last)
			})
			if err != nil {
				return nil, err
			}
		}
		return l, nil
	}
	return nil, fmt.Errorf("read checkpoint %d: it has no slot %d", o.ID, slot)
}

// take keeps pages, and of the last file the state.
func (l *Loaded) take(kind int, payload []byte, last bool) error {
	if kind == chunkState {
		if len(payload) < 4 {
			return fmt.Errorf("%w: state of %d bytes", errDamaged, len(payload))
		}
		if last {
			l.states[binary.LittleEndian.Uint32(payload)] = payload[4:]
		}
		return nil
	}
	if err := checkPages(payload); err != nil {
		return err
	}
	for ; len(payload) > 0; payload = payload[recordB:] {
		p, memory := readPage(payload)
		of := region{p.Region, p.Generation}
		l.pages[of] = append(l.pages[of], place{p.Number, memory})
	}
	return nil
}

// State is a part of the state by its number, nil if the slot did not write it.
func (l *Loaded) State(part uint32) []byte { return l.states[part] }

// Region puts the pages of a region together, so many words of it.
func (l *Loaded) Region(id uint32, generation uint64, words int) ([]int64, error) {
	pages := (words + PageWords - 1) / PageWords
	places := l.pages[region{id, generation}]
	if words < 0 || pages > len(places) {
		return nil, fmt.Errorf("%w: region %d has %d pages of %d", errDamaged, id, len(places), pages)
	}
	memory := make([]int64, pages*PageWords)
	seen := make([]bool, pages)
	missing := pages
	for _, p := range places {
		if int(p.number) >= pages {
			continue // the region was longer once
		}
		if !seen[p.number] {
			seen[p.number] = true
			missing--
		}
		to := memory[int(p.number)*PageWords:][:PageWords]
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&to[0])), PageB), p.memory)
	}
	if missing > 0 {
		return nil, fmt.Errorf("%w: region %d lacks %d pages of %d", errDamaged, id, missing, pages)
	}
	return memory[:words], nil
}
