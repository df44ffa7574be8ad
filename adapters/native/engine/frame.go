package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// A frame is a run of little-endian 64-bit words:
//
//	block   [ 1 | rows and, 32 bits up, mid | watermark | idle | barrier ] key… ts… seq… value…
//	letter  [ 2 | kind | word | word | word ] line…
//
// Rows have a key column where the query has keys; how many value columns there are is the plan's.
const (
	blockFrame  = 1
	letterFrame = 2
	headWords   = 5
	// midShift is where the rows of the first side of a join stand in the word of the rows.
	midShift = 32
)

// counts are the rows of a block, and of these the ones of the first side of a join.
func counts(head [headWords]int64) (n, mid int64) {
	return head[1] & (1<<midShift - 1), int64(uint64(head[1]) >> midShift)
}

// littleEndian says that words lie in memory as they travel, so that columns are copied whole.
var littleEndian = func() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}()

// appendWords encodes words behind dst.
func appendWords(dst []byte, words []int64) []byte {
	if len(words) == 0 {
		return dst
	}
	if littleEndian {
		return append(dst, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)...)
	}
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(w))
	}
	return dst
}

// readWords decodes as many words as dst holds from the front of src, which has them.
func readWords(dst []int64, src []byte) (rest []byte) {
	n := len(dst) * 8
	if n == 0 {
		return src
	}
	if littleEndian {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&dst[0])), n), src[:n])
		return src[n:]
	}
	for i := range dst {
		dst[i] = int64(binary.LittleEndian.Uint64(src[i*8:]))
	}
	return src[n:]
}

// appendBlock encodes a block behind dst.
func appendBlock(dst []byte, b *block) []byte {
	count := int64(b.n) | int64(b.mid)<<midShift
	head := [headWords]int64{blockFrame, count, b.said.watermarkMs, 0, int64(b.barrier)}
	if b.said.idle {
		head[3] = 1
	}
	dst = appendWords(dst, head[:])
	dst = appendWords(dst, b.key[:b.n])
	dst = appendWords(dst, b.ts[:b.n])
	dst = appendWords(dst, b.seq[:b.n])
	for _, col := range b.values {
		dst = appendWords(dst, col[:b.n])
	}
	return dst
}

// appendLetter encodes a letter behind dst.
func appendLetter(dst []byte, l letter) []byte {
	head := [headWords]int64{
		letterFrame, int64(l.kind), l.words[0], l.words[1], l.words[2],
	}
	return appendWords(appendWords(dst, head[:]), l.lines)
}

var errFrame = errors.New("malformed frame")

// readHead decodes the head of a frame.
func readHead(frame []byte) (head [headWords]int64, rest []byte, err error) {
	if len(frame) < headWords*8 || len(frame)%8 != 0 {
		return head, nil, fmt.Errorf("%w: %d bytes", errFrame, len(frame))
	}
	rest = readWords(head[:], frame)
	return head, rest, nil
}

// fits says why the rest of a frame cannot be a block of at most so many rows; nil if it can.
func (p *plan) fits(rows int, head [headWords]int64, rest []byte) error {
	n, mid := counts(head)
	if n > int64(rows) || mid > n || uint64(head[3]) > 1 {
		return fmt.Errorf("%w: %d rows where %d fit", errFrame, n, rows)
	}
	if columns := 3 + len(p.values); int64(len(rest)) != n*8*int64(columns) {
		return fmt.Errorf("%w: %d bytes of %d rows in %d columns", errFrame, len(rest), n, columns)
	}
	if head[4] != 0 && n != 0 {
		return fmt.Errorf("%w: a barrier with rows", errFrame)
	}
	return nil
}

// read fills a block from a frame that fits.
func (b *block) read(head [headWords]int64, rest []byte) {
	n, mid := counts(head)
	b.n, b.mid = int(n), int(mid)
	b.said = said{head[2], head[3] == 1}
	b.barrier = uint64(head[4])
	rest = readWords(b.key[:b.n], rest)
	rest = readWords(b.ts[:b.n], rest)
	rest = readWords(b.seq[:b.n], rest)
	for _, col := range b.values {
		rest = readWords(col[:b.n], rest)
	}
}

// readLetter decodes a letter. Lines come in rows of as many columns as a result has, or a group.
func readLetter(head [headWords]int64, rest []byte, p *plan) (letter, error) {
	width := len(p.out)
	if head[1] == int64(aTally) {
		width = 1 + len(p.fresh)
	}
	l := letter{kind: letterKind(head[1]), words: [3]int64{head[2], head[3], head[4]}}
	switch n := len(rest) / 8; {
	case head[1] < int64(aStanding) || head[1] > int64(aTally),
		head[1] == int64(aTally) && !p.shares():
		return l, fmt.Errorf("%w: a letter of kind %d", errFrame, head[1])
	case l.kind == aStanding && n == 0, n%width != 0, !l.lined() && n != 0:
		return l, fmt.Errorf("%w: a letter of kind %d with %d words", errFrame, l.kind, n)
	case n > 0:
		l.lines = make([]int64, n)
		readWords(l.lines, rest)
	}
	return l, nil
}

// lined reports whether letters of a kind have lines.
func (l letter) lined() bool { return l.kind == aStanding || l.kind == aTally }
