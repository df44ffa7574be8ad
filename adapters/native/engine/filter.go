package engine

import "github.com/streambench/streambench/workloads"

// condition is a predicate bound to a column. It narrows a selection of rows, a batch at a time.
type condition struct {
	col     int
	op      workloads.Op
	value   int64
	modulus int64
}

// conditions binds predicates of a variant, that it is of the variant first.
func conditions(
	s workloads.Schema, variant int, where []workloads.Predicate,
) ([]condition, error) {
	var cs []condition
	if s.Tag != "" {
		cs = append(cs, condition{col: 0, op: workloads.Equal, value: int64(variant)})
	}
	for _, p := range where {
		col, err := s.Column(variant, p.Field)
		if err != nil {
			return nil, err
		}
		cs = append(cs, condition{col: col, op: p.Op, value: p.Value, modulus: p.Modulus})
	}
	return cs, nil
}

// rows is a half-open range of rows of a batch.
type rows struct{ lo, hi int }

// first selects, of a range of rows, those that meet the condition. sel has room for all of them.
func (c condition) first(b *workloads.Batch, r rows, sel []int32) []int32 {
	col := b.Column(c.col)[:r.hi]
	k := 0
	if c.op == workloads.Equal && c.modulus == 0 {
		sel = sel[:r.hi-r.lo]
		for i := r.lo; i < len(col); i++ {
			sel[k] = int32(i)
			if col[i] == c.value {
				k++
			}
		}
		return sel[:k]
	}
	for i := r.lo; i < r.hi; i++ {
		sel[k] = int32(i)
		if c.holds(col[i]) {
			k++
		}
	}
	return sel[:k]
}

// narrow keeps those rows of a selection that meet the condition.
func (c condition) narrow(b *workloads.Batch, sel []int32) []int32 {
	col := b.Column(c.col)
	k := 0
	for _, i := range sel {
		sel[k] = i
		if c.holds(col[i]) {
			k++
		}
	}
	return sel[:k]
}

// holds decides for one value.
func (c condition) holds(v int64) bool {
	if c.modulus > 0 {
		if v %= c.modulus; v < 0 {
			v += c.modulus
		}
	}
	switch c.op {
	case workloads.Equal:
		return v == c.value
	case workloads.NotEqual:
		return v != c.value
	case workloads.Less:
		return v < c.value
	case workloads.LessEqual:
		return v <= c.value
	case workloads.Greater:
		return v > c.value
	case workloads.GreaterEqual:
		return v >= c.value
	}
	panic("BUG: unknown comparison")
}
