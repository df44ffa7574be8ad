// Package workloads holds the streams streambench offers, the questions it asks of them and the
// right answers. A Workload is all three as one value: events are a pure function of (settings,
// slot), the Query is data that adapters translate, and the oracle folds the same events through
// plain maps and loops that share no code with any engine.
//
//	Template (catalog) --New(Settings)--> Workload --Events--> Generator --Fill--> Batch
//	                                          \--Query---> engines ----------> Results --> Checker
//	                                           \--Expect-> oracle  ----------> Expected -----^
package workloads

// Workload is a stream, the question asked of it and the right answer, with every setting bound.
type Workload struct {
	Name, Doc string
	Settings  Settings
	Schema    Schema
	Query     Query
	Timeline  Timeline
	// RouteBy is the field that decides in which partition an event travels; empty for the first
	// field of each variant.
	RouteBy string
	// Events makes a generator of the stream.
	Events func() Generator
	// Spoil damages the wire form of event n, which is dst[from:], where the workload asks for that,
	// and reports whether it did; nil where no event is damaged. It is a pure function of n and of
	// the form JSONCodec writes, the only one it knows.
	Spoil func(dst []byte, from int, n uint64) ([]byte, bool)
	// reason is why event n cannot be read, 0 if it can: what the oracle knows of Spoil. It is nil
	// where Spoil is.
	reason func(n uint64) int64
	// oracle makes a fold of this workload's own in the place of the one for queries of its shape;
	// nil where that is good enough.
	oracle func(o *oracle) folder
	// only are the events whose results the oracle expects; nil for all. whole is the stream they
	// are part of where Events makes no other; nil where it makes that itself.
	only  *eventSet
	whole *Workload
	// poison and repaired are what was asked of Poisoned and Repaired: what Spec tells beside the
	// settings.
	poison   []Poison
	repaired []uint64
	// Warnings tell where the settings make the workload degenerate.
	Warnings []string
}

// Settings are what contents and order of a stream depend on, and nothing else does.
type Settings struct {
	Seed      uint64
	EventRate uint64 // events per second of event time
	Values    map[string]Value
}

// Value is the value of one parameter; which member counts is told by the Param's kind.
type Value struct {
	Int      int64    // CountParam; MillisParam (milliseconds); FlagParam (0 or 1)
	Choice   string   // ChoiceParam
	Disorder Disorder // DisorderParam
}

// Disorder delays PPM of a million events by Lo..Hi milliseconds of event time.
type Disorder struct {
	PPM, Lo, Hi int64
}

// ParamKind is the type of a parameter.
type ParamKind uint8

// The kinds of parameter and how each is written.
const (
	CountParam    ParamKind = iota // 10000, 100k, 1M
	MillisParam                    // 500ms, 10s, 1m
	FlagParam                      // true, false
	ChoiceParam                    // one of Param.Choices
	DisorderParam                  // 100ms, or ppm:lo:hi as in 10000:1ms:2s
)

// Param declares a parameter of a workload.
type Param struct {
	Name, Doc string
	Kind      ParamKind
	Default   string // as it would be written
	// Profiles are the defaults by the value of the parameter "profile", where they differ.
	Profiles map[string]string
	Choices  []string
	// Min is the least value of a CountParam or, in milliseconds, of a MillisParam.
	Min int64
	// Queries are the values of the parameter "query" this one applies to; all if empty.
	Queries []string
}

// Template is an entry of the catalog: a workload whose settings are still open.
type Template struct {
	Name, Doc string
	Rate      uint64 // events per second, where a scenario names none
	Params    []Param
	New       func(Settings) (*Workload, error)
}
