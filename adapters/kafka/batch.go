package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
)

// A record batch of format v2, big-endian, as brokers store and forward it:
//
//	offset  0 base offset (8) | 8 length of what follows (4) | 12 leader epoch (4) | 16 magic 2 (1)
//	       17 CRC32C of all after it (4) | 21 attributes (2) | 23 last offset delta (4)
//	       27 base timestamp (8) | 35 max timestamp (8) | 43 producer id (8) | 51 epoch (2)
//	       53 base sequence (4) | 57 number of records (4) | 61 records
//
// A record is: length, attributes (1), timestamp delta, offset delta, key length, key, value
// length, value, number of headers, headers; all lengths and deltas are zigzag varints.
const (
	lengthAt     = 8
	magicAt      = 16
	crcAt        = 17
	attributesAt = 21
	lastDeltaAt  = 23
	baseTimeAt   = 27
	maxTimeAt    = 35
	producerAt   = 43
	epochAt      = 51
	sequenceAt   = 53
	countAt      = 57
	headerSize   = 61

	transactionalBit = 1 << 4
	brokerTimeBit    = 1 << 3
	controlBit       = 1 << 5
	compressionMask  = 7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Identity is the producer that a batch is stamped with; the zero value stands for none.
type Identity struct {
	ID            int64
	Epoch         int16
	Transactional bool
	known         bool
	brokerTime    bool // its batches have the time at which the broker takes them
}

// newIdentity is what a broker has given out.
func newIdentity(id int64, epoch int16, transactional bool) Identity {
	return Identity{ID: id, Epoch: epoch, Transactional: transactional, known: true}
}

// Batch is a record batch that is being written. Its memory is used again after Reset.
type Batch struct {
	buf          []byte
	records      int
	base, newest int64 // timestamps
}

// Message is a record to write. A nil key is none; headers are nil for ordinary events, as every
// byte costs every system.
type Message struct {
	TimeMs     int64 // milliseconds since 1970
	Key, Value []byte
	Headers    []Header
}

// Header is a header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Reset empties the batch.
func (b *Batch) Reset() {
	if cap(b.buf) < headerSize {
		b.buf = make([]byte, headerSize, 1<<16)
	}
	b.buf, b.records = b.buf[:headerSize], 0
}

// Records is the number of records written.
func (b *Batch) Records() int { return b.records }

// Size is the number of bytes the batch takes.
func (b *Batch) Size() int { return len(b.buf) }

// Add appends a record.
func (b *Batch) Add(m Message) {
	if b.records == 0 {
		b.base, b.newest = m.TimeMs, m.TimeMs
	}
	b.newest = max(b.newest, m.TimeMs)
	key, value, headers := m.Key, m.Value, m.Headers
	delta, offset := m.TimeMs-b.base, int64(b.records)
	keyLen := int64(len(key))
	if key == nil {
		keyLen = -1
	}
	size := 1 + varintSize(delta) + varintSize(offset) + varintSize(keyLen) + len(key) +
		varintSize(int64(len(value))) + len(value) + varintSize(int64(len(headers)))
	for _, h := range headers {
		size += varintSize(int64(len(h.Key))) + len(h.Key) +
			varintSize(int64(len(h.Value))) + len(h.Value)
	}
	// Room for all of it is made at once, so that nothing below has to look for it.
	d := slices.Grow(b.buf, size+binary.MaxVarintLen64)
	d = appendVarint(d, int64(size))
	d = append(d, 0)
	d = appendVarint(d, delta)
	d = appendVarint(d, offset)
	d = appendVarint(d, keyLen)
	d = append(d, key...)
	d = appendVarint(d, int64(len(value)))
	d = append(d, value...)
	d = appendVarint(d, int64(len(headers)))
	for _, h := range headers {
		d = appendVarint(d, int64(len(h.Key)))
		d = append(d, h.Key...)
		d = appendVarint(d, int64(len(h.Value)))
		d = append(d, h.Value...)
	}
	b.buf = d
	b.records++
}

// zigzag is the unsigned number a varint stores.
func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

// varintSize is the number of bytes of a zigzag varint.
func varintSize(v int64) int { return (bits.Len64(zigzag(v)|1) + 6) / 7 }

// appendVarint is binary.AppendVarint; most numbers of a record take one byte.
func appendVarint(d []byte, v int64) []byte {
	if u := zigzag(v); u < 0x80 {
		return append(d, byte(u))
	}
	return binary.AppendVarint(d, v)
}

// Seal completes the header and the checksum and returns the batch's bytes, which stay valid until
// Reset. sequence is that of its first record in the partition; it counts only with a producer.
func (b *Batch) Seal(p Identity, sequence int32) []byte {
	d := b.buf
	be := binary.BigEndian
	be.PutUint64(d, 0)
	be.PutUint32(d[lengthAt:], uint32(len(d)-lengthAt-4))
	be.PutUint32(d[lengthAt+4:], math.MaxUint32) // leader epoch: none
	d[magicAt] = 2
	attributes := uint16(0)
	if p.Transactional {
		attributes = transactionalBit
	}
	if p.brokerTime {
		attributes |= brokerTimeBit
	}
	if !p.known {
		p.ID, p.Epoch, sequence = -1, -1, -1
	}
	be.PutUint16(d[attributesAt:], attributes)
	be.PutUint32(d[lastDeltaAt:], uint32(b.records-1))
	be.PutUint64(d[baseTimeAt:], uint64(b.base))
	be.PutUint64(d[maxTimeAt:], uint64(b.newest))
	be.PutUint64(d[producerAt:], uint64(p.ID))
	be.PutUint16(d[epochAt:], uint16(p.Epoch))
	be.PutUint32(d[sequenceAt:], uint32(sequence))
	be.PutUint32(d[countAt:], uint32(b.records))
	be.PutUint32(d[crcAt:], crc32.Checksum(d[attributesAt:], castagnoli))
	return d
}

// Record is one record of a batch that is being read. Its slices point into what was fetched.
type Record struct {
	Offset  int64
	TimeMs  int64
	Key     []byte // nil for none
	Value   []byte
	headers []byte // undecoded
	count   int64  // of headers
}

// Header finds a header's value; nil if there is none of that name.
func (r *Record) Header(name string) []byte {
	src, at := r.headers, 0
	for range r.count {
		var n int64
		var key, value []byte
		n, at = varintAt(src, at)
		key, at = bytesAt(src, at, n)
		n, at = varintAt(src, at)
		value, at = bytesAt(src, at, n)
		if at > len(src) {
			return nil
		}
		if string(key) == name {
			return value
		}
	}
	return nil
}

// errCorrupt is wrapped by the error of a batch that is not as its producer wrote it, errCompressed
// by that of one whose producer was not told to leave it as it is.
var (
	errCorrupt    = errors.New("the batch is corrupt")
	errCompressed = errors.New("the batch is compressed, which no part of a run does")
)

// Reader reads the batches of one partition's fetch response, in order and without allocating.
//
//	for r.Next() { use r.Record() }
//	if err := r.Err(); …
type Reader struct {
	src    []byte // batches not begun
	from   int64  // offset asked for: records before it were read already
	next   int64  // offset after the last batch read
	record Record
	err    error

	batch    []byte // its records that are to come
	left     int64  // records of the batch that are to come
	base     int64
	baseTime int64
	aborted  []AbortedTransaction
	inside   map[int64]bool // producers whose transaction was aborted, while inside it
}

// AbortedTransaction is a transaction whose records are not to be seen.
type AbortedTransaction struct{ Producer, First int64 }

// Reset begins with the response to a fetch from an offset. aborted, ordered by First, are the
// transactions whose records are passed over; the slice is kept until the next Reset.
func (r *Reader) Reset(src []byte, from int64, aborted []AbortedTransaction) {
	inside := r.inside
	clear(inside)
	*r = Reader{src: src, from: from, next: from, aborted: aborted, inside: inside}
	if inside == nil && len(aborted) > 0 {
		r.inside = map[int64]bool{}
	}
}

// NextOffset is where to fetch from next, once Next has returned false.
func (r *Reader) NextOffset() int64 { return r.next }

// Record is the record that Next went to, valid until the next call.
func (r *Reader) Record() *Record { return &r.record }

// Err says why reading stopped before the end; nil if it did not.
func (r *Reader) Err() error { return r.err }

// Next goes to the next record and reports whether there is one. A batch that is cut off at the end
// of the response is no error: brokers fill what was asked for.
func (r *Reader) Next() bool {
	for r.err == nil {
		for r.left > 0 {
			if !r.read() {
				return false
			}
			if r.record.Offset >= r.from {
				return true
			}
		}
		if !r.open() {
			return false
		}
	}
	return false
}

// open goes to the next batch with records for the reader.
func (r *Reader) open() bool {
	for len(r.src) >= headerSize {
		be := binary.BigEndian
		size := int64(be.Uint32(r.src[lengthAt:])) + lengthAt + 4
		if size > int64(len(r.src)) {
			return false
		}
		b := r.src[:size]
		r.base = int64(be.Uint64(b))
		if size < headerSize || b[magicAt] != 2 {
			return r.corrupt("its header is none of format v2")
		}
		if crc32.Checksum(b[attributesAt:], castagnoli) != be.Uint32(b[crcAt:]) {
			return r.corrupt("its checksum differs")
		}
		attributes := be.Uint16(b[attributesAt:])
		producer := int64(be.Uint64(b[producerAt:]))
		r.src = r.src[size:]
		r.next = max(r.next, r.base+int64(be.Uint32(b[lastDeltaAt:]))+1)
		if r.passOver(attributes, producer) {
			continue
		}
		if c := attributes & compressionMask; c != 0 {
			r.err = fmt.Errorf("%w: offset %d: codec %d", errCompressed, r.base, c)
			return false
		}
		r.left, r.baseTime = int64(int32(be.Uint32(b[countAt:]))), int64(be.Uint64(b[baseTimeAt:]))
		r.batch = b[headerSize:]
		return true
	}
	return false
}

// passOver reports whether a batch holds nothing to see: the mark that ends a transaction, or part
// of one that was aborted.
func (r *Reader) passOver(attributes uint16, producer int64) bool {
	for len(r.aborted) > 0 && r.aborted[0].First <= r.base {
		r.inside[r.aborted[0].Producer] = true
		r.aborted = r.aborted[1:]
	}
	if attributes&controlBit != 0 {
		delete(r.inside, producer)
		return true
	}
	return attributes&transactionalBit != 0 && r.inside[producer]
}

// read decodes the next record of the batch.
func (r *Reader) read() bool {
	r.left--
	length, at := varintAt(r.batch, 0)
	if length < 1 || length > int64(len(r.batch)-at) {
		return r.corrupt(beyond)
	}
	src := r.batch[at : at+int(length)]
	r.batch = r.batch[at+int(length):]
	rec := &r.record
	delta, at := varintAt(src, 1) // behind the attributes
	offset, at := varintAt(src, at)
	key, at := varintAt(src, at)
	rec.TimeMs, rec.Offset = r.baseTime+delta, r.base+offset
	rec.Key, at = bytesAt(src, at, key)
	value, at := varintAt(src, at)
	rec.Value, at = bytesAt(src, at, value)
	rec.count, at = varintAt(src, at)
	if at > len(src) {
		return r.corrupt(beyond)
	}
	rec.headers = src[at:]
	return true
}

// beyond is what is wrong with a record that is longer than its batch or shorter than its fields.
const beyond = "a record reaches beyond it"

func (r *Reader) corrupt(why string) bool {
	r.err = fmt.Errorf("%w: offset %d: %s", errCorrupt, r.base, why)
	return false
}

// varintAt reads the zigzag varint at a place and tells where the next thing is: beyond the slice
// where there is no whole varint, and from then on it stays there. Most numbers of a record take
// one byte.
func varintAt(src []byte, at int) (v int64, next int) {
	if at < len(src) && int8(src[at]) >= 0 {
		u := int64(src[at])
		return u>>1 ^ -(u & 1), at + 1
	}
	return longVarintAt(src, at)
}

func longVarintAt(src []byte, at int) (v int64, next int) {
	if at < len(src) {
		if v, n := binary.Varint(src[at:]); n > 0 {
			return v, at + n
		}
	}
	return 0, len(src) + 1
}

// bytesAt takes n bytes at a place; nil for a length of -1.
func bytesAt(src []byte, at int, n int64) (b []byte, next int) {
	if n == -1 {
		return nil, at
	}
	if n < 0 || n > int64(len(src)-at) {
		return nil, len(src) + 1
	}
	end := at + int(n)
	return src[at:end:end], end
}
