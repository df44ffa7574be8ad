package checkpoint

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Writer writes a slot's file. Its first error stays. One goroutine uses it.
type Writer struct {
	disk   Disk
	file   File
	name   string
	err    error
	n      int64
	chunks uint64
}

// temporary is what the name of a file ends with until it is durable.
const temporary = ".tmp"

// Create begins the file of a slot's part, which builds on that of the checkpoint base; 0 for none.
func (s *Store) Create(slot int, id, base uint64) (*Writer, error) {
	name := pieceName(slot, id)
	file, err := s.disk.Create(name + temporary)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	w := &Writer{disk: s.disk, file: file, name: name}
	w.write([]byte(magic))
	w.chunk(chunkHead, head{slot, id, base}.encode())
	return w, nil
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.file.Write(b)
	w.n += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write %s: %w", w.name, err)
	}
}

// chunk writes the parts of a payload as one chunk.
func (w *Writer) chunk(kind int, parts ...[]byte) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > maxChunkB && w.err == nil {
		w.err = fmt.Errorf("write %s: a chunk of %d bytes, more than %d", w.name, n, maxChunkB)
	}
	start := appendHead(make([]byte, 0, chunkHeadB), kind, n)
	crc := crc32.Checksum(start, castagnoli)
	w.write(start)
	for _, p := range parts {
		crc = crc32.Update(crc, castagnoli, p)
		w.write(p)
	}
	w.write(binary.LittleEndian.AppendUint32(nil, crc))
	w.chunks++
}

// Pages writes records made by AppendPage.
func (w *Writer) Pages(records []byte) error {
	w.chunk(chunkPages, records)
	return w.err
}

// State writes one of the parts of the state that are not pages, by its number.
func (w *Writer) State(part uint32, data []byte) error {
	w.chunk(chunkState, binary.LittleEndian.AppendUint32(nil, part), data)
	return w.err
}

// Commit returns when the file is durable under its name.
func (w *Writer) Commit() (Piece, error) {
	end := binary.LittleEndian.AppendUint64(nil, w.chunks)
	w.chunk(chunkEnd, binary.LittleEndian.AppendUint64(end, uint64(w.n)))
	if w.err == nil {
		if err := w.file.Sync(); err != nil {
			w.err = fmt.Errorf("sync %s: %w", w.name, err)
		}
	}
	if w.err != nil {
		w.Discard()
		return Piece{}, w.err
	}
	if err := w.file.Close(); err != nil {
		return Piece{}, fmt.Errorf("close %s: %w", w.name, err)
	}
	if err := w.disk.Rename(w.name+temporary, w.name); err != nil {
		return Piece{}, fmt.Errorf("name %s: %w", w.name, err)
	}
	return Piece{Name: w.name, Bytes: w.n}, nil
}

// Discard removes what was written. What it cannot remove goes with the next checkpoint.
func (w *Writer) Discard() {
	_ = w.file.Close()
	_ = w.disk.Remove(w.name + temporary)
}
