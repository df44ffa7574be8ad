package workloads

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// ResultCodec writes and reads the wire form of results of one output, in the two forms events have:
// the fields of the line in order, then count and seqsum of a single-level aggregate, then op of a
// query that retracts. A codec may be used by several goroutines at once.
type ResultCodec interface {
	// Append appends the result of a row.
	Append(dst []byte, rs *Results, row int) []byte
	// Decode reads the one result src holds into row rs.N, which there is room for, and counts it.
	Decode(src []byte, rs *Results) error
}

// Names of the columns behind those of the line. In a JSON object one that a field of the line has
// already begins with an underscore.
const (
	countColumn  = "count"
	seqsumColumn = "seqsum"
	opColumn     = "op"
)

// Forms of events and results.
const (
	BinaryForm = "binary"
	JSONForm   = "json"
)

// NewCodec makes the codec of a schema's events in a form.
func NewCodec(s Schema, form string) (Codec, error) {
	switch form {
	case BinaryForm:
		return BinaryCodec(s), nil
	case JSONForm:
		return JSONCodec(s), nil
	}
	return nil, fmt.Errorf("make codec: no form is called %q", form)
}

// NewResultCodec makes the codec of one of a query's outputs, which it has.
func NewResultCodec(q Query, s Stream, form string) (ResultCodec, error) {
	var fields []codecField
	for i, column := range q.wireColumns(s) {
		f := codecField{Field: column, col: i}
		switch column.Kind {
		case Text:
			return nil, fmt.Errorf("make result codec: %s is free text", column.Name)
		case Dict:
			f.index = newDictIndex(f.Dict)
			f.quote()
		}
		fields = append(fields, f)
	}
	switch form {
	case BinaryForm:
		return &binaryResults{fields}, nil
	case JSONForm:
		if len(fields) > maxMembers {
			panic("BUG: more columns than the JSON codec has room for")
		}
		c := &jsonResults{fields: fields}
		for i, f := range fields {
			lead := ","
			if i == 0 {
				lead = "{"
			}
			c.keys = append(c.keys, jsonKeyOf(lead+string(appendQuoted(nil, f.Name))+":"))
		}
		return c, nil
	}
	return nil, fmt.Errorf("make result codec: no form is called %q", form)
}

// wireColumns are the columns of an output as fields, each with a name of its own.
func (q Query) wireColumns(s Stream) []Field {
	var columns []Field
	taken := map[string]bool{}
	add := func(f Field) {
		for taken[f.Name] {
			f.Name = "_" + f.Name
		}
		taken[f.Name] = true
		columns = append(columns, f)
	}
	line := func(fields []ResultField) {
		for _, f := range fields {
			add(Field{Name: f.Name, Kind: f.Kind, Dict: f.Dict})
		}
	}
	switch s {
	case Answers:
		line(q.Columns())
		if q.SingleLevel() {
			add(Field{Name: countColumn})
			add(Field{Name: seqsumColumn})
		}
		if q.Retracts {
			add(Field{Name: opColumn})
		}
	case LateEvents:
		line(q.Late.Fields)
	case DeadLetters:
		for _, name := range deadLetterFields {
			add(Field{Name: name})
		}
	}
	return columns
}

func resultError(offset int, format string, args ...any) error {
	return fmt.Errorf("decode result: offset %d: %s", offset, fmt.Sprintf(format, args...))
}

// binaryResults is the form "binary": eight bytes a column, then the bytes of the strings.
type binaryResults struct{ fields []codecField }

func (c *binaryResults) Append(dst []byte, rs *Results, row int) []byte {
	start := len(dst)
	for i := range c.fields {
		v := rs.Cols[i][row]
		if c.fields[i].Kind == Dict {
			v = 0
		}
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	for i := range c.fields {
		f := &c.fields[i]
		if f.Kind != Dict {
			continue
		}
		at := len(dst)
		dst = append(dst, f.Dict[rs.Cols[i][row]]...)
		binary.LittleEndian.PutUint32(dst[start+word*i:], uint32(at-start))
		binary.LittleEndian.PutUint32(dst[start+word*i+4:], uint32(len(dst)-at))
	}
	return dst
}

func (c *binaryResults) Decode(src []byte, rs *Results) error {
	fixed := word * len(c.fields)
	if len(src) < fixed {
		return resultError(len(src), "%d bytes, where a result has at least %d", len(src), fixed)
	}
	next := fixed // where the next string begins
	for i := range c.fields {
		v := binary.LittleEndian.Uint64(src[word*i:])
		if f := &c.fields[i]; f.Kind == Dict {
			at, n := int(uint32(v)), int(v>>32)
			if at != next || n > len(src)-at {
				return resultError(word*i, "%s lies outside of the result", f.Name)
			}
			next = at + n
			code := f.index.find(src[at:next])
			if code < 0 {
				return resultError(at, "%s %.40q is unknown", f.Name, src[at:next])
			}
			v = uint64(code)
		}
		rs.Cols[i][rs.N] = int64(v)
	}
	if next != len(src) {
		return resultError(next, "%d bytes follow the result", len(src)-next)
	}
	rs.N++
	return nil
}

// jsonResults is the form "json": one object without spaces. It reads any object that has exactly
// the columns, as the codec of events does.
type jsonResults struct {
	fields []codecField
	keys   []jsonKey
}

func (c *jsonResults) Append(dst []byte, rs *Results, row int) []byte {
	for i := range c.fields {
		f, v := &c.fields[i], rs.Cols[i][row]
		dst = append(dst, c.keys[i].text...)
		switch f.Kind {
		case Float:
			dst = strconv.AppendFloat(dst, math.Float64frombits(uint64(v)), 'g', -1, 64)
		case Dict:
			dst = append(dst, f.quoted[v]...)
		default:
			dst = strconv.AppendInt(dst, v, 10)
		}
	}
	return append(dst, '}')
}

func (c *jsonResults) Decode(src []byte, rs *Results) error {
	if !c.decodeOwn(src, rs) {
		if err := c.decodeAny(src, rs); err != nil {
			return err
		}
	}
	rs.N++
	return nil
}

// decodeOwn reads the form Append writes, false for any other.
func (c *jsonResults) decodeOwn(src []byte, rs *Results) bool {
	at := 0
	for i := range c.fields {
		f := &c.fields[i]
		var v int64
		if f.Kind == Int {
			v, at = c.keys[i].int(src, at)
		} else if at = c.keys[i].skip(src, at); at >= 0 {
			v, at = f.ownValue(src, at)
		}
		if at < 0 {
			return false
		}
		rs.Cols[i][rs.N] = v
	}
	return at == len(src)-1 && src[at] == '}'
}

func (c *jsonResults) decodeAny(src []byte, rs *Results) error {
	var store [maxMembers]member
	members, err := scanObject(src, store[:0])
	if err != nil {
		return fmt.Errorf("decode result: %w", err)
	}
	if len(members) != len(c.fields) {
		return resultError(len(src), "%d fields, where the result has %d", len(members),
			len(c.fields))
	}
	for i := range c.fields {
		v, err := c.fields[i].anyValue(src, members, i)
		if err != nil {
			return fmt.Errorf("decode result: %w", err)
		}
		rs.Cols[i][rs.N] = v
	}
	return nil
}
