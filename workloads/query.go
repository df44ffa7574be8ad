package workloads

import "slices"

// Query is the question a workload asks, as data: adapters translate it, none re-implements it.
// An event of variant From that meets every predicate of Where is looked up, keyed, windowed and
// aggregated; a query without a window answers every such event on its own.
type Query struct {
	Name  string
	From  int // index of the variant read; events of others are ignored but move the watermark
	Where []Predicate
	// Lookup joins a static table shipped with the query; nil if there is none.
	Lookup *Lookup
	// Scale multiplies fields of a per-event result, by name.
	Scale map[string]int64
	// Key is the field events are grouped by; empty for a per-event query, a bare rank, or a join
	// whose rows are the results. Of a join with aggregates it is a field of the other side.
	Key        string
	Window     Window
	Aggregates []Aggregate
	// Rank keeps, per window over all keys, every row whose value is the maximum; nil if none.
	Rank *Rank
	// Process is a keyed state machine in place of window and aggregates; nil if none.
	Process *Process
	// Join pairs the events with those of another variant; nil if none. With aggregates it is a
	// BestJoin whose best events, as they change, are folded by Key, which is a field of the other
	// side: an upsert on every change, for which the old contribution is taken back.
	Join *Join
	// Latest keeps the newest event of a key; nil if it does not.
	Latest *Latest
	// Late is the shape of the late output: one row of the event's own fields for every event that
	// came after its window was dropped; nil where such events are only counted.
	Late *Output
	// DeadLetters says that events which cannot be read go to an output of their own
	// (deadLetterFields) and the query goes on.
	DeadLetters bool
	// MaxEventB is the largest event accepted, in bytes of its wire form; 0 for no limit.
	MaxEventB int
	// Retracts says that every result has a last column op: Insert, Update or Retract. What counts
	// is the set of results after all retractions.
	Retracts bool
	// BoundMs is the watermark bound B, LatenessMs the allowed lateness L.
	BoundMs, LatenessMs int64
	Output              Output
}

// Op is a comparison.
type Op uint8

// The comparisons of a Predicate.
const (
	Equal Op = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Predicate holds for an event whose field compares to Value as Op says. With Modulus above 0 the
// field's remainder (floored, never negative) is compared. Dict fields compare by index.
type Predicate struct {
	Field   string
	Op      Op
	Value   int64
	Modulus int64
}

// Lookup adds to each event the value As = Table[field]; the field is a Dict or a dense integer.
type Lookup struct {
	Field string
	Table []int64
	As    string
}

// WindowKind is a shape of window, as in Flink's documentation.
type WindowKind uint8

// The kinds of window.
const (
	NoWindow WindowKind = iota
	Tumbling
	Hopping
	Session
	// Sliding answers every event once the watermark has passed it, over its key's events at most
	// SizeMs older, both ends and ties included.
	Sliding
)

// Window groups events in time. Times are milliseconds; windows are [start, end), a session ends
// at its last event plus the gap, and two events exactly one gap apart share it.
type Window struct {
	Kind       WindowKind
	Processing bool // processing time instead of event time
	SizeMs     int64
	SlideMs    int64 // hopping: size is a multiple of it or not, both are allowed
	GapMs      int64
}

// Func is an aggregate function.
type Func uint8

// The aggregate functions. Avg yields two results, sum then count; TopK yields K, largest first,
// missing ones as the smallest int64; First and Last go by (ts, seq). Over a Float field Sum, Min,
// Max, Avg's sum and SumSquares compute in float64 and yield math.Float64bits.
const (
	Count Func = iota
	Sum
	Min
	Max
	Avg
	Distinct
	TopK
	First
	Last
	SumSquares
	// Mean is the sum by the count, rounded toward minus infinity: of integers.
	Mean
)

// Aggregate folds one field of a key's events in a window.
type Aggregate struct {
	Func  Func
	Field string // empty for Count
	K     int    // of TopK
	As    string // name of the (first) result
}

// Width is the number of integers the aggregate yields.
func (a Aggregate) Width() int {
	switch a.Func {
	case Avg:
		return 2
	case TopK:
		return a.K
	}
	return 1
}

// Rank keeps the rows of a window whose By is the window's maximum, ties kept. By names an
// aggregate, or a field where the query has no aggregates: then the rows are events.
type Rank struct {
	By string
}

// ResultKind says how several results of one identity relate.
type ResultKind uint8

// The kinds of result set.
const (
	Append   ResultKind = iota // each identity once
	Upsert                     // the last value of an identity counts
	Additive                   // values of one identity are added up: windows nobody can predict
)

// ResultField is a field of a result line. Name is the key, an aggregate's As, a field of the
// event (per-event results and bare ranks), the lookup's As, or one of the window's names below.
type ResultField struct {
	Name     string
	Identity bool
	// Field is the field of the event it shows, where that has another name, and With says that it
	// is of the other side of a join.
	Field string
	With  bool
	// Kind tells how its columns are read: Int, Float (math.Float64bits) or Dict (an index into
	// Dict), as of a Field. Floats are compared to one part in 10^9.
	Kind Kind
	Dict []string
}

// Names of result fields that come from the window.
const (
	WindowStart = "w"
	SessionFrom = "start"
	WindowEnd   = "end"
)

// What a result of a query that retracts does to the set of results: the values of column op. An
// update puts its row in place of the one its identity has; a retraction carries the row it takes
// back as that was delivered.
const (
	Insert  = 0
	Update  = 1
	Retract = 2
)

// Output is the shape of a result line.
type Output struct {
	Kind   ResultKind
	Fields []ResultField
}

// Columns are the fields of a result line one by one: an aggregate that yields several integers
// (Aggregate.Width) takes as many columns of its name.
func (q Query) Columns() []ResultField {
	columns := make([]ResultField, 0, len(q.Output.Fields))
	for _, f := range q.Output.Fields {
		for i := range q.FieldWidth(f) {
			c := f
			if i > 0 && q.counts(f.Name) {
				c.Kind = Int
			}
			columns = append(columns, c)
		}
	}
	return columns
}

// counts reports whether the second result of an aggregate is a count.
func (q Query) counts(as string) bool {
	return slices.ContainsFunc(q.Aggregates, func(a Aggregate) bool {
		return a.As == as && a.Func == Avg
	})
}

// SingleLevel reports whether results carry count and seqsum behind the fields of their line: the
// number of events inside and the sum of their sequence numbers modulo 2^64.
func (q Query) SingleLevel() bool {
	return len(q.Aggregates) > 0 && q.Rank == nil && q.Join == nil
}

// PerEvent reports whether every event is answered at once and on its own, without state.
func (q Query) PerEvent() bool { return q.Window.Kind == NoWindow && !q.changes() }

// OneEach reports whether a result answers one event and is named by its number: the results of a
// per-event query and those of a sliding window.
func (q Query) OneEach() bool { return q.PerEvent() || q.Window.Kind == Sliding }

// FieldWidth is the number of columns a field of a result takes: that of the aggregate it names,
// else one.
func (q Query) FieldWidth(f ResultField) int {
	for _, a := range q.Aggregates {
		if a.As == f.Name {
			return a.Width()
		}
	}
	return 1
}

// LineWidth is the number of columns of a result's line.
func (q Query) LineWidth() int {
	n := 0
	for _, f := range q.Output.Fields {
		n += q.FieldWidth(f)
	}
	return n
}

// Width is the number of columns of a result: those of its line, then count and seqsum of a
// single-level aggregate, then op of a query that retracts.
func (q Query) Width() int {
	n := q.LineWidth()
	if q.SingleLevel() {
		n += 2
	}
	if q.Retracts {
		n++
	}
	return n
}

// Timed reports whether a result's trigger follows from its line. Of a process it does not, nor of
// a join without windows, nor of what is kept of a key; and not of a session that may be retracted:
// nothing tells one that has closed from one a late event has changed since.
func (q Query) Timed() bool {
	return !q.Window.Processing && !q.changes() && !q.Retracts
}

// TimedAfter reports whether it is the oracle that knows the triggers of results, each a single
// event: the later side of a join, the event a process answered, the one that last changed an
// upserted value. They are told once the run is over (Delivered.Timed, Delivered.Lost).
func (q Query) TimedAfter() bool { return q.changes() && q.Output.Kind != Additive }

// Anchor tells what a result's trigger is found from: the column that holds the event's number
// (OneEach), or the column and what to add to it to get the end of the window.
// It returns column -1 if the query is not timed.
func (q Query) Anchor() (column int, plus int64) {
	switch {
	case !q.Timed():
		return -1, 0
	case q.OneEach():
		return q.columnOf(seqField), 0
	case q.Window.Kind == Session:
		return q.columnOf(WindowEnd), 0
	}
	return q.columnOf(WindowStart), q.Window.SizeMs
}

// columnOf is the first column of a field of the result line, -1 if it has none of that name.
func (q Query) columnOf(name string) int {
	n := 0
	for _, f := range q.Output.Fields {
		if f.Name == name {
			return n
		}
		n += q.FieldWidth(f)
	}
	return -1
}
