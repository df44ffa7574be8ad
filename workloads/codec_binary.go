package workloads

import "encoding/binary"

// BinaryCodec makes the codec of the form "binary": little-endian, eight bytes a field; a string
// is an offset and a length of 32 bits each, from the event's first byte, and its bytes follow the
// fields in their order. There is one way to write an event, so foreign bytes do not pass.
func BinaryCodec(s Schema) Codec {
	return &binaryCodec{newCodecPlan(s)}
}

type binaryCodec struct{ plan codecPlan }

const word = 8

// fixed is the length of an event without the bytes of its strings.
func (c *binaryCodec) fixed(variant int) int {
	return c.head() + word*len(c.plan.variants[variant].fields)
}

// head is the length of seq, ts and the tag.
func (c *binaryCodec) head() int {
	if c.plan.tag == "" {
		return 2 * word
	}
	return 3 * word
}

func (c *binaryCodec) Append(dst []byte, b *Batch, row int) []byte {
	variant := c.plan.variantOf(b, row)
	var zero [word]byte
	dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Seq[row]))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(b.TS[row]))
	if c.plan.tag != "" {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(variant))
	}
	fields := c.plan.variants[variant].fields
	hasStrings := false
	for i := range fields {
		if fields[i].Kind == Int || fields[i].Kind == Float {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Cols[fields[i].col][row]))
			continue
		}
		hasStrings = true
		dst = append(dst, zero[:]...)
	}
	if hasStrings {
		dst = c.appendStrings(dst, fields, b, row)
	}
	return dst
}

// appendStrings appends the bytes of the strings behind the fixed part and fills in where they are.
func (c *binaryCodec) appendStrings(dst []byte, fields []codecField, b *Batch, row int) []byte {
	start := len(dst) - c.head() - word*len(fields)
	for i := range fields {
		f := &fields[i]
		at := len(dst)
		switch f.Kind {
		case Dict:
			dst = append(dst, f.Dict[b.Cols[f.col][row]]...)
		case Text:
			dst = f.Text(dst, b.Cols[f.col][row])
		default:
			continue
		}
		where := start + c.head() + word*i
		binary.LittleEndian.PutUint32(dst[where:], uint32(at-start))
		binary.LittleEndian.PutUint32(dst[where+4:], uint32(len(dst)-at))
	}
	return dst
}

func (c *binaryCodec) Decode(src []byte, b *Batch, row int) error {
	if len(src) < c.head() {
		return decodeError(len(src), "the event ends before its number and time")
	}
	b.Seq[row] = int64(binary.LittleEndian.Uint64(src))
	b.TS[row] = int64(binary.LittleEndian.Uint64(src[word:]))
	variant := 0
	if c.plan.tag != "" {
		tag := int64(binary.LittleEndian.Uint64(src[2*word:]))
		if !c.plan.setTag(tag, b, row) {
			return decodeError(2*word, "%s %d is unknown", c.plan.tag, tag)
		}
		variant = int(tag)
	}
	next := c.fixed(variant)
	if len(src) < next {
		return decodeError(len(src), "the event ends inside its %d bytes of fields", next)
	}
	words := src[c.head():next]
	fields := c.plan.variants[variant].fields
	for i := range fields {
		f := &fields[i]
		v := int64(binary.LittleEndian.Uint64(words[word*i:]))
		if f.Kind == Dict || f.Kind == Text {
			text, end, err := c.text(src, c.head()+word*i, next)
			if err != nil {
				return err
			}
			if v = span(uint64(next), uint64(len(text))); f.Kind == Dict {
				if v = f.index.find(text); v < 0 {
					return decodeError(next, "%s %.40q is unknown", f.Name, text)
				}
			}
			next = end
		}
		if col := b.Cols[f.col]; col != nil {
			col[row] = v
		}
	}
	if next != len(src) {
		return decodeError(next, "%d bytes follow the event", len(src)-next)
	}
	return nil
}

// text finds the string whose place stands at a word, and which has to begin at next.
func (c *binaryCodec) text(src []byte, at, next int) (text []byte, end int, err error) {
	offset := uint64(binary.LittleEndian.Uint32(src[at:]))
	end64 := offset + uint64(binary.LittleEndian.Uint32(src[at+4:]))
	if offset != uint64(next) || end64 > uint64(len(src)) {
		return nil, 0, decodeError(at, "a string at %d..%d of %d bytes, where one begins at %d",
			offset, end64, len(src), next)
	}
	return src[next:end64], int(end64), nil
}
