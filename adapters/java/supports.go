package java

import (
	"errors"
	"fmt"
	"slices"

	"github.com/streambench/streambench/workloads"
)

// machines are the named processes that are written in Java (Machine.java).
var machines = []string{"fraud", "cqrs", "shuffle"}

// Supports says what of a workload the module has no code for, wrapping errors.ErrUnsupported: what
// no job in Java answers, whatever its framework does. Nil if there is nothing.
func Supports(w *workloads.Workload) error {
	q := w.Query
	if p := q.Process; p != nil && !slices.Contains(machines, p.Name) {
		return fmt.Errorf("run %s: process %s is not written in Java: %w", w.Name, p.Name,
			errors.ErrUnsupported)
	}
	for _, r := range readsOf(q) {
		for _, f := range w.Schema.Variants[r.variant].Fields {
			switch {
			case f.Name != r.name:
			case f.Kind == workloads.Text:
				return fmt.Errorf("run %s: the query reads free text, field %s, which rows do not "+
					"hold: %w", w.Name, f.Name, errors.ErrUnsupported)
			case f.Kind == workloads.Float && r.compared:
				return fmt.Errorf("run %s: floats as key, compared or taken back: field %s: %w", w.Name, f.Name,
					errors.ErrUnsupported)
			}
		}
	}
	return nil
}

// read is a field of an event that a query looks at: compared, or only shown and folded.
type read struct {
	variant  int
	name     string
	compared bool
}

// readsOf are the fields a query looks at. A name that is no field of an event, as those of windows
// and aggregates, does no harm.
func readsOf(q workloads.Query) (all []read) {
	compared := func(variant int, names ...string) {
		for _, name := range names {
			all = append(all, read{variant, name, true})
		}
	}
	wheres := func(variant int, where []workloads.Predicate) {
		for _, p := range where {
			compared(variant, p.Field)
		}
	}
	wheres(q.From, q.Where)
	if q.Lookup != nil {
		compared(q.From, q.Lookup.Field)
	}
	for name := range q.Scale {
		compared(q.From, name)
	}
	if j := q.Join; j != nil {
		wheres(j.With, j.WithWhere)
		compared(q.From, j.Keys...)
		compared(j.With, append([]string{j.Since, j.Until}, j.WithKeys...)...)
		for _, o := range j.Best {
			compared(q.From, o.Field)
		}
		if len(q.Aggregates) > 0 {
			compared(j.With, q.Key)
		}
	} else {
		compared(q.From, q.Key)
	}
	if q.Latest != nil {
		compared(q.From, q.Latest.Keys...)
	}
	if q.Rank != nil {
		compared(q.From, q.Rank.By)
	}
	return append(all, shownOf(q)...)
}

func shownOf(q workloads.Query) (all []read) {
	// Of floats nothing can be taken back exactly.
	takenBack := q.Join != nil || q.Window.Kind == workloads.Sliding
	for _, a := range q.Aggregates {
		all = append(all, read{q.From, a.Field, a.Func == workloads.TopK || takenBack})
		if q.Rank != nil && q.Rank.By == a.As {
			all = append(all, read{q.From, a.Field, true})
		}
	}
	if p := q.Process; p != nil {
		for _, name := range p.Reads {
			all = append(all, read{variant: q.From, name: name})
		}
		return all
	}
	if len(q.Aggregates) == 0 {
		for _, f := range q.Output.Fields {
			variant, name := q.FieldOf(f)
			all = append(all, read{variant: variant, name: name})
		}
	}
	if q.Late != nil {
		for _, f := range q.Late.Fields {
			all = append(all, read{variant: q.From, name: f.Name})
		}
	}
	return all
}
