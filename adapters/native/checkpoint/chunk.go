package checkpoint

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
)

// A file is a run of chunks, each with a CRC32C over its head and payload. The last one says how
// many there are, so that a file that was cut off anywhere does not pass for whole.
//
//	"sbslots1" [ kind | bytes | payload | crc ] [ … ] [ end: chunks, bytes before ]
const magic = "sbslots1"

// Kinds of chunk.
const (
	chunkHead  = 1 + iota // slot, id, base (the checkpoint it builds on, 0 for none)
	chunkPages            // records of pages
	chunkState            // number of the part, then what the slot wrote
	chunkEnd              // chunks before, bytes before
)

const (
	chunkHeadB = 8
	// maxChunkB bounds what a reader believes of a length.
	maxChunkB = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errCut     = errors.New("the file is cut off")
	errDamaged = errors.New("the file is damaged")
)

// head is the first chunk of a file.
type head struct {
	slot     int
	id, base uint64
}

func (h head) encode() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(h.slot))
	b = binary.LittleEndian.AppendUint64(b, h.id)
	return binary.LittleEndian.AppendUint64(b, h.base)
}

// appendHead encodes what stands before a payload.
func appendHead(dst []byte, kind, bytes int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(kind))
	return binary.LittleEndian.AppendUint32(dst, uint32(bytes))
}

// scan checks a file and calls fn with every chunk between the head and the end. The payload is
// fn's to keep where keep says so; else it is overwritten by the next.
func scan(file fs.File, keep bool, fn func(kind int, payload []byte) error) (head, error) {
	s := scanner{in: bufio.NewReaderSize(file, 1<<16), keep: keep}
	h, err := s.begin()
	if err != nil {
		return h, err
	}
	for {
		before := s.n
		kind, payload, err := s.next()
		switch {
		case err != nil:
			return h, err
		case kind == chunkEnd:
			return h, s.end(payload, before)
		case kind != chunkPages && kind != chunkState:
			return h, fmt.Errorf("%w: a chunk of kind %d", errDamaged, kind)
		}
		if err := fn(kind, payload); err != nil {
			return h, err
		}
	}
}

// scanner reads chunk by chunk.
type scanner struct {
	in     *bufio.Reader
	keep   bool
	buf    []byte
	n      int64 // bytes read
	chunks uint64
}

func (s *scanner) begin() (head, error) {
	var start [len(magic)]byte
	if err := s.fill(start[:]); err != nil {
		return head{}, err
	}
	if string(start[:]) != magic {
		return head{}, fmt.Errorf("%w: it does not begin as one of a slot", errDamaged)
	}
	kind, p, err := s.next()
	if err != nil {
		return head{}, err
	}
	if kind != chunkHead || len(p) != 24 {
		return head{}, fmt.Errorf("%w: it has no head", errDamaged)
	}
	return head{
		slot: int(binary.LittleEndian.Uint64(p)), id: binary.LittleEndian.Uint64(p[8:]),
		base: binary.LittleEndian.Uint64(p[16:]),
	}, nil
}

func (s *scanner) fill(b []byte) error {
	n, err := io.ReadFull(s.in, b)
	s.n += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

func (s *scanner) next() (kind int, payload []byte, err error) {
	var start [chunkHeadB]byte
	if err := s.fill(start[:]); err != nil {
		return 0, nil, err
	}
	kind = int(binary.LittleEndian.Uint32(start[:]))
	n := int(binary.LittleEndian.Uint32(start[4:]))
	if n > maxChunkB {
		return 0, nil, fmt.Errorf("%w: a chunk of %d bytes", errDamaged, n)
	}
	b, err := s.body(n + 4)
	if err != nil {
		return 0, nil, err
	}
	s.chunks++
	crc := crc32.Update(crc32.Checksum(start[:], castagnoli), castagnoli, b[:n])
	if crc != binary.LittleEndian.Uint32(b[n:]) {
		return 0, nil, fmt.Errorf("%w: chunk %d has another checksum", errDamaged, s.chunks)
	}
	return kind, b[:n:n], nil
}

// body reads so many bytes. Memory grows with what is there and not with what is claimed.
func (s *scanner) body(n int) ([]byte, error) {
	const step = 1 << 20
	b := s.buf[:0]
	if s.keep {
		b = make([]byte, 0, min(n, step))
	}
	for len(b) < n {
		at := len(b)
		b = append(b, make([]byte, min(step, n-at))...)
		if err := s.fill(b[at:]); err != nil {
			return nil, err
		}
	}
	s.buf = b
	return b, nil
}

// end checks the last chunk against what came before it, and that nothing comes behind.
func (s *scanner) end(p []byte, before int64) error {
	if len(p) != 16 || binary.LittleEndian.Uint64(p) != s.chunks-1 ||
		binary.LittleEndian.Uint64(p[8:]) != uint64(before) {
		return fmt.Errorf("%w: its end tells of another file", errDamaged)
	}
	if _, err := s.in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: bytes behind its end", errDamaged)
	}
	return nil
}
