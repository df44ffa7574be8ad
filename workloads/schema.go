package workloads

import "fmt"

// Kind is the type of a field. Every column of a Batch is a slice of int64 whatever its kind, so
// that a row costs no allocation: the kind says how to read the integer.
type Kind uint8

// The kinds of a field.
const (
	Int   Kind = iota // the integer itself
	Float             // math.Float64bits of the value
	Dict              // an index into Field.Dict
	Text              // free text: a code that Field.Text renders
)

// Field is one typed field of an event.
type Field struct {
	Name string
	Kind Kind
	// Dict holds every value a Dict field can have.
	Dict []string
	// Text appends the text a generated code stands for. In a decoded batch a Text column holds
	// offset<<32 | length into the bytes that were decoded instead.
	Text func(dst []byte, code int64) []byte
}

// Variant is one shape of event: most workloads have one, Nexmark has three.
type Variant struct {
	Name   string
	Fields []Field
}

// Schema is the shape of a workload's events. Every event starts with seq and ts, which are not
// listed here, then the tag where there is one, then the fields of its variant in order.
type Schema struct {
	// Tag names the field whose value is the index of the variant; empty with one variant.
	Tag      string
	Variants []Variant
}

// Names of the values every event has besides the fields of its schema.
const (
	seqField = "seq"
	TSField  = "ts"
)

// Columns that are not in Batch.Cols, as Schema.Column returns them.
const (
	seqColumn = -1
	tsColumn  = -2
)

// Width is the number of columns of a batch: the tag, then the fields of all variants in order.
func (s Schema) Width() int {
	n := s.base()
	for _, v := range s.Variants {
		n += len(v.Fields)
	}
	return n
}

// Offset is the column of the first field of a variant.
func (s Schema) Offset(variant int) int {
	n := s.base()
	for _, v := range s.Variants[:variant] {
		n += len(v.Fields)
	}
	return n
}

// Column finds the column of a named field of a variant, the tag, seq or ts.
func (s Schema) Column(variant int, name string) (int, error) {
	switch {
	case name == seqField:
		return seqColumn, nil
	case name == TSField:
		return tsColumn, nil
	case s.Tag != "" && name == s.Tag:
		return 0, nil
	}
	for i, f := range s.Variants[variant].Fields {
		if f.Name == name {
			return s.Offset(variant) + i, nil
		}
	}
	return 0, fmt.Errorf("find field %q in %s: no such field", name, s.Variants[variant].Name)
}

// base is 1 where column 0 is the tag.
func (s Schema) base() int {
	if s.Tag == "" {
		return 0
	}
	return 1
}
