package engine

import (
	"cmp"
	"slices"

	"github.com/streambench/streambench/workloads"
)

// beyondJoin says what of a query with a join the engine cannot do; empty if nothing.
func beyondJoin(w *workloads.Workload) string {
	q, j := w.Query, w.Query.Join
	windowed := q.Window.Kind == workloads.Tumbling || q.Window.Kind == workloads.Hopping
	switch {
	case w.Schema.Tag == "" || j.With == q.From:
		return "a join of a variant with itself"
	case len(j.Keys) == 0 || len(j.Keys) != len(j.WithKeys):
		return "a join without keys of both sides"
	case q.Lookup != nil || q.Rank != nil || q.Process != nil || q.Latest != nil || q.Late != nil ||
		len(q.Scale) > 0 || q.Retracts || q.LatenessMs > 0:
		return "a join beside something else than windows or aggregates"
	case (j.Kind == workloads.WindowJoin) != windowed, q.Window.Processing:
		return "a join by windows without tumbling or hopping ones, or the other way round"
	case windowed && q.Window.SizeMs <= 0, q.Window.Kind == workloads.Hopping && q.Window.SlideMs <= 0:
		return "a window without a size"
	case j.Distinct && (!windowed || len(j.Keys) > 1 || !namedByKeys(q)):
		return "distinct pairs that are named by more than one key and the window"
	case !windowed && (!j.WithUnique || len(j.Keys) > 1):
		return "a join without windows whose other side may have several events of a key"
	case j.Kind == workloads.BestJoin && len(j.Best) == 0:
		return "a best join without an order"
	case len(q.Aggregates) > 0 && (j.Kind != workloads.BestJoin || q.Key == ""):
		return "aggregates over a join that is not a best join with a key"
	case (j.Kind == workloads.BestJoin) != (q.Output.Kind == workloads.Upsert),
		q.Output.Kind == workloads.Additive:
		return "results of a kind its join does not have"
	}
	return cmp.Or(beyondWhere(q.Where), beyondWhere(j.WithWhere), beyondGroups(w), beyondSides(w))
}

// namedByKeys reports whether what names a result is the key, of either side, and the window.
func namedByKeys(q workloads.Query) bool {
	for _, f := range q.Output.Fields {
		variant, name := q.FieldOf(f)
		keys := q.Join.Keys
		if variant == q.Join.With {
			keys = q.Join.WithKeys
		}
		if f.Identity && f.Name != workloads.WindowStart && !slices.Contains(keys, name) {
			return false
		}
	}
	return true
}

// beyondSides looks at what is read of the events of either side.
func beyondSides(w *workloads.Workload) string {
	q, j := w.Query, w.Query.Join
	var numbers, others, shown, shownOthers []string
	numbers = append(numbers, j.Keys...)
	others = append(append(others, j.WithKeys...), j.Since, j.Until)
	for _, o := range j.Best {
		numbers = append(numbers, o.Field)
	}
	for _, p := range q.Where {
		numbers = append(numbers, p.Field)
	}
	for _, p := range j.WithWhere {
		others = append(others, p.Field)
	}
	if len(q.Aggregates) > 0 {
		others = append(others, q.Key)
	} else {
		for _, f := range q.Output.Fields {
			if variant, name := q.FieldOf(f); variant == q.From {
				shown = append(shown, name)
			} else {
				shownOthers = append(shownOthers, name)
			}
		}
	}
	return cmp.Or(
		beyondFields(w, q.From, numbers, false), beyondFields(w, j.With, others, false),
		beyondFields(w, q.From, shown, true), beyondFields(w, j.With, shownOthers, true),
	)
}

// beyondFields refuses text, which is gone with its batch, and floats where they are compared.
func beyondFields(w *workloads.Workload, variant int, names []string, floats bool) string {
	for _, name := range names {
		switch kind := kindOf(w.Schema, variant, name); {
		case kind == workloads.Text:
			return "field " + name + ", which is text"
		case kind == workloads.Float && !floats:
			return "floats as key, or compared: field " + name
		}
	}
	return ""
}

// beyondLatest says what of a query for the newest events the engine cannot do; empty if nothing.
func beyondLatest(w *workloads.Workload) string {
	q := w.Query
	switch {
	case q.Key == "":
		return "the newest event without a key"
	case q.Window.Kind != workloads.NoWindow || len(q.Aggregates) > 0 || q.Rank != nil ||
		q.Process != nil || q.Late != nil || len(q.Scale) > 0 || q.Retracts || q.LatenessMs > 0:
		return "the newest event beside windows, aggregates or a process"
	case q.Output.Kind != workloads.Upsert:
		return "results of a kind the newest event does not have"
	}
	numbers := append([]string{q.Key}, q.Latest.Keys...)
	for _, p := range q.Where {
		numbers = append(numbers, p.Field)
	}
	var shown []string
	for _, f := range q.Output.Fields {
		_, name := q.FieldOf(f)
		shown = append(shown, name)
	}
	return cmp.Or(beyondWhere(q.Where), beyondFields(w, q.From, numbers, false),
		beyondFields(w, q.From, shown, true))
}
