package workloads

import "fmt"

// joinKey is what the two sides of a join have to have in common, and what events are kept by of
// which the newest is asked for.
type joinKey [mostJoinKeys]int64

const mostJoinKeys = 2

// joinPlan is a join with every name resolved to a column.
type joinPlan struct {
	tests        []test // what events of the other side have to meet
	this, other  []reader
	since, until reader
	best         []reader
}

// bindJoin resolves what a join, or the newest events, are kept by.
func (p *plan) bindJoin() (err error) {
	if l := p.q.Latest; l != nil {
		p.newest, err = p.readers(p.q.From, l.Keys)
		return err
	}
	j := p.q.Join
	if j == nil {
		return nil
	}
	if p.join.tests, err = p.tests(j.With, j.WithWhere); err != nil {
		return err
	}
	if p.join.this, err = p.readers(p.q.From, j.Keys); err != nil {
		return err
	}
	if p.join.other, err = p.readers(j.With, j.WithKeys); err != nil || j.Kind != BestJoin {
		return err
	}
	if p.join.since, err = p.readerOf(j.With, j.Since); err != nil {
		return err
	}
	if p.join.until, err = p.readerOf(j.With, j.Until); err != nil {
		return err
	}
	for _, o := range j.Best {
		r, err := p.reader(o.Field)
		if err != nil {
			return err
		}
		if r.scale = -1; o.Largest {
			r.scale = 1 // so that the largest is the best of each
		}
		p.join.best = append(p.join.best, r)
	}
	return nil
}

func (p *plan) readers(variant int, names []string) (all []reader, err error) {
	for _, name := range names {
		r, err := p.readerOf(variant, name)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// joined resolves a result field that an event of either side has, or a window.
func (p *plan) joined(f ResultField) ([]output, error) {
	if p.q.Window.Kind != NoWindow {
		switch f.Name {
		case WindowStart:
			return []output{{from: fromStart}}, nil
		case WindowEnd:
			return []output{{from: fromEnd}}, nil
		}
	}
	variant, name := p.q.FieldOf(f)
	r, err := p.readerOf(variant, name)
	if f.With {
		return []output{{from: fromOther, reader: r}}, err
	}
	return []output{{from: fromEvent, reader: r}}, err
}

// refuseJoin refuses a join that has no answer, or none the oracle can give.
func (q Query) refuseJoin() string {
	j := q.Join
	windowed := q.Window.Kind == Tumbling || q.Window.Kind == Hopping
	switch {
	case len(j.Keys) == 0 || len(j.Keys) != len(j.WithKeys) || len(j.Keys) > mostJoinKeys:
		return fmt.Sprintf("a join needs 1 to %d pairs of keys", mostJoinKeys)
	case j.With == q.From:
		return "a join needs two variants"
	case j.Kind == WindowJoin && (!windowed || q.Window.Processing || q.Window.SizeMs <= 0):
		return "a window join needs tumbling or hopping windows of event time"
	case j.Kind == WindowJoin && q.Window.Kind == Hopping && q.Window.SlideMs <= 0:
		return "a hopping window needs a slide above 0"
	case j.Kind != WindowJoin && (q.Window.Kind != NoWindow || !j.WithUnique || j.Distinct):
		return "a join without windows needs unique keys of its other side"
	case (j.Kind == BestJoin) != (q.Output.Kind == Upsert) || q.Output.Kind == Additive:
		return "the best of a join is upserted, and what it pairs appended"
	case j.Kind == BestJoin && (len(j.Best) == 0 || j.Since == "" || j.Until == ""):
		return "the best of a join needs an order and a validity"
	case len(q.Aggregates) > 0 && (j.Kind != BestJoin || q.Key == ""):
		return "aggregates of a join need a key, and the best events of each"
	}
	for _, a := range q.Aggregates {
		if notAdditive(a) && a.Func != Mean {
			return "aggregate " + a.As + " of a join, from which nothing can be taken back"
		}
	}
	return ""
}

// refuseLatest refuses what is asked for beside the newest events.
func (q Query) refuseLatest() string {
	switch {
	case q.Window.Kind != NoWindow || len(q.Aggregates) > 0:
		return "the newest event of a key has no window and no aggregates"
	case q.Key == "" || len(q.Latest.Keys)+1 > mostJoinKeys:
		return fmt.Sprintf("the newest event is that of 1 to %d keys", mostJoinKeys)
	case q.Output.Kind != Upsert:
		return "the newest event of a key is upserted"
	}
	return ""
}
