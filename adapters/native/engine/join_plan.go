package engine

import (
	"fmt"
	"slices"

	"github.com/streambench/streambench/workloads"
)

// The two sides of a join, as they lie in a block: this one's rows first, then the other's.
//
//	[ this this this … | other other … ]
//	  0                  mid             n
const (
	thisSide  = iota // Query.From
	otherSide        // Join.With
	bothSides
)

// joinPlan is the join of a query bound to columns.
type joinPlan struct {
	*workloads.Join
	sides [bothSides]side
	// best orders values of this side. at is the one that holds its time, since and until are values
	// of the other side.
	best             []criterion
	at, since, until int
	// group is the value of the other side by which best events are folded, -1 if they are not.
	group int
}

// side is the variant of one side of a join.
type side struct {
	filter []condition
	where  []condition // decide the value meets, where that is carried
	key    int
	values []int // columns carried beside key, ts and seq
	// keys are the values that hold the keys, where there are several: the column of the key then
	// decides who owns an event, and equal keys are found by what all of them hash to.
	keys []int
	// meets is the value that says whether the event met its predicates; -1 where others are left
	// out.
	meets int
}

// criterion is an Order bound to a value.
type criterion struct {
	value   int
	largest bool
}

// newJoin makes the operator of a join.
func newJoin(s *slot, c *contest) (operator, error) {
	p := s.engine.plan
	switch {
	case p.join.Kind == workloads.WindowJoin:
		g, err := newPairing(s)
		if err != nil {
			return nil, err
		}
		return newAligned(s, g), nil
	case !p.shares():
		return newUniqueJoin(s, nil)
	}
	t, err := newTally(s, c)
	if err != nil {
		return nil, err
	}
	return newUniqueJoin(s, t)
}

// shares reports whether the slots share groups.
func (p *plan) shares() bool { return p.join != nil && p.join.group >= 0 }

// carry makes room for a field in the values of a side.
func (s *side) carry(column int) int {
	if i := slices.Index(s.values, column); i >= 0 {
		return i
	}
	s.values = append(s.values, column)
	return len(s.values) - 1
}

// bindJoin binds a join, and the query's results to the values of its sides.
func (p *plan) bindJoin() error {
	q := p.query
	j := &joinPlan{Join: q.Join, group: -1}
	this, other := &j.sides[thisSide], &j.sides[otherSide]
	var err error
	if err = p.bindSide(this, q.From, q.Where, j.Keys); err != nil {
		return err
	}
	if err = p.bindSide(other, j.With, j.WithWhere, j.WithKeys); err != nil {
		return err
	}
	if j.Kind != workloads.WindowJoin && len(other.filter) > 1 {
		// What does not meet them comes too, so that what waits for it need not wait for ever.
		other.filter, other.where = other.filter[:1], other.filter[1:]
		other.meets = other.carry(met)
	}
	p.join, p.key = j, this.key
	if err = p.bindBest(j); err != nil {
		return err
	}
	if len(q.Aggregates) > 0 {
		err = p.bindGroups(j)
	} else {
		err = p.bindPairs(j)
	}
	if err != nil {
		return err
	}
	// Blocks have as many values as the wider side.
	p.values = append(p.values, this.values...)
	for len(p.values) < len(other.values) {
		p.values = append(p.values, other.values[len(p.values)])
	}
	return nil
}

func (p *plan) bindSide(s *side, variant int, where []workloads.Predicate, keys []string) error {
	s.meets = -1
	var err error
	if s.filter, err = conditions(p.schema, variant, where); err != nil {
		return err
	}
	if s.key, err = p.schema.Column(variant, keys[0]); err != nil {
		return err
	}
	if len(keys) == 1 {
		return nil
	}
	for _, k := range keys {
		c, err := p.schema.Column(variant, k)
		if err != nil {
			return err
		}
		s.keys = append(s.keys, s.carry(c))
	}
	return nil
}

// bindBest binds what makes an event the best.
func (p *plan) bindBest(j *joinPlan) error {
	if j.Kind != workloads.BestJoin {
		return nil
	}
	this, other := &j.sides[thisSide], &j.sides[otherSide]
	for _, o := range j.Best {
		c, err := p.schema.Column(p.query.From, o.Field)
		if err != nil {
			return err
		}
		j.best = append(j.best, criterion{this.carry(c), o.Largest})
	}
	at, err := p.schema.Column(p.query.From, workloads.TSField)
	if err != nil {
		return err
	}
	j.at = this.carry(at)
	since, err := p.schema.Column(j.With, j.Since)
	if err != nil {
		return err
	}
	until, err := p.schema.Column(j.With, j.Until)
	j.since, j.until = other.carry(since), other.carry(until)
	return err
}

// bindPairs finds the fields of results in the values of the sides.
func (p *plan) bindPairs(j *joinPlan) error {
	for _, f := range p.query.Output.Fields {
		switch {
		case j.Kind != workloads.WindowJoin || f.Field != "" || f.With:
		case f.Name == workloads.WindowStart:
			p.out = append(p.out, source{kind: fromStart})
			continue
		case f.Name == workloads.WindowEnd:
			p.out = append(p.out, source{kind: fromEnd})
			continue
		}
		variant, name := p.query.FieldOf(f)
		c, err := p.schema.Column(variant, name)
		if err != nil {
			return err
		}
		s := source{kind: fromThis}
		if f.With {
			s.kind, s.value = fromOther, j.sides[otherSide].carry(c)
		} else {
			s.value = j.sides[thisSide].carry(c)
		}
		p.out = append(p.out, s)
	}
	return nil
}

// bindGroups lays out the totals of a join whose best events are folded, and binds the results to
// them.
func (p *plan) bindGroups(j *joinPlan) error {
	q := p.query
	c, err := p.schema.Column(j.With, q.Key)
	if err != nil {
		return err
	}
	j.group = j.sides[otherSide].carry(c)
	p.fresh = make([]int64, firstFold-1)
	for _, a := range q.Aggregates {
		f := fold{fn: a.Func, word: wordCount, value: -1, width: 1}
		if a.Func != workloads.Count {
			c, err := p.schema.Column(q.From, a.Field)
			if err != nil {
				return err
			}
			f.value, f.word = j.sides[thisSide].carry(c), 1+len(p.fresh)
			p.fresh = append(p.fresh, 0)
		}
		p.folds = append(p.folds, f)
	}
	for _, f := range q.Output.Fields {
		s, ok := p.groupField(f.Name)
		if !ok {
			return fmt.Errorf("query %s: result field %q is no key and no aggregate", q.Name, f.Name)
		}
		p.out = append(p.out, s...)
	}
	return nil
}

// groupField is where a field of a result of groups comes from.
func (p *plan) groupField(name string) ([]source, bool) {
	if name == p.query.Key {
		return []source{{kind: fromWord, word: wordKey}}, true
	}
	for i, a := range p.query.Aggregates {
		if a.As != name {
			continue
		}
		word := p.folds[i].word
		switch a.Func {
		case workloads.Avg:
			return []source{{kind: fromWord, word: word}, {kind: fromWord, word: wordCount}}, true
		case workloads.Mean:
			return []source{{kind: fromMean, word: word}}, true
		}
		return []source{{kind: fromWord, word: word}}, true
	}
	return nil, false
}
