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
}

// Stall is a time in which the sink took no results, in ns since T0, as it was.
type Stall struct {
	FromNs int64 `json:"fromNs"`
	ToNs   int64 `json:"toNs"`
}
