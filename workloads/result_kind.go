package workloads

import "fmt"

// typed gives the fields of a query's results the kinds they have by the schema of its events.
func (q Query) typed(s Schema) Query {
	fields := make([]ResultField, len(q.Output.Fields))
	for i, f := range q.Output.Fields {
		fields[i] = q.typedField(s, f)
	}
	q.Output.Fields = fields
	return q
}

func (q Query) typedField(s Schema, f ResultField) ResultField {
	variant, source := q.FieldOf(f)
	for _, a := range q.Aggregates {
		if a.As != f.Name {
			continue
		}
		source = a.Field
		if of := q.field(s, source); of.Kind != Float && a.Func != First && a.Func != Last ||
			a.Func == Count || a.Func == Distinct {
			return f // counts, and arithmetic on integers
		}
	}
	switch of := s.field(variant, source); of.Kind {
	case Float:
		f.Kind = Float
	case Dict:
		f.Kind, f.Dict = Dict, of.Dict
	}
	return f
}

// field is a field of the variant a query reads; one of kind Int for any other name.
func (q Query) field(s Schema, name string) Field { return s.field(q.From, name) }

// field is a field of a variant; one of kind Int for any other name.
func (s Schema) field(variant int, name string) Field {
	for _, f := range s.Variants[variant].Fields {
		if f.Name == name {
			return f
		}
	}
	return Field{Name: name}
}

// bindKinds notes the columns that are floats. It refuses a query whose fields claim other kinds
// than they have: results would be rendered and compared as what they are not.
func (p *plan) bindKinds() error {
	for i, f := range p.q.typed(p.w.Schema).Output.Fields {
		if got := p.q.Output.Fields[i].Kind; got != f.Kind && f.Kind == Float {
			return fmt.Errorf("result field %q holds floats: its kind has to say so", f.Name)
		}
	}
	p.columns = p.q.Columns()
	for i, c := range p.columns {
		if c.Kind != Float {
			continue
		}
		p.floats = append(p.floats, i)
		if c.Identity || p.q.Output.Kind == Additive {
			return fmt.Errorf("result field %q holds floats, which neither name a result nor are "+
				"added up", c.Name)
		}
	}
	return nil
}

// equal says whether two results are the same, floats nearly so.
func (p *plan) equal(a, b []int64) bool {
	for i, x := range a {
		if x != b[i] && !p.equalAt(i, x, b[i]) {
			return false
		}
	}
	return true
}

func (p *plan) equalAt(column int, a, b int64) bool {
	for _, c := range p.floats {
		if c == column {
			return nearly(a, b)
		}
	}
	return a == b
}
