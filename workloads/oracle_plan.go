package workloads

import (
	"errors"
	"fmt"
	"slices"
)

// plan is a query with every name resolved to a column, as the oracle and the checker read it.
type plan struct {
	w       *Workload
	rows    int // of a batch the oracle generates
	q       Query
	cols    []int // columns a generator has to fill
	where   []test
	key     reader // of a query without a key, the constant 0
	aggs    []fold
	state   int     // words of an accumulator
	fresh   []int64 // an empty one
	last    int     // word of the slot of the last event; 0: not kept
	sets    int     // Distinct aggregates among aggs
	out     []output
	by      reader        // rank over events
	byAgg   int           // rank over aggregates: index of the result
	width   int           // columns of a result
	columns []ResultField // those of its line
	floats  []int         // columns that are floats
	ident   []int         // columns of a result that are its identity
	late    []reader      // columns of the late output
	reads   []reader      // fields a process reads
	partsAt int           // column of Process.Parts, -1 if there is none
	join    joinPlan
	newest  []reader // keys of Query.Latest behind the query's own
}

// noColumn is the column of a reader of the constant 0.
const noColumn = -3

// reader says where a value of an event comes from.
type reader struct {
	col   int
	table []int64 // a lookup's, indexed by the column; nil if the column is the value
	scale int64
}

// test is a predicate with its column.
type test struct {
	Predicate
	reader
}

// output says where a column of a result comes from.
type output struct {
	from   outputSource
	agg    int // fromAggregate: index of the aggregates' results
	reader     // fromEvent
}

type outputSource uint8

const (
	fromKey outputSource = iota
	fromStart
	fromEnd
	fromAggregate
	fromEvent
	fromOther // an event of the other side of a join
	fromProcess
	fromSeq // of the event a result answers
)

// planQuery resolves the query of a workload. It refuses what the oracle cannot answer exactly.
func planQuery(w *Workload) (*plan, error) {
	p := &plan{w: w, q: w.Query, key: reader{col: noColumn}, byAgg: -1, rows: oracleRows}
	if err := p.refuse(); err != nil {
		return nil, fmt.Errorf("plan query %s of %s: %w", p.q.Name, w.Name, err)
	}
	for _, bind := range []func() error{
		p.bindEvents, p.bindJoin, p.bindFolds, p.bindOutput, p.bindRank, p.bindLate, p.bindKinds,
		p.bindProcess,
	} {
		if err := bind(); err != nil {
			return nil, fmt.Errorf("plan query %s of %s: %w", p.q.Name, w.Name, err)
		}
	}
	return p, nil
}

func (p *plan) refuse() error {
	q := p.q
	aggregates := len(q.Aggregates) > 0
	if q.Process != nil || q.Join != nil || q.Latest != nil {
		if why := q.refuseChanges(); why != "" {
			return errors.New(why)
		}
		return nil
	}
	switch win := q.Window; {
	case win.Kind == Sliding && aggregates:
		return p.refuseSliding()
	case win.Kind == NoWindow && (aggregates || q.Rank != nil):
		return errors.New("an aggregate or a rank needs a window")
	case win.Kind == NoWindow && q.Output.Kind != Append:
		return errors.New("a result that answers one event needs to be appended")
	case win.Kind != NoWindow && !aggregates && q.Rank == nil:
		return errors.New("a window needs an aggregate or a rank")
	case (win.Kind == Tumbling || win.Kind == Hopping) && win.SizeMs <= 0:
		return errors.New("a window needs a size above 0")
	case win.Kind == Hopping && win.SlideMs <= 0:
		return errors.New("a hopping window needs a slide above 0")
	case win.Kind == Session && win.GapMs <= 0:
		return errors.New("a session needs a gap above 0")
	case win.Kind == Session && (q.Rank != nil || q.Key == ""):
		return errors.New("sessions need a key and cannot be ranked")
	case win.Processing != (q.Output.Kind == Additive) && q.Process == nil:
		return errors.New("windows in processing time and additive results need each other")
	case win.Processing && slices.ContainsFunc(q.Aggregates, notAdditive):
		return errors.New("results in processing time need aggregates that add up")
	case win.Processing && q.Rank != nil:
		return errors.New("a rank in processing time has no answer that can be predicted")
	case q.Rank != nil && !aggregates && q.Key != "":
		return errors.New("a rank of events cannot have a key")
	case q.Late != nil && (win.Kind != Tumbling || q.Rank != nil):
		return errors.New("a late output needs tumbling windows without a rank: an event that hops " +
			"can be too late for one window and count in another")
	case q.Retracts && (win.Kind != Session || q.Output.Kind != Upsert):
		return errors.New("results that are retracted need sessions, and to be upserted")
	}
	return nil
}

func notAdditive(a Aggregate) bool {
	return a.Func != Count && a.Func != Sum && a.Func != SumSquares && a.Func != Avg
}

// reader resolves the name of a value an event has.
func (p *plan) reader(name string) (reader, error) { return p.readerOf(p.q.From, name) }

// readerOf is reader for an event of a variant.
func (p *plan) readerOf(variant int, name string) (reader, error) {
	r := reader{scale: 1}
	if l := p.q.Lookup; l != nil && name == l.As {
		name, r.table = l.Field, l.Table
	}
	col, err := p.w.Schema.Column(variant, name)
	if err != nil {
		return r, err
	}
	r.col = col
	p.need(col)
	return r, nil
}

func (p *plan) need(col int) {
	if col >= 0 && !slices.Contains(p.cols, col) {
		p.cols = append(p.cols, col)
	}
}

func (p *plan) bindEvents() (err error) {
	if p.w.Schema.Tag != "" {
		p.need(0)
	}
	if p.where, err = p.tests(p.q.From, p.q.Where); err != nil {
		return err
	}
	switch {
	case p.q.regroups():
		p.key, err = p.readerOf(p.q.Join.With, p.q.Key)
	case p.q.Key != "":
		p.key, err = p.reader(p.q.Key)
	}
	return err
}

// tests resolves predicates over events of a variant.
func (p *plan) tests(variant int, where []Predicate) (tests []test, err error) {
	for _, pred := range where {
		r, err := p.readerOf(variant, pred.Field)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test{pred, r})
	}
	return tests, nil
}

// bindOutput resolves the fields of the result line, then count and seqsum.
func (p *plan) bindOutput() error {
	for _, f := range p.q.Output.Fields {
		if f.Identity {
			p.ident = append(p.ident, len(p.out))
		}
		o, err := p.outputOf(f)
		if err != nil {
			return err
		}
		p.out = append(p.out, o...)
	}
	if len(p.ident) == 0 {
		return errors.New("no result field is an identity")
	}
	if col, _ := p.q.Anchor(); col < 0 && p.q.Timed() {
		return errors.New("no result field tells the end of the window")
	}
	p.width = p.q.Width()
	return nil
}

func (p *plan) outputOf(f ResultField) ([]output, error) {
	name := f.Name
	switch {
	case p.q.Process != nil:
		return []output{{from: fromProcess}}, nil
	case p.q.Latest != nil || p.q.Join != nil && !p.q.regroups():
		return p.joined(f)
	}
	if !p.q.PerEvent() {
		switch {
		case name == WindowStart || name == SessionFrom:
			return []output{{from: fromStart}}, nil
		case name == WindowEnd:
			return []output{{from: fromEnd}}, nil
		case name == p.q.Key && name != "":
			return []output{{from: fromKey}}, nil
		case name == seqField && p.q.Window.Kind == Sliding:
			return []output{{from: fromSeq}}, nil
		}
	}
	first := 0
	for _, a := range p.q.Aggregates {
		if a.As == name {
			o := make([]output, a.Width())
			for i := range o {
				o[i] = output{from: fromAggregate, agg: first + i}
			}
			return o, nil
		}
		first += a.Width()
	}
	if len(p.q.Aggregates) > 0 {
		return nil, fmt.Errorf("result field %q is neither the key, the window's nor an aggregate", name)
	}
	r, err := p.reader(name)
	if s, ok := p.q.Scale[name]; ok && p.q.PerEvent() {
		r.scale = s
	}
	return []output{{from: fromEvent, reader: r}}, err
}

func (p *plan) bindRank() (err error) {
	if p.q.Rank == nil {
		return nil
	}
	if len(p.q.Aggregates) == 0 {
		p.by, err = p.reader(p.q.Rank.By)
		return err
	}
	p.byAgg = 0
	for _, a := range p.q.Aggregates {
		if a.As == p.q.Rank.By {
			return nil
		}
		p.byAgg += a.Width()
	}
	return fmt.Errorf("rank by %q: no such aggregate", p.q.Rank.By)
}

func (p *plan) bindLate() error {
	if p.q.Late == nil {
		return nil
	}
	for i, f := range p.q.Late.Fields {
		if (i == 0) != (f.Name == seqField) || f.Identity != (i == 0) {
			return errors.New("the late output names an event by its number, in the first field")
		}
		r, err := p.reader(f.Name)
		if err != nil {
			return err
		}
		p.late = append(p.late, r)
	}
	return nil
}
