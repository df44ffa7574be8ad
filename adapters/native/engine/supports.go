package engine

import (
	"cmp"
	"slices"

	"github.com/streambench/streambench/workloads"
)

// form is what the operator of a kind of window answers. What is not written here is refused, so
// that a form of query that workloads learns to ask is refused until there is code for it.
type form struct {
	funcs   []workloads.Func
	floats  bool // its sums are of floats too
	results []workloads.ResultKind
}

var (
	additive = []workloads.Func{
		workloads.Count, workloads.Sum, workloads.Avg, workloads.SumSquares,
	}
	mergeable = append(slices.Clone(additive),
		workloads.Min, workloads.Max, workloads.TopK, workloads.First, workloads.Last)
	every = append(slices.Clone(mergeable), workloads.Distinct)
)

var forms = map[workloads.WindowKind]form{
	workloads.NoWindow: {results: []workloads.ResultKind{
		workloads.Append,
	}},
	workloads.Tumbling: {funcs: every, floats: true, results: []workloads.ResultKind{
		workloads.Append, workloads.Upsert, workloads.Additive,
	}},
	workloads.Hopping: {funcs: every, floats: true, results: []workloads.ResultKind{
		workloads.Append, workloads.Upsert,
	}},
	workloads.Session: {funcs: mergeable, floats: true, results: []workloads.ResultKind{
		workloads.Append, workloads.Upsert,
	}},
	workloads.Sliding: {funcs: additive, results: []workloads.ResultKind{
		workloads.Append,
	}},
}

// beyond says what of a query is in no form the engine has; empty if nothing.
func beyond(w *workloads.Workload) string {
	q := w.Query
	f, known := forms[q.Window.Kind]
	switch {
	case !known:
		return "a kind of window it does not know"
	case q.Join != nil:
		return beyondJoin(w)
	case q.Latest != nil:
		return beyondLatest(w)
	}
	return cmp.Or(beyondWindow(q), f.beyondAggregates(w), beyondEvents(w), f.beyondOutput(w))
}

func beyondWindow(q workloads.Query) string {
	win := q.Window
	aggregates := len(q.Aggregates) > 0
	switch {
	case (win.Kind == workloads.Tumbling || win.Kind == workloads.Hopping) && win.SizeMs <= 0,
		win.Kind == workloads.Sliding && win.SizeMs <= 0,
		win.Kind == workloads.Hopping && win.SlideMs <= 0,
		win.Kind == workloads.Session && win.GapMs <= 0:
		return "a window without a size"
	case win.Kind != workloads.NoWindow && aggregates && q.Key == "":
		return "an aggregate over all keys"
	case win.Kind == workloads.Sliding && (q.Rank != nil || win.Processing):
		return "sliding windows that are ranked, or in processing time"
	}
	return ""
}

func (f form) beyondAggregates(w *workloads.Workload) string {
	for _, a := range w.Query.Aggregates {
		kind := typeOf(w.Schema, w.Query, a.Field)
		switch {
		case !slices.Contains(f.funcs, a.Func):
			return "aggregate " + a.As + ", whose function its windows do not have"
		case a.Func == workloads.TopK && a.K < 1:
			return "aggregate " + a.As + ", the largest none"
		case kind != workloads.Float:
		case slices.Contains(additive, a.Func) && !f.floats, a.Func == workloads.TopK:
			return "aggregate " + a.As + " over floats"
		case w.Query.Rank != nil && w.Query.Rank.By == a.As:
			return "a rank by floats"
		}
	}
	return ""
}

// beyondEvents looks at what is read of an event. Text is never kept: what a batch holds of it is a
// place in bytes that are gone with the batch.
func beyondEvents(w *workloads.Workload) string {
	q := w.Query
	var names []string
	for _, a := range q.Aggregates {
		names = append(names, a.Field)
	}
	for _, f := range q.Output.Fields {
		names = append(names, f.Name)
	}
	if q.Late != nil {
		for _, f := range q.Late.Fields {
			names = append(names, f.Name)
		}
	}
	numbers := []string{q.Key}
	if why := beyondWhere(q.Where); why != "" {
		return why
	}
	for _, p := range q.Where {
		numbers = append(numbers, p.Field)
	}
	for name := range q.Scale {
		numbers = append(numbers, name)
	}
	if q.Lookup != nil {
		numbers = append(numbers, q.Lookup.Field)
	}
	if q.Rank != nil && len(q.Aggregates) == 0 {
		numbers = append(numbers, q.Rank.By)
	}
	for _, name := range append(names, numbers...) {
		if typeOf(w.Schema, q, name) == workloads.Text {
			return "field " + name + ", which is text"
		}
	}
	for _, name := range numbers {
		if typeOf(w.Schema, q, name) == workloads.Float {
			return "floats as key, or compared: field " + name
		}
	}
	return ""
}

func beyondWhere(where []workloads.Predicate) string {
	for _, p := range where {
		if p.Op > workloads.GreaterEqual {
			return "a comparison it does not know"
		}
	}
	return ""
}

func (f form) beyondOutput(w *workloads.Workload) string {
	q := w.Query
	switch {
	case q.Process != nil:
		return "" // its results are its own
	case !slices.Contains(f.results, q.Output.Kind):
		return "results of a kind its windows do not have"
	case len(q.Scale) > 0 && !q.PerEvent():
		return "results that are scaled, in windows"
	case q.PerEvent() || len(q.Aggregates) == 0:
		return ""
	}
	known := []string{q.Key}
	if q.Window.Kind == workloads.Sliding {
		known = append(known, seqName)
	} else {
		known = append(known, workloads.WindowStart, workloads.SessionFrom, workloads.WindowEnd)
	}
	for _, a := range q.Aggregates {
		known = append(known, a.As)
	}
	for _, f := range q.Output.Fields {
		if !slices.Contains(known, f.Name) {
			return "field " + f.Name + " of a result, which is no key, aggregate or end of a window"
		}
	}
	return ""
}

// typeOf is the type of a field of the events a query reads; what is looked up is an integer.
func typeOf(s workloads.Schema, q workloads.Query, name string) workloads.Kind {
	if q.Lookup != nil && name == q.Lookup.As {
		return workloads.Int
	}
	return kindOf(s, q.From, name)
}

// kindOf is the type of a field of a variant. Integers are seq and ts, and what does not exist.
func kindOf(s workloads.Schema, variant int, name string) workloads.Kind {
	for _, f := range s.Variants[variant].Fields {
		if f.Name == name {
			return f.Kind
		}
	}
	return workloads.Int
}
