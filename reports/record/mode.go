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
	Stall  *Stall  `json:"stall,omitempty"`
	Batch  *Batch  `json:"batch,omitempty"`
	Replay *Replay `json:"replay,omitempty"`
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

// Replay is a second instance of a system that read the input again from its beginning while the
// first worked on, and how its results compare with those of the first. Times are in ns since T0.
type Replay struct {
	FromNs  int64 `json:"fromNs"`  // the second instance was asked for
	ReadyNs int64 `json:"readyNs"` // it was deployed
	// CaughtNs is when results came less than a second after their triggers were due; 0 = never.
	CaughtNs int64 `json:"caughtNs,omitempty"`
	// Events are those it processed in the first Ns after it was deployed, while it was further
	// behind: as fast as it can. AtLeast says that it may have been faster: its first results came
	// when it had caught up.
	Events  uint64 `json:"events"`
	Ns      int64  `json:"ns"`
	AtLeast bool   `json:"atLeast,omitempty"`
	// Due are the events due in a time of Ns by the schedule.
	Due   uint64 `json:"due"`
	CPUNs int64  `json:"cpuNs"` // of its driver and system until it had caught up
	// Field and Switch say which results the view takes from the second instance from then on: those
	// whose field is at least Switch. SwitchNs is when the schedule reaches it; 0 = there was none.
	Field    string `json:"field"`
	Switch   int64  `json:"switch,omitempty"`
	SwitchNs int64  `json:"switchNs,omitempty"`
	// Projection says that values are refined: those that stand at the end are compared, one of each
	// identity, and no view is switched.
	Projection bool `json:"projection,omitempty"`
	// Lines and LinesSHA256 are of the canonical lines of its results, sorted; LiveLines and
	// LiveSHA256 of those of the first instance.
	Lines       uint64 `json:"lines"`
	LinesSHA256 string `json:"linesSha256"`
	LiveLines   uint64 `json:"liveLines"`
	LiveSHA256  string `json:"liveSha256"`
	// Differs is the first sorted line that only one of the two has; empty if they are equal.
	Differs string `json:"differs,omitempty"`
	// OfLive and OfShadow are the results the view takes of each; ViewDiffers is the first identity
	// it does not have once, empty if there is none.
	OfLive      uint64 `json:"ofLive"`
	OfShadow    uint64 `json:"ofShadow"`
	ViewDiffers string `json:"viewDiffers,omitempty"`
	// Ledger is the oracle's account of the second instance's results.
	Ledger *Ledger `json:"ledger"`
}
