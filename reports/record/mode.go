package record

// The modes of a scenario: what a repetition does beside offering its load.
const (
	ModeBackpressure = "backpressure"        // the sink stalls for a while
	ModeReplay       = "replay"              // a second instance reads the input again
	ModeBatch        = "batch-equals-stream" // the bounded input is answered twice
)

// Modes are all of them.
var Modes = []string{ModeBackpressure, ModeReplay, ModeBatch}

// Mode is what became of it in a repetition. Exactly one of the pointers is set.
type Mode struct {
	Stall *Stall `json:"stall,omitempty"`
	Batch *Batch `json:"batch,omitempty"`
}

// FirstBatch is the number of the first repetition of a system that answers the bounded input: that
// before repetition 1 of the plan. Those of the plan and of probes are below.
const FirstBatch = 2001

// Batch is the bounded input answered as fast as a system takes it, and how the results compare
// with those of the repetition, to which the same input was streamed.
type Batch struct {
	// Bounded says that the system has no batch mode: the stream was replayed up to its end.
	Bounded bool   `json:"bounded"`
	Events  uint64 `json:"events"`
	Ns      int64  `json:"ns"`    // from the first event until every result was there
	CPUNs   int64  `json:"cpuNs"` // of driver, broker and system meanwhile
	// Lines and LinesSHA256 are of the canonical lines of all results, sorted; StreamLines and
	// StreamSHA256 of those of the repetition.
	Lines        uint64 `json:"lines"`
	LinesSHA256  string `json:"linesSha256"`
	StreamLines  uint64 `json:"streamLines"`
	StreamSHA256 string `json:"streamSha256"`
	// Differs is the first sorted line that only one of the two has; empty if they are equal.
	Differs string `json:"differs,omitempty"`
	// Ledger is the oracle's account of the bounded input's results.
	Ledger *Ledger `json:"ledger"`
}

// Stall is a time in which the sink took no results, in ns since T0, as it was.
type Stall struct {
	FromNs int64 `json:"fromNs"`
	ToNs   int64 `json:"toNs"`
}
