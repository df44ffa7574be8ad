package workloads

import (
	"errors"
	"fmt"
	"math"
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
		p.bindEvents, p.bindFolds, p.bindOutput, p.bindRank, p.bindLate, p.bindKinds, p.bindProcess,
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
	if q.Process != nil {
		if why := q.refuseProcess(); why != "" {
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
	case q.DeadLetters && !q.PerEvent():
		return errors.New("dead letters need a query that answers every event on its own")
	case q.Retracts && (win.Kind != Session || q.Output.Kind != Upsert):
		return errors.New("results that are retracted need sessions, and to be upserted")
	}
	return nil
}

func notAdditive(a Aggregate) bool {
	return a.Func != Count && a.Func != Sum && a.Func != SumSquares && a.Func != Avg
}

// reader resolves the name of a value an event has.
func (p *plan) reader(name string) (reader, error) {
	r := reader{scale: 1}
	if l := p.q.Lookup; l != nil && name == l.As {
		name, r.table = l.Field, l.Table
	}
	col, err := p.w.Schema.Column(p.q.From, name)
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
	for _, pred := range p.q.Where {
		r, err := p.reader(pred.Field)
		if err != nil {
			return err
		}
		p.where = append(p.where, test{pred, r})
	}
	if p.q.Key != "" {
		p.key, err = p.reader(p.q.Key)
	}
	return err
}

// bindOutput resolves the fields of the result line, then count and seqsum.
func (p *plan) bindOutput() error {
	for _, f := range p.q.Output.Fields {
		if f.Identity {
			p.ident = append(p.ident, len(p.out))
		}
		o, err := p.outputOf(f.Name)
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

func (p *plan) outputOf(name string) ([]output, error) {
	if p.q.Process != nil {
		return []output{{from: fromProcess}}, nil
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

// bound is a reader over the columns of one batch.
type bound struct {
	vals, table []int64
	scale       int64
}

func (r reader) bind(b *Batch) bound {
	if r.col == noColumn {
		return bound{}
	}
	return bound{vals: b.Column(r.col), table: r.table, scale: r.scale}
}

func (v *bound) at(i int) int64 {
	if v.vals == nil {
		return 0
	}
	x := v.vals[i]
	if v.table != nil {
		x = v.table[x]
	}
	return x * v.scale
}

// holds says whether a value meets the predicate.
func (t *test) holds(x int64) bool {
	if m := t.Modulus; m > 0 {
		if x %= m; x < 0 {
			x += m
		}
	}
	switch t.Op {
	case Equal:
		return x == t.Value
	case NotEqual:
		return x != t.Value
	case Less:
		return x < t.Value
	case LessEqual:
		return x <= t.Value
	case Greater:
		return x > t.Value
	case GreaterEqual:
		return x >= t.Value
	}
	panic(fmt.Sprintf("BUG: comparison %d", t.Op))
}

// selector says which rows of a batch the query reads.
type selector struct {
	tag   []int64
	seq   []int64
	from  int64
	tests []test
	vals  []bound
	// reason tells malformed events, which nobody can read.
	reason func(n uint64) int64
	only   *eventSet // the events that are asked for; nil for all
}

func (p *plan) selector() *selector {
	return &selector{
		from: int64(p.q.From), tests: p.where, vals: make([]bound, len(p.where)),
		reason: p.w.reason, only: p.w.only,
	}
}

func (s *selector) bind(w *Workload, b *Batch) {
	if w.Schema.Tag != "" {
		s.tag = b.Cols[0]
	}
	s.seq = b.Seq
	for i := range s.tests {
		s.vals[i] = s.tests[i].bind(b)
	}
}

func (s *selector) takes(i int) bool {
	if s.tag != nil && s.tag[i] != s.from {
		return false
	}
	if s.reason != nil && s.reason(uint64(s.seq[i])) != 0 {
		return false
	}
	if s.only != nil && !s.only.has(uint64(s.seq[i])) {
		return false
	}
	for t := range s.tests {
		if !s.tests[t].holds(s.vals[t].at(i)) {
			return false
		}
	}
	return true
}

// floorTo rounds t down to a multiple of step, toward minus infinity.
func floorTo(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// farFuture is a time no window reaches.
const farFuture = math.MaxInt64
