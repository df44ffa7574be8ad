package workloads

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Codec writes and reads the wire form of a schema's events: seq and ts, the tag where the schema
// has one, then the fields of the variant in order. A tag one above the last variant's marks an end
// event, which has no fields. A codec may be used by several goroutines at once.
type Codec interface {
	// Append appends the event of a row; the batch has all columns of the row's variant.
	Append(dst []byte, b *Batch, row int) []byte
	// Decode reads the one event src holds into a row the batch has room for: seq, ts and those
	// columns the batch has. A Text column gets offset<<32 | length of the text in src. An error
	// names the offset; what it leaves in the row is unspecified.
	Decode(src []byte, b *Batch, row int) error
}

// codecPlan is a schema laid out for a codec.
type codecPlan struct {
	tag      string
	variants []codecVariant // one more than the schema's where it has a tag: end events
}

type codecVariant struct {
	fields []codecField
}

type codecField struct {
	Field
	col   int
	index *dictIndex // of a Dict
	// quoted are the strings of a Dict as JSON writes them; bare says that none needs an escape.
	quoted []string
	bare   bool
}

func newCodecPlan(s Schema) codecPlan {
	p := codecPlan{tag: s.Tag}
	for v, variant := range s.Variants {
		fields := make([]codecField, len(variant.Fields))
		for i, f := range variant.Fields {
			fields[i] = codecField{Field: f, col: s.Offset(v) + i}
			if f.Kind == Dict {
				fields[i].index = newDictIndex(f.Dict)
				fields[i].quote()
			}
		}
		p.variants = append(p.variants, codecVariant{fields})
	}
	if s.Tag != "" {
		p.variants = append(p.variants, codecVariant{})
	}
	return p
}

func (f *codecField) quote() {
	f.bare = true
	for _, s := range f.Dict {
		f.quoted = append(f.quoted, string(appendQuoted(nil, s)))
		f.bare = f.bare && plain([]byte(s))
	}
}

// variantOf is the variant of a row that is to be written.
func (p *codecPlan) variantOf(b *Batch, row int) int {
	if p.tag == "" {
		return 0
	}
	return int(b.Cols[0][row])
}

// setTag checks a tag read and keeps it.
func (p *codecPlan) setTag(tag int64, b *Batch, row int) bool {
	if tag < 0 || tag >= int64(len(p.variants)) {
		return false
	}
	if c := b.Cols[0]; c != nil {
		c[row] = tag
	}
	return true
}

func decodeError(offset int, format string, args ...any) error {
	return fmt.Errorf("decode event: offset %d: %s", offset, fmt.Sprintf(format, args...))
}

// dictIndex finds the code of a string by hashing its ends, which tell the strings of a Dict apart
// well enough, and comparing the whole.
type dictIndex struct {
	dict  []string
	slots []int32 // code+1, 0 where empty; the length is a power of two
}

func newDictIndex(dict []string) *dictIndex {
	size := 1 << bits.Len(uint(4*len(dict)))
	x := &dictIndex{dict: dict, slots: make([]int32, size)}
	for code, s := range dict {
		if x.find([]byte(s)) >= 0 {
			continue
		}
		i := dictHash([]byte(s)) & uint64(size-1)
		for x.slots[i] != 0 {
			i = (i + 1) & uint64(size-1)
		}
		x.slots[i] = int32(code + 1)
	}
	return x
}

// find returns the code of a string, -1 if the Dict has no such string.
func (x *dictIndex) find(s []byte) int64 {
	mask := uint64(len(x.slots) - 1)
	for i := dictHash(s) & mask; ; i = (i + 1) & mask {
		code := x.slots[i] - 1
		if code < 0 {
			return -1
		}
		if x.dict[code] == string(s) {
			return int64(code)
		}
	}
}

// dictHash never loops: the lengths of the strings of one field differ at random, and a loop
// would be mispredicted as often.
func dictHash(s []byte) uint64 {
	n := len(s)
	var head, tail uint64
	switch {
	case n >= 8:
		head = binary.LittleEndian.Uint64(s)
		tail = binary.LittleEndian.Uint64(s[n-8:])
	case n >= 4:
		head = uint64(binary.LittleEndian.Uint32(s))
		tail = uint64(binary.LittleEndian.Uint32(s[n-4:]))
	case n > 0:
		head = uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16
	}
	hi, lo := bits.Mul64(head^0x9e3779b97f4a7c15, tail^0xbf58476d1ce4e5b9+uint64(n))
	return hi ^ lo
}
