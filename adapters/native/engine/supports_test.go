package engine

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/streambench/streambench/workloads"
)

// aspect changes one thing of a query the engine runs.
type aspect func(q *workloads.Query)

func hopping(q *workloads.Query) {
	q.Window = workloads.Window{Kind: workloads.Hopping, SizeMs: 10, SlideMs: 5}
}

func session(q *workloads.Query) {
	q.Window = workloads.Window{Kind: workloads.Session, GapMs: 5}
	q.Output.Fields[1].Name = workloads.SessionFrom
}

func overSliding(q *workloads.Query) {
	q.Window = workloads.Window{Kind: workloads.Sliding, SizeMs: 10}
	q.Output.Fields[1].Name = seqName
}

// of puts an aggregate in place of the count.
func of(fn workloads.Func, field string) aspect {
	return func(q *workloads.Query) {
		q.Aggregates = []workloads.Aggregate{{Func: fn, Field: field, K: 2, As: "n"}}
		if field == "x" {
			q.Output.Fields[2].Kind = workloads.Float
		}
	}
}

// textSchema is that of the tests and a text beside it.
func textSchema() workloads.Schema {
	s := testSchema
	v := s.Variants[0]
	v.Fields = append(append([]workloads.Field{}, v.Fields...), workloads.Field{
		Name: "note", Kind: workloads.Text,
		Text: func(dst []byte, _ int64) []byte { return append(dst, "note"...) },
	})
	s.Variants = []workloads.Variant{v}
	return s
}

func with(aspects ...aspect) *workloads.Workload {
	q := countByKey(0)
	for _, a := range aspects {
		a(&q)
	}
	w := ask(q, nil)
	w.Schema = textSchema()
	return w
}

func TestOnlyFormsThatAreBuiltAreAccepted(t *testing.T) {
	accepted := map[string][]aspect{
		"count": nil, "hopping": {hopping}, "session": {session}, "sliding": {overSliding},
		"floats": {of(workloads.Sum, "x")}, "hopping floats": {hopping, of(workloads.Max, "x")},
		"session floats":  {session, of(workloads.SumSquares, "x")},
		"last float":      {of(workloads.Last, "x")},
		"sliding squares": {overSliding, of(workloads.SumSquares, "v")},
	}
	for name, aspects := range accepted {
		if err := Supports(with(aspects...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused := map[string][]aspect{
		"a kind of window": {func(q *workloads.Query) { q.Window.Kind = workloads.Sliding + 1 }},
		"function":         {of(workloads.SumSquares+1, "v")},
		"kind its windows": {func(q *workloads.Query) {
			q.Output.Kind = workloads.Additive + 1
		}},
		"comparison": {func(q *workloads.Query) {
			q.Where = []workloads.Predicate{{Field: "v", Op: workloads.GreaterEqual + 1}}
		}},
		"all keys": {func(q *workloads.Query) {
			q.Key, q.Output.Fields = "", q.Output.Fields[1:]
		}},
		"without a size":    {func(q *workloads.Query) { q.Window.SizeMs = 0 }},
		"n, whose function": {overSliding, of(workloads.Max, "v")},
		"n over floats":     {overSliding, of(workloads.Sum, "x")},
		"largest none": {of(workloads.TopK, "v"), func(q *workloads.Query) {
			q.Aggregates[0].K = 0
		}},
		"over floats":      {of(workloads.TopK, "x")},
		"distinct":         {session, of(workloads.Distinct, "v")},
		"ranked":           {overSliding, func(q *workloads.Query) { q.Rank = &workloads.Rank{By: "n"} }},
		"rank by floats":   {of(workloads.Sum, "x"), func(q *workloads.Query) { q.Rank = &workloads.Rank{By: "n"} }},
		"allowed lateness": {overSliding, func(q *workloads.Query) { q.LatenessMs = 1 }},
		"late output": {overSliding, func(q *workloads.Query) {
			q.Late = &workloads.Output{Fields: q.Output.Fields[1:2]}
		}},
		"field v of": {func(q *workloads.Query) { q.Output.Fields[2].Name = "v" }},
		"field w of": {overSliding, func(q *workloads.Query) {
			q.Output.Fields = append(q.Output.Fields, workloads.ResultField{Name: "w"})
		}},
		"scaled":                 {func(q *workloads.Query) { q.Scale = map[string]int64{"v": 2} }},
		"floats as key":          {func(q *workloads.Query) { q.Key, q.Output.Fields[0].Name = "x", "x" }},
		"or compared: field x":   {func(q *workloads.Query) { q.Where = []workloads.Predicate{{Field: "x"}} }},
		"field note, which is t": {of(workloads.Last, "note")},
	}
	for why, aspects := range refused {
		err := Supports(with(aspects...))
		if why == "distinct" {
			why = "function"
		}
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), why) {
			t.Errorf("want a refusal that says %q, got %v", why, err)
		}
	}
}

// A field that workloads gives a query changes what is asked: it has to be judged here too.
func TestEveryPartOfAQueryIsKnown(t *testing.T) {
	judged := "Name From Where Lookup Scale Key Window Aggregates Rank Process Join Latest Late " +
		"DeadLetters MaxEventB Retracts BoundMs LatenessMs Output"
	for _, c := range []struct {
		of    reflect.Type
		known string
	}{
		{reflect.TypeFor[workloads.Query](), judged},
		{reflect.TypeFor[workloads.Window](), "Kind Processing SizeMs SlideMs GapMs"},
		{reflect.TypeFor[workloads.Aggregate](), "Func Field K As"},
		{reflect.TypeFor[workloads.Predicate](), "Field Op Value Modulus"},
		{reflect.TypeFor[workloads.Join](),
			"Kind With WithWhere WithUnique Keys WithKeys Since Until Best Distinct"},
		{reflect.TypeFor[workloads.Order](), "Field Largest"},
		{reflect.TypeFor[workloads.Latest](), "Keys"},
	} {
		var names []string
		for i := range c.of.NumField() {
			names = append(names, c.of.Field(i).Name)
		}
		if got := strings.Join(names, " "); got != c.known {
			t.Errorf("%v has fields\n%s\nof which Supports judges\n%s", c.of, got, c.known)
		}
	}
}

func TestOnlyJoinsThatAreBuiltAreAccepted(t *testing.T) {
	type change func(q *workloads.Query, j *workloads.Join)
	table := func() workloads.Query {
		return workloads.Query{
			Name: "pairs", Output: workloads.Output{Fields: fields("seq*", "other.v")},
			Join: &workloads.Join{
				With: 1, WithUnique: true, Keys: []string{"k"}, WithKeys: []string{"k"},
			},
		}
	}
	windowed := func(q *workloads.Query, j *workloads.Join) {
		j.Kind, j.WithUnique = workloads.WindowJoin, false
		q.Window = workloads.Window{Kind: workloads.Tumbling, SizeMs: 10}
	}
	best := func(q *workloads.Query, j *workloads.Join) {
		j.Kind, j.Since, j.Until = workloads.BestJoin, "from", "to"
		j.Best = []workloads.Order{{Field: "v"}, {Field: "seq"}}
		q.Output = workloads.Output{Kind: workloads.Upsert, Fields: fields("k*", "seq")}
	}
	groups := func(q *workloads.Query, j *workloads.Join) {
		best(q, j)
		q.Key, q.Aggregates = "m", []workloads.Aggregate{{Func: workloads.Sum, Field: "v", As: "sum"}}
		q.Output.Fields = fields("m*", "sum")
	}
	for _, c := range []struct {
		why    string // empty if it is accepted
		change []change
	}{
		{"", nil}, {"", []change{windowed}}, {"", []change{best}}, {"", []change{groups}},
		{"with itself", []change{func(_ *workloads.Query, j *workloads.Join) { j.With = 0 }}},
		{"without keys", []change{func(_ *workloads.Query, j *workloads.Join) { j.WithKeys = nil }}},
		{"several events", []change{func(_ *workloads.Query, j *workloads.Join) { j.WithUnique = false }}},
		{"several events", []change{func(_ *workloads.Query, j *workloads.Join) {
			j.Keys, j.WithKeys = []string{"k", "m"}, []string{"k", "m"}
		}}},
		{"something else", []change{func(q *workloads.Query, _ *workloads.Join) { q.LatenessMs = 1 }}},
		{"by windows", []change{func(q *workloads.Query, _ *workloads.Join) {
			q.Window = workloads.Window{Kind: workloads.Tumbling, SizeMs: 10}
		}}},
		{"without a size", []change{windowed, func(q *workloads.Query, _ *workloads.Join) {
			q.Window.SizeMs = 0
		}}},
		{"distinct pairs", []change{windowed, func(_ *workloads.Query, j *workloads.Join) {
			j.Distinct = true
		}}},
		{"without an order", []change{best, func(_ *workloads.Query, j *workloads.Join) { j.Best = nil }}},
		{"of a kind", []change{best, func(q *workloads.Query, _ *workloads.Join) {
			q.Output.Kind = workloads.Append
		}}},
		{"take back", []change{groups, func(q *workloads.Query, _ *workloads.Join) {
			q.Aggregates[0].Func = workloads.Max
		}}},
		{"a comparison", []change{func(_ *workloads.Query, j *workloads.Join) {
			j.WithWhere = []workloads.Predicate{{Field: "v", Op: workloads.GreaterEqual + 1}}
		}}},
	} {
		q := table()
		for _, change := range c.change {
			change(&q, q.Join)
		}
		err := Supports(askPairs(q, nil))
		if c.why == "" && err != nil {
			t.Errorf("refused: %v", err)
		}
		if c.why != "" && (!errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), c.why)) {
			t.Errorf("want a refusal that says %q, got %v", c.why, err)
		}
	}
}
