package workloads

import "context"

// Expected is one result the oracle expects.
type Expected struct {
	Row     []int64 // as Query.Width lays it out; valid until the next one
	EndMs   int64   // end of its window; of a per-event result the event's time
	Trigger uint64  // slot of its trigger
	Timed   bool    // false where only the end of the stream completes it
}

// Lateness counts events by how they met their windows.
type Lateness struct {
	OnTime  uint64 `json:"onTime"`
	Allowed uint64 `json:"allowed"` // late, but inside the allowed lateness
	TooLate uint64 `json:"tooLate"`
}

// Checker compares what a system delivered with what the oracle expects.
type Checker interface {
	// Add takes results in the order they arrived. It copies what it keeps.
	Add(rs *Results, receivedNs int64) error
	// Finish replays the stream of slots 0..events-1 through the oracle and classes every result.
	Finish(ctx context.Context, events uint64) (Ledger, error)
	// Close removes what the checker spooled.
	Close() error
}

// Ledger is the account of a run: every expected identity and every received result is in exactly
// one class. expected = matched + lost + wrong;
// received = matched + wrong + duplicated + phantom + corrupt + refinements.
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
	Unexplained uint64     `json:"unexplained"`
	Lateness    Lateness   `json:"lateness"` // by the oracle, of the whole stream in slot order
	Count       uint64     `json:"count"`    // size of the result set delivered
	Digest      string     `json:"digest"`   // its digest, 16 hexadecimal digits
	WantCount   uint64     `json:"wantCount"`
	WantDigest  string     `json:"wantDigest"`
	Offenders   []Offender `json:"offenders,omitempty"` // the first few of each class
}

// Offender is one result that is not as it should be.
type Offender struct {
	Class    string `json:"class"`
	Identity string `json:"identity"`
	Got      string `json:"got,omitempty"`
	Want     string `json:"want,omitempty"`
	Note     string `json:"note,omitempty"` // which way it is wrong
}
