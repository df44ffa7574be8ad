package adaptertest

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// unlisted is a workload of the kit's own, which no adapter can know: what translates queries
// translates this one, without a line of its own for it. Calls and notes come in; of the calls of
// some kinds that waited long enough, each queue's numbers per hopping window.
var unlisted = workloads.Template{
	Name: unlistedName, Doc: "a workload of the conformance kit", Rate: 1000, New: newUnlisted,
}

const unlistedName = "unlisted"

var callKinds = []string{"sale", "help", "fault", "wrong number", "silence"}

// Columns of its events: the tag, a call's, a note's.
const (
	callTag = iota
	callQueue
	callKind
	callWait
	callScore
	noteText
)

func newUnlisted(s workloads.Settings) (*workloads.Workload, error) {
	w := &workloads.Workload{
		Name: unlistedName, Settings: s,
		Timeline: workloads.Timeline{EventRate: s.EventRate, Groups: 1, BoundMs: 700},
		Schema: workloads.Schema{Tag: "event", Variants: []workloads.Variant{
			{Name: "call", Fields: []workloads.Field{
				{Name: "queue"}, {Name: "kind", Kind: workloads.Dict, Dict: callKinds},
				{Name: "wait_ms"}, {Name: "score", Kind: workloads.Float},
			}},
			{Name: "note", Fields: []workloads.Field{{Name: "author"}}},
		}},
		Query: workloads.Query{
			Name: unlistedName, From: 0, Key: "queue", BoundMs: 700,
			Where: []workloads.Predicate{
				{Field: "wait_ms", Op: workloads.GreaterEqual, Value: 150},
				{Field: "kind", Op: workloads.NotEqual, Value: 3},
			},
			Window: workloads.Window{Kind: workloads.Hopping, SizeMs: 3000, SlideMs: 1000},
			Aggregates: []workloads.Aggregate{
				{Func: workloads.Count, As: "calls"},
				{Func: workloads.Min, Field: "wait_ms", As: "least"},
				{Func: workloads.Avg, Field: "wait_ms", As: "wait"},
				{Func: workloads.Max, Field: "score", As: "best"},
			},
			Output: workloads.Output{Fields: []workloads.ResultField{
				{Name: "queue", Identity: true}, {Name: workloads.WindowStart, Identity: true},
				{Name: "calls"}, {Name: "least"}, {Name: "wait"},
				{Name: "best", Kind: workloads.Float},
			}},
		},
	}
	w.Events = func() workloads.Generator { return calls{w.Timeline} }
	return w, nil
}

// calls are the events: a pure function of their numbers.
type calls struct{ timeline workloads.Timeline }

// Fill makes events.
func (c calls) Fill(b *workloads.Batch, s workloads.Slots) {
	b.N = s.N
	for i := range s.N {
		n := s.First + uint64(i)*s.Step
		x := scramble(n)
		b.Seq[i], b.TS[i] = int64(n), c.timeline.PlaceMs(n)-int64(x%601)
		tag := int64(0)
		if x>>10%10 == 0 {
			tag = 1
		}
		for col, v := range [...]int64{
			callTag:   tag,
			callQueue: int64(x >> 14 % 37),
			callKind:  int64(x >> 20 % uint64(len(callKinds))),
			callWait:  int64(x >> 24 % 1000),
			callScore: int64(math.Float64bits(float64(x>>36%10_000) / 100)),
			noteText:  int64(x >> 50 % 500),
		} {
			if b.Cols[col] != nil {
				b.Cols[col][i] = v
			}
		}
	}
}

// scramble mixes a number.
func scramble(z uint64) uint64 {
	z = (z + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
