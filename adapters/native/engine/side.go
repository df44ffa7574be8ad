package engine

// sideOutput takes the events that come after their window was dropped. A nil one leaves it at
// counting them.
type sideOutput struct {
	out    *buffer
	fields []int // by field of the late output: index of block.values
	row    []int64
}

// sideOutput is the slot's late output, nil where the query has none.
func (s *slot) sideOutput() *sideOutput {
	if s.late == nil {
		return nil
	}
	return &sideOutput{
		out: s.late, fields: s.engine.plan.late, row: make([]int64, len(s.engine.plan.late)),
	}
}

// add hands on every event of a block.
func (o *sideOutput) add(b *block) {
	if o == nil {
		return
	}
	for i := range b.n {
		for f, v := range o.fields {
			o.row[f] = b.values[v][i]
		}
		o.out.line(o.row)
	}
}

// bindLate finds the fields of the late output among the values that are carried.
func (p *plan) bindLate(carry func(string) (int, error)) error {
	if p.query.Late == nil {
		return nil
	}
	for _, f := range p.query.Late.Fields {
		v, err := carry(f.Name)
		if err != nil {
			return err
		}
		p.late = append(p.late, v)
	}
	return nil
}
