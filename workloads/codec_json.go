package workloads

import (
	"bytes"
	"math"
	"strconv"
)

// JSONCodec makes the codec of the form "json": one object without spaces, fields in order,
// integers as numbers. It reads any JSON object that has exactly the fields, each once: its own
// form by position, everything else (other order, spaces, escapes) by a slower way.
func JSONCodec(s Schema) Codec {
	c := &jsonCodec{plan: newCodecPlan(s)}
	if s.Tag != "" {
		c.tagKey = newJSONKey(s.Tag)
	}
	for _, v := range c.plan.variants {
		if len(v.fields)+3 > maxMembers {
			panic("BUG: more fields than the JSON codec has room for")
		}
		keys := make([]jsonKey, len(v.fields))
		for i, f := range v.fields {
			keys[i] = newJSONKey(f.Name)
		}
		c.keys = append(c.keys, keys)
	}
	return c
}

type jsonCodec struct {
	plan   codecPlan
	tagKey jsonKey
	keys   [][]jsonKey // by variant and field
}

func (c *jsonCodec) Append(dst []byte, b *Batch, row int) []byte {
	dst = strconv.AppendInt(append(dst, jsonSeqKey.text...), b.Seq[row], 10)
	dst = strconv.AppendInt(append(dst, jsonTSKey.text...), b.TS[row], 10)
	variant := c.plan.variantOf(b, row)
	if c.plan.tag != "" {
		dst = strconv.AppendInt(append(dst, c.tagKey.text...), int64(variant), 10)
	}
	fields, keys := c.plan.variants[variant].fields, c.keys[variant]
	for i := range fields {
		f := &fields[i]
		v := b.Cols[f.col][row]
		dst = append(dst, keys[i].text...)
		switch f.Kind {
		case Int:
			dst = strconv.AppendInt(dst, v, 10)
		case Float:
			dst = strconv.AppendFloat(dst, math.Float64frombits(uint64(v)), 'g', -1, 64)
		case Dict:
			dst = append(dst, f.quoted[v]...)
		case Text:
			dst = append(dst, '"')
			from := len(dst)
			dst = f.Text(dst, v)
			if plain(dst[from:]) {
				dst = append(dst, '"')
			} else {
				dst = appendQuoted(dst[:from-1], string(dst[from:]))
			}
		}
	}
	return append(dst, '}')
}

func (c *jsonCodec) Decode(src []byte, b *Batch, row int) error {
	if c.decodeOwn(src, b, row) {
		return nil
	}
	return c.decodeAny(src, b, row)
}

// decodeOwn reads the form Append writes, false for any other.
func (c *jsonCodec) decodeOwn(src []byte, b *Batch, row int) bool {
	at := 0
	if b.Seq[row], at = jsonSeqKey.int(src, at); at < 0 {
		return false
	}
	if b.TS[row], at = jsonTSKey.int(src, at); at < 0 {
		return false
	}
	variant := 0
	if c.plan.tag != "" {
		var tag int64
		if tag, at = c.tagKey.int(src, at); at < 0 || !c.plan.setTag(tag, b, row) {
			return false
		}
		variant = int(tag)
	}
	fields, keys := c.plan.variants[variant].fields, c.keys[variant]
	for i := range fields {
		f := &fields[i]
		var v int64
		if f.Kind == Int {
			v, at = keys[i].int(src, at)
		} else if at = keys[i].skip(src, at); at >= 0 {
			v, at = f.ownValue(src, at)
		}
		if at < 0 {
			return false
		}
		if col := b.Cols[f.col]; col != nil {
			col[row] = v
		}
	}
	return at == len(src)-1 && src[at] == '}'
}

// ownValue reads a value that is no integer; it returns the offset behind it, -1 if it is foreign.
func (f *codecField) ownValue(src []byte, at int) (int64, int) {
	if f.Kind == Float {
		end := jsonNumber(src, at)
		if end < 0 {
			return 0, -1
		}
		x, err := strconv.ParseFloat(string(src[at:end]), 64)
		if err != nil {
			return 0, -1
		}
		return int64(math.Float64bits(x)), end
	}
	if at >= len(src) || src[at] != '"' {
		return 0, -1
	}
	at++
	n := bytes.IndexByte(src[at:], '"')
	if n < 0 {
		return 0, -1
	}
	text := src[at : at+n]
	if f.Kind == Dict {
		code := f.index.find(text)
		if code < 0 || !f.bare {
			return 0, -1
		}
		return code, at + n + 1
	}
	if !plain(text) {
		return 0, -1
	}
	return span(uint64(at), uint64(n)), at + n + 1
}
