package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/streambench/streambench/workloads"
)

// plan is a query bound to the columns of a schema: what the stages of every slot are made from.
type plan struct {
	schema workloads.Schema
	query  workloads.Query
	filter []condition
	lookup *workloads.Lookup
	// lookupCol is the column looked up.
	lookupCol int
	key       int   // column of the key; looked tells if it is the looked-up value; noKey without one
	values    []int // columns carried beside key, ts and seq
	folds     []fold
	fresh     []int64 // words of a new row behind its key
	out       []source
	late      []int // fields of the late output: indices of values
	by        int   // rank: word of a row (aggregates) or index of values (events)
	join      *joinPlan
}

// Columns that are not in a batch's schema.
const (
	looked = -100
	noKey  = -101
	met    = -102
)

// A row of keyed state starts with these words; the folds' words follow.
const (
	wordKey = iota
	wordCount
	wordSeqSum
	firstFold
)

// fold is an aggregate bound to its words in a row and the value it reads.
type fold struct {
	fn    workloads.Func
	word  int // first of its words
	width int
	value int // index of block.values; -1 for Count
	set   int // Distinct: which set of the window
	// float says that it computes with floats.
	float bool
}

// source says where a field of a result comes from.
type source struct {
	kind  sourceKind
	word  int // fromWord
	value int // fromValue: index of block.values
	col   int // fromColumn
	scale int64
}

type sourceKind uint8

const (
	fromWord   sourceKind = iota // a word of the row
	fromSeq                      // the number of the event answered (sliding windows)
	fromStart                    // start of the window
	fromEnd                      // its end
	fromValue                    // a value of the event (bare rank)
	fromColumn                   // a column of the batch (per-event results)
	fromOp                       // what the result does to the answers
	fromThis                     // a value of the event of this side (joins)
	fromOther                    // a value of the event of the other side
	fromMean                     // a word of the row by its count
	fromKey                      // the key of the event (latest)
)

// Supports says why the engine cannot run a workload's query exactly; nil if it can. The error
// wraps errors.ErrUnsupported.
func Supports(w *workloads.Workload) error {
	q := w.Query
	refuse := func(why string) error {
		return fmt.Errorf("query %s: %s: %w", q.Name, why, errors.ErrUnsupported)
	}
	if why := beyond(w); why != "" {
		return refuse(why)
	}
	distinct := slices.ContainsFunc(q.Aggregates, func(a workloads.Aggregate) bool {
		return a.Func == workloads.Distinct
	})
	switch kind := q.Window.Kind; {
	case q.Process != nil && (kind != workloads.NoWindow || q.Rank != nil || len(q.Aggregates) > 0):
		return refuse("a process beside windows or aggregates")
	case q.Process != nil && q.Process.Keys == nil && q.Key == "":
		return refuse("a process without a key")
	case q.Retracts && kind != workloads.Session:
		return refuse("retractions outside of sessions")
	case q.LatenessMs > 0 && kind == workloads.Session && !q.Retracts:
		return refuse("allowed lateness of sessions needs retractions")
	case q.LatenessMs > 0 && kind != workloads.Session &&
		(kind != workloads.Tumbling || q.Rank != nil || distinct):
		return refuse("allowed lateness needs sessions or tumbling windows, no rank and no distinct")
	case q.Late != nil && (kind != workloads.Tumbling || q.Rank != nil || distinct):
		return refuse("a late output needs tumbling windows, no rank and no distinct")
	case q.LatenessMs > 0 && q.Window.Processing:
		return refuse("allowed lateness has no meaning in processing time")
	case q.Window.Processing && (kind != workloads.Tumbling || q.Rank != nil):
		return refuse("processing time needs tumbling windows without a rank")
	case kind == workloads.Hopping && q.Window.SlideMs > q.Window.SizeMs:
		return refuse("hopping windows with gaps between them")
	case kind == workloads.Session && q.Rank != nil:
		return refuse("a rank over sessions")
	case kind == workloads.Session && distinct:
		return refuse("distinct over sessions")
	case kind == workloads.Session && q.Key == "":
		return refuse("sessions without a key")
	case q.Rank != nil && len(q.Aggregates) == 0 && q.Key != "":
		return refuse("a rank of events within a key")
	case q.Join != nil:
	case kind != workloads.NoWindow && q.Rank == nil && len(q.Aggregates) == 0:
		return refuse("a window without an aggregate")
	case kind == workloads.NoWindow && (q.Rank != nil || len(q.Aggregates) > 0):
		return refuse("an aggregate without a window")
	}
	_, err := newPlan(w)
	return err
}

// newPlan binds the query of a workload to its schema.
func newPlan(w *workloads.Workload) (*plan, error) {
	q := w.Query
	p := &plan{schema: w.Schema, query: q, lookup: q.Lookup, key: noKey}
	var err error
	if q.Join != nil {
		return p, p.bindJoin()
	}
	if p.filter, err = conditions(w.Schema, q.From, q.Where); err != nil {
		return nil, err
	}
	if q.Lookup != nil {
		if p.lookupCol, err = w.Schema.Column(q.From, q.Lookup.Field); err != nil {
			return nil, err
		}
	}
	column := func(name string) (int, error) {
		if q.Lookup != nil && name == q.Lookup.As {
			return looked, nil
		}
		return w.Schema.Column(q.From, name)
	}
	if q.Key != "" {
		if p.key, err = column(q.Key); err != nil {
			return nil, err
		}
	}
	carry := func(name string) (int, error) {
		c, err := column(name)
		if err != nil {
			return 0, err
		}
		if i := slices.Index(p.values, c); i >= 0 && q.Process == nil {
			return i, nil
		}
		p.values = append(p.values, c)
		return len(p.values) - 1, nil
	}
	if q.Process != nil {
		return p, p.bindProcess(carry)
	}
	if q.Latest != nil {
		return p, p.bindLatest(carry)
	}
	if err = p.bindFolds(carry); err != nil {
		return nil, err
	}
	if err = p.bindLate(carry); err != nil {
		return nil, err
	}
	return p, p.bindOutput(column, carry)
}

// bindFolds lays out the words of a row.
func (p *plan) bindFolds(carry func(string) (int, error)) error {
	p.fresh = make([]int64, firstFold-1)
	sets := 0
	for _, a := range p.query.Aggregates {
		f := fold{fn: a.Func, word: 1 + len(p.fresh), value: -1, set: -1}
		if a.Func == workloads.Count {
			f.word = wordCount
		} else {
			var err error
			if f.value, err = carry(a.Field); err != nil {
				return err
			}
		}
		switch a.Func {
		case workloads.Sum, workloads.Avg, workloads.SumSquares, workloads.Min, workloads.Max:
			f.float = typeOf(p.schema, p.query, a.Field) == workloads.Float
			p.fresh = append(p.fresh, f.start())
		case workloads.Distinct:
			f.set = sets
			sets++
			p.fresh = append(p.fresh, 0)
		case workloads.TopK:
			for range a.K {
				p.fresh = append(p.fresh, math.MinInt64)
			}
		case workloads.First:
			p.fresh = append(p.fresh, math.MaxInt64, math.MaxInt64, 0) // ts, seq, value
		case workloads.Last:
			p.fresh = append(p.fresh, math.MinInt64, math.MinInt64, 0)
		}
		f.width = 1 + len(p.fresh) - f.word
		p.folds = append(p.folds, f)
	}
	return nil
}

// bindOutput finds where every field of a result comes from, and count and seqsum behind them.
func (p *plan) bindOutput(column, carry func(string) (int, error)) error {
	q := p.query
	for _, f := range q.Output.Fields {
		s, err := p.bindField(f.Name, column, carry)
		if err != nil {
			return err
		}
		p.out = append(p.out, s...)
	}
	if q.SingleLevel() {
		p.out = append(p.out, source{kind: fromWord, word: wordCount},
			source{kind: fromWord, word: wordSeqSum})
	}
	if q.Retracts {
		p.out = append(p.out, source{kind: fromOp})
	}
	if len(p.out) != q.Width() {
		return fmt.Errorf("query %s: %d result columns for %d fields", q.Name, len(p.out), q.Width())
	}
	if q.Rank == nil {
		return nil
	}
	if len(q.Aggregates) == 0 {
		var err error
		p.by, err = carry(q.Rank.By)
		return err
	}
	for i, a := range q.Aggregates {
		if a.As == q.Rank.By {
			p.by = p.folds[i].results()[0].word
			return nil
		}
	}
	return fmt.Errorf("query %s: rank by %q: no such aggregate", q.Name, q.Rank.By)
}

func (p *plan) bindField(name string, column, carry func(string) (int, error)) ([]source, error) {
	q := p.query
	windowed := q.Window.Kind != workloads.NoWindow
	switch {
	case q.Window.Kind == workloads.Sliding && name == seqName:
		return []source{{kind: fromSeq}}, nil
	case windowed && (name == workloads.WindowStart || name == workloads.SessionFrom):
		return []source{{kind: fromStart}}, nil
	case windowed && name == workloads.WindowEnd:
		return []source{{kind: fromEnd}}, nil
	case windowed && name == q.Key && q.Key != "":
		return []source{{kind: fromWord, word: wordKey}}, nil
	}
	for i, a := range q.Aggregates {
		if a.As == name {
			return p.folds[i].results(), nil
		}
	}
	if windowed {
		v, err := carry(name)
		return []source{{kind: fromValue, value: v}}, err
	}
	scale := int64(1)
	if s, ok := q.Scale[name]; ok {
		scale = s
	}
	c, err := column(name)
	return []source{{kind: fromColumn, col: c, scale: scale}}, err
}

// results are the words of a row an aggregate shows.
func (f fold) results() []source {
	switch f.fn {
	case workloads.Avg:
		return []source{{kind: fromWord, word: f.word}, {kind: fromWord, word: wordCount}}
	case workloads.First, workloads.Last:
		return []source{{kind: fromWord, word: f.word + 2}}
	case workloads.TopK:
		s := make([]source, f.width)
		for i := range s {
			s[i] = source{kind: fromWord, word: f.word + i}
		}
		return s
	}
	return []source{{kind: fromWord, word: f.word}}
}
