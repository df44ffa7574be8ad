package native

import (
	"encoding/binary"
	"errors"

	"github.com/streambench/streambench/adapters/kafka"
)

// appendMessage appends a record as a sink keeps it:
//
//	| target | time | key | value | headers | each: name, value |   lengths and numbers as uvarints
//
// A length is one more than it says, as 0 is a key that is not there.
func appendMessage(b []byte, to int, m kafka.Message) []byte {
	b = binary.AppendUvarint(b, uint64(to))
	b = binary.AppendVarint(b, m.TimeMs)
	b = appendBytes(appendBytes(b, m.Key), m.Value)
	b = binary.AppendUvarint(b, uint64(len(m.Headers)))
	for _, h := range m.Headers {
		b = appendBytes(appendBytes(b, []byte(h.Key)), h.Value)
	}
	return b
}

func appendBytes(b, v []byte) []byte {
	if v == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}

var errCutOff = errors.New("a record is cut off")

// readMessage reads a record and returns what follows it.
func readMessage(b []byte) (to int, m kafka.Message, rest []byte, err error) {
	r := recordReader{b: b}
	to = int(r.uvarint())
	v, n := binary.Varint(r.b)
	if n <= 0 {
		return 0, m, nil, errCutOff
	}
	r.b = r.b[n:]
	m.TimeMs, m.Key, m.Value = v, r.bytes(), r.bytes()
	for range r.uvarint() {
		if r.bad {
			break
		}
		m.Headers = append(m.Headers, kafka.Header{Key: string(r.bytes()), Value: r.bytes()})
	}
	if r.bad {
		return 0, m, nil, errCutOff
	}
	return to, m, r.b, nil
}

type recordReader struct {
	b   []byte
	bad bool
}

func (r *recordReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *recordReader) bytes() []byte {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	if n--; n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}
