package workloads

import (
	"math"
	"strconv"
)

// maxMembers bounds the members of an object, so that reading one needs no memory.
const maxMembers = 64

// member is a name and a value of an object, by offsets. Strings are without their quotes.
type member struct {
	name, value jsonSpan
	text        bool // the value is a string
	at          int  // where the value begins
}

type jsonSpan struct {
	from, to int
	escaped  bool
}

// decodeAny reads any JSON object that has exactly the fields of an event. A text with escapes is
// given as it stands in src, escapes and all.
func (c *jsonCodec) decodeAny(src []byte, b *Batch, row int) error {
	var store [maxMembers]member
	members, err := scanObject(src, store[:0])
	if err != nil {
		return err
	}
	if b.Seq[row], err = intMember(src, members, seqField, 0); err != nil {
		return err
	}
	if b.TS[row], err = intMember(src, members, TSField, 1); err != nil {
		return err
	}
	variant, known := 0, 2
	if c.plan.tag != "" {
		tag, err := intMember(src, members, c.plan.tag, 2)
		if err != nil {
			return err
		}
		if !c.plan.setTag(tag, b, row) {
			return decodeError(0, "%s %d is unknown", c.plan.tag, tag)
		}
		variant, known = int(tag), 3
	}
	fields := c.plan.variants[variant].fields
	for i := range fields {
		v, err := fields[i].anyValue(src, members, known+i)
		if err != nil {
			return err
		}
		if col := b.Cols[fields[i].col]; col != nil {
			col[row] = v
		}
	}
	if want := known + len(fields); len(members) != want {
		return decodeError(len(src), "%d fields, where the event has %d", len(members), want)
	}
	return nil
}

// findMember looks for a member, first where our own order has it.
func findMember(src []byte, members []member, name string, guess int) (*member, error) {
	for i := range members {
		k := (guess + i) % len(members)
		if members[k].name.equals(src, name) {
			return &members[k], nil
		}
	}
	return nil, decodeError(len(src), "field %q is missing", name)
}

func intMember(src []byte, members []member, name string, guess int) (int64, error) {
	m, err := findMember(src, members, name, guess)
	if err != nil {
		return 0, err
	}
	if !m.text {
		if v, end := jsonInt(src, m.value.from); end == m.value.to {
			return v, nil
		}
	}
	return 0, decodeError(m.at, "%s is not an integer of 64 bits", name)
}

func (f *codecField) anyValue(src []byte, members []member, guess int) (int64, error) {
	if f.Kind == Int {
		return intMember(src, members, f.Name, guess)
	}
	m, err := findMember(src, members, f.Name, guess)
	if err != nil {
		return 0, err
	}
	if m.text != (f.Kind != Float) {
		return 0, decodeError(m.at, "%s has a value of the wrong type", f.Name)
	}
	raw := src[m.value.from:m.value.to]
	switch f.Kind {
	case Float:
		x, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return 0, decodeError(m.at, "%s is out of range", f.Name)
		}
		return int64(math.Float64bits(x)), nil
	case Dict:
		var buf [128]byte
		if m.value.escaped {
			raw = unescape(buf[:0], raw)
		}
		code := f.index.find(raw)
		if code < 0 {
			return 0, decodeError(m.at, "%s %.40q is unknown", f.Name, raw)
		}
		return code, nil
	}
	return span(uint64(m.value.from), uint64(len(raw))), nil
}
