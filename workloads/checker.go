package workloads

import "context"

// Expected is one result the oracle expects.
type Expected struct {
	Row     []int64 // as Query.Width lays it out; valid until the next one
	EndMs   int64   // end of its window; of a per-event result the event's time
	Trigger uint64  // slot of its trigger; 0 where Timed is false
	Timed   bool    // false where only the end of the stream completes it
}

// Lateness counts the events that met the query's predicates by how they met their windows.
type Lateness struct {
	OnTime  uint64 `json:"onTime"`
	Allowed uint64 `json:"allowed"` // late, but inside the allowed lateness
	TooLate uint64 `json:"tooLate"`
}

// CheckerOptions say what a checker keeps beside what it needs for the ledger.
type CheckerOptions struct {
	// KeepRows keeps the results of a per-event query for Checker.Results; those of other queries
	// are kept anyway.
	KeepRows bool
	// LastEvents has the oracle keep the last event inside each result, where Query.TellsLast.
	LastEvents bool
}

// Delivered is what Finish has to know of the run: how much was offered and what the system says
// of late events.
type Delivered struct {
	Events uint64 // slots offered: 0..Events-1
	// TooLate is the system's own count of events it dropped as too late, -1 if it has none.
	TooLate int64
	// Strict demands that exactly the ideally too-late events are dropped: true where the watermark
	// of the system cannot trail the ideal one (one source shard, no fault), and that the late
	// output holds them. Where it is false a too-late event may legally count, as long as none is
	// neither counted nor dropped, nor both.
	Strict bool
	// Lost is told the slot of the trigger of every result that has one and never came, Timed of
	// every such result that is right; of a query that answers each event, of each page of events all
	// of whose results have come. Either may be nil.
	Lost  func(trigger uint64)
	Timed func(Timing)
	// Mistaken is told every result that has a trigger and is wrong; it may be nil.
	Mistaken func(Timing)
}

// Checker compares what a system delivered with what the oracle expects.
type Checker interface {
	// Add takes results in the order they arrived, of any of the query's outputs. It copies what it
	// keeps.
	Add(rs *Results, receivedNs int64) error
	// Results calls fn with every answer kept, roughly in the order they arrived (results of one
	// window exactly in it), with the time Add was given. The row is valid until fn returns.
	Results(fn func(row []int64, receivedNs int64) error) error
	// Finish replays the stream through the oracle and classes every result. Nothing may be added
	// after it.
	Finish(ctx context.Context, d Delivered) (Ledger, error)
	// Close removes what the checker spooled; twice is harmless.
	Close() error
}

// Ledger is the account of a run: every expected identity and every received result is in exactly
// one class. expected = matched + lost + wrong;
// received = matched + wrong + duplicated + phantom + corrupt + refinements.
// Of an additive query a received result is the sum of an identity's values.
type Ledger struct {
	Expected    uint64     `json:"expected"`
	Received    uint64     `json:"received"`
	Matched     uint64     `json:"matched"`
	Lost        uint64     `json:"lost"`
	Duplicated  uint64     `json:"duplicated"`
	Wrong       uint64     `json:"wrong"`
	Phantom     uint64     `json:"phantom"`
	Corrupt     uint64     `json:"corrupt"`
	Refinements uint64     `json:"refinements"`
	Unexplained uint64     `json:"unexplained"` // above 0 the verdict is unknown
	Lateness    Lateness   `json:"lateness"`    // by the oracle, of the whole stream in slot order
	Count       uint64     `json:"count"`       // size of the result set delivered
	Digest      string     `json:"digest"`      // its digest, 16 hexadecimal digits
	WantCount   uint64     `json:"wantCount"`
	WantDigest  string     `json:"wantDigest"`
	Offenders   []Offender `json:"offenders,omitempty"` // the first few of each class
	Spread      Spread     `json:"spread"`
	// LateOutput and DeadLetters are the accounts of a query's other outputs, nil where it has none.
	LateOutput  *Side `json:"lateOutput,omitempty"`
	DeadLetters *Side `json:"deadLetters,omitempty"`
}

// Offender is one result that is not as it should be.
type Offender struct {
	Class    string `json:"class"`
	Identity string `json:"identity"`
	Got      string `json:"got,omitempty"`
	Want     string `json:"want,omitempty"`
	Note     string `json:"note,omitempty"` // which way it is wrong
}

// NewChecker makes a checker whose spool files lie in dir, which exists.
func (w *Workload) NewChecker(dir string, o CheckerOptions) (Checker, error) {
	if w.whole != nil {
		w = w.whole
	}
	p, err := planQuery(w)
	if err != nil {
		return nil, err
	}
	if w.Query.PerEvent() {
		return newEventChecker(p, dir, o.KeepRows)
	}
	if o.LastEvents && w.Query.TellsLast() {
		p.trackLast()
	}
	return newWindowChecker(p, dir)
}
