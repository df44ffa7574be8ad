package java

import (
	"strconv"

	"github.com/streambench/streambench/workloads"
)

type schema struct {
	Tag      string    `json:"tag,omitempty"`
	Variants []variant `json:"variants"`
}

type variant struct {
	Name   string  `json:"name"`
	Fields []field `json:"fields"`
}

type field struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Dict any    `json:"dict,omitempty"`
}

// numbered is a Dict whose values are a prefix and their own index.
type numbered struct {
	Prefix string `json:"prefix"`
	Size   int    `json:"size"`
}

type query struct {
	Name        string           `json:"name"`
	From        int              `json:"from"`
	Where       []predicate      `json:"where,omitempty"`
	Lookup      *lookup          `json:"lookup,omitempty"`
	Scale       map[string]int64 `json:"scale,omitempty"`
	Key         string           `json:"key,omitempty"`
	Window      window           `json:"window"`
	Aggregates  []aggregate      `json:"aggregates,omitempty"`
	Rank        *rank            `json:"rank,omitempty"`
	Process     *process         `json:"process,omitempty"`
	Join        *join            `json:"join,omitempty"`
	Latest      *latest          `json:"latest,omitempty"`
	Late        *output          `json:"late,omitempty"`
	DeadLetters bool             `json:"deadLetters,omitempty"`
	MaxEventB   int              `json:"maxEventB,omitempty"`
	Retracts    bool             `json:"retracts,omitempty"`
	BoundMs     int64            `json:"boundMs"`
	LatenessMs  int64            `json:"latenessMs"`
	Output      *output          `json:"output"`
}

type predicate struct {
	Field   string `json:"field"`
	Op      string `json:"op"`
	Value   int64  `json:"value"`
	Modulus int64  `json:"modulus,omitempty"`
}

type lookup struct {
	Field string  `json:"field"`
	Table []int64 `json:"table"`
	As    string  `json:"as"`
}

type window struct {
	Kind         string `json:"kind"`
	Processing   bool   `json:"processing,omitempty"`
	SizeMs       int64  `json:"sizeMs,omitempty"`
	SlideMs      int64  `json:"slideMs,omitempty"`
	GapMs        int64  `json:"gapMs,omitempty"`
	GapInclusive bool   `json:"gapInclusive,omitempty"`
}

type aggregate struct {
	Func  string `json:"func"`
	Field string `json:"field,omitempty"`
	K     int    `json:"k,omitempty"`
	As    string `json:"as"`
}

type rank struct {
	By string `json:"by"`
}

type process struct {
	Name    string   `json:"name"`
	Reads   []string `json:"reads"`
	Sorted  bool     `json:"sorted,omitempty"`
	TimerMs int64    `json:"timerMs,omitempty"`
}

type join struct {
	Kind       string      `json:"kind"`
	With       int         `json:"with"`
	WithWhere  []predicate `json:"withWhere,omitempty"`
	WithUnique bool        `json:"withUnique,omitempty"`
	Keys       []string    `json:"keys"`
	WithKeys   []string    `json:"withKeys"`
	Since      string      `json:"since,omitempty"`
	Until      string      `json:"until,omitempty"`
	Best       []order     `json:"best,omitempty"`
	Distinct   bool        `json:"distinct,omitempty"`
}

type order struct {
	Field   string `json:"field"`
	Largest bool   `json:"largest,omitempty"`
}

type latest struct {
	Keys []string `json:"keys"`
}

type output struct {
	Kind   string        `json:"kind"`
	Fields []resultField `json:"fields"`
}

type resultField struct {
	Name     string `json:"name"`
	Identity bool   `json:"identity,omitempty"`
	Field    string `json:"field,omitempty"`
	With     bool   `json:"with,omitempty"`
	Kind     string `json:"kind"`
	Dict     any    `json:"dict,omitempty"`
}

// The words of a plan, by the constants of workloads.
var (
	kinds   = []string{"int", "float", "dict", "text"}
	ops     = []string{"equal", "not-equal", "less", "less-equal", "greater", "greater-equal"}
	windows = []string{"none", "tumbling", "hopping", "session", "sliding"}
	funcs   = []string{"count", "sum", "min", "max", "avg", "distinct", "top-k", "first", "last",
		"sum-squares", "mean"}
	joins       = []string{"table", "window", "best"}
	resultKinds = []string{"append", "upsert", "additive"}
)

func schemaOf(s workloads.Schema) schema {
	all := schema{Tag: s.Tag}
	for _, v := range s.Variants {
		of := variant{Name: v.Name}
		for _, f := range v.Fields {
			of.Fields = append(of.Fields, field{f.Name, kinds[f.Kind], dictOf(f.Kind, f.Dict)})
		}
		all.Variants = append(all.Variants, of)
	}
	return all
}

// dictOf is a Dict as a plan has it, nil of other kinds: a list, or what a list of numbered names
// comes from.
func dictOf(kind workloads.Kind, dict []string) any {
	if kind != workloads.Dict {
		return nil
	}
	if len(dict) < 2 || len(dict[0]) == 0 {
		return dict
	}
	prefix := dict[0][:len(dict[0])-1]
	for i, s := range dict {
		if s != prefix+strconv.Itoa(i) {
			return dict
		}
	}
	return numbered{prefix, len(dict)}
}

func queryOf(q workloads.Query) query {
	out := query{
		Name: q.Name, From: q.From, Where: predicatesOf(q.Where), Scale: q.Scale, Key: q.Key,
		Window: window{
			Kind: windows[q.Window.Kind], Processing: q.Window.Processing, SizeMs: q.Window.SizeMs,
			SlideMs: q.Window.SlideMs, GapMs: q.Window.GapMs,
			GapInclusive: q.Window.Kind == workloads.Session,
		},
		DeadLetters: q.DeadLetters, MaxEventB: q.MaxEventB, Retracts: q.Retracts,
		BoundMs: q.BoundMs, LatenessMs: q.LatenessMs, Output: outputOf(&q.Output),
		Late: outputOf(q.Late), Join: joinOf(q.Join),
	}
	for _, a := range q.Aggregates {
		out.Aggregates = append(out.Aggregates, aggregate{funcs[a.Func], a.Field, a.K, a.As})
	}
	if l := q.Lookup; l != nil {
		out.Lookup = &lookup{l.Field, l.Table, l.As}
	}
	if q.Rank != nil {
		out.Rank = &rank{q.Rank.By}
	}
	if p := q.Process; p != nil {
		out.Process = &process{p.Name, p.Reads, p.Sorted, p.TimerMs}
	}
	if q.Latest != nil {
		out.Latest = &latest{q.Latest.Keys}
	}
	return out
}

func predicatesOf(where []workloads.Predicate) (all []predicate) {
	for _, p := range where {
		all = append(all, predicate{p.Field, ops[p.Op], p.Value, p.Modulus})
	}
	return all
}

func joinOf(j *workloads.Join) *join {
	if j == nil {
		return nil
	}
	out := &join{
		Kind: joins[j.Kind], With: j.With, WithWhere: predicatesOf(j.WithWhere),
		WithUnique: j.WithUnique, Keys: j.Keys, WithKeys: j.WithKeys, Since: j.Since, Until: j.Until,
		Distinct: j.Distinct,
	}
	for _, o := range j.Best {
		out.Best = append(out.Best, order{o.Field, o.Largest})
	}
	return out
}

func outputOf(o *workloads.Output) *output {
	if o == nil {
		return nil
	}
	out := &output{Kind: resultKinds[o.Kind]}
	for _, f := range o.Fields {
		out.Fields = append(out.Fields, resultField{
			f.Name, f.Identity, f.Field, f.With, kinds[f.Kind], dictOf(f.Kind, f.Dict),
		})
	}
	return out
}
