// Package record is what a run leaves behind. Running writes entries; the record file, the
// progress lines and the summary read them. Nothing here knows who writes or who reads.
package record

// Schema of the record file, as its first entry's plan names it.
const Schema = "streambench/record/v1"

// The kinds of entry.
const (
	KindPlan    = "plan"
	KindConfig  = "config"
	KindPhase   = "phase"
	KindTick    = "tick"
	KindLedger  = "ledger"
	KindProbe   = "probe"
	KindBracket = "bracket"
	KindMode    = "mode"
	KindRepair  = "repair"

	KindSchedule  = "schedule"
	KindMilestone = "milestone"
	KindFault     = "fault"
	KindGate      = "gate"
	KindFirsts    = "firsts"
	KindStretches = "stretches"
	KindResidue   = "residue"

	KindWarning = "warning"
	KindError   = "error"
	KindEnd     = "end"
)

// Entry is one line of the record. Exactly one of the pointers is set, the one Kind names.
type Entry struct {
	T      int64  `json:"t"` // nanoseconds on the run's clock; the manifest has its UTC
	Kind   string `json:"kind"`
	System string `json:"system,omitempty"`
	Rep    int    `json:"rep,omitempty"` // repetition of the system, from 1; 0 = of the whole run

	Plan    *Plan             `json:"plan,omitempty"`
	Config  map[string]string `json:"config,omitempty"` // settings in force, read back
	Phase   *Phase            `json:"phase,omitempty"`
	Tick    *Tick             `json:"tick,omitempty"`
	Ledger  *Ledger           `json:"ledger,omitempty"`
	Probe   *Probe            `json:"probe,omitempty"`
	Bracket *Bracket          `json:"bracket,omitempty"`
	Mode    *Mode             `json:"mode,omitempty"`
	Repair  *Repair           `json:"repair,omitempty"`

	Schedule  []Planned  `json:"schedule,omitempty"` // all faults of a repetition, as it begins
	Milestone *Milestone `json:"milestone,omitempty"`
	Fault     *Fault     `json:"fault,omitempty"`
	Gate      *Gate      `json:"gate,omitempty"`
	Firsts    *Firsts    `json:"firsts,omitempty"`
	Stretches []Stretch  `json:"stretches,omitempty"` // of the whole repetition, or what is new of it
	Residue   *Residue   `json:"residue,omitempty"`

	Warning *Warning `json:"warning,omitempty"`
	Error   *Failure `json:"error,omitempty"`
	End     *End     `json:"end,omitempty"`
}

// Sink takes entries: the record file, the progress lines, the summary.
type Sink interface {
	Add(Entry) error
}

// Plan says what the run is about to do; it is the first entry.
type Plan struct {
	Schema   string   `json:"schema"`
	Scenario string   `json:"scenario"`          // name
	Systems  []string `json:"systems,omitempty"` // labels, in the order of the scenario
	Order    []Repeat `json:"order"`             // every repetition in the order it runs
	Warnings []string `json:"warnings,omitempty"`
}

// Repeat is one repetition in the plan.
type Repeat struct {
	System string `json:"system"`
	Rep    int    `json:"rep"`
	Kept   bool   `json:"kept"` // false for the block that is run first and discarded
	// Twin marks a repetition of the same stream without the faults: what they cost is held against
	// it, and it is in no figure of its system. The twin of a repetition is the nearest in the order.
	Twin bool `json:"twin,omitempty"`
	// Of and Rate are set where a system is offered several rates one after the other: System is then
	// the system with one of them, as in flink@20k/s, Of is the system's own label and Rate the rate
	// as the scenario has it.
	Of   string `json:"of,omitempty"`
	Rate string `json:"rate,omitempty"`
	// Found is set where the rate is, or is a share of, one that the run finds of the system.
	Found bool `json:"found,omitempty"`
}

// Base is the label of the system itself, whatever rate it is offered.
func (r Repeat) Base() string {
	if r.Of != "" {
		return r.Of
	}
	return r.System
}

// The phases of a repetition, in order.
const (
	PhaseDeploy = "deploy"
	PhaseFill   = "fill" // of an estimate alone, in place of warmup and steady
	PhaseWarmup = "warmup"
	PhaseSteady = "steady"
	PhaseDrain  = "drain"
	PhaseCheck  = "check"
	PhaseClose  = "close"
)

// Phase is written as a phase begins.
type Phase struct {
	Name string `json:"name"`
	// ScheduleNs is the time since T0 at which it begins on the schedule: warmup and steady only.
	ScheduleNs int64 `json:"scheduleNs"`
	// EventsDue are the slots due by then.
	EventsDue uint64 `json:"eventsDue,omitempty"`
}

// Tick is the state of a repetition every 250 ms. Counters are cumulative since T0; percentiles
// are of the last slice and for the screen alone: figures come from the histograms.
type Tick struct {
	Phase      string `json:"phase"`
	ScheduleNs int64  `json:"scheduleNs"` // time since T0
	Offered    uint64 `json:"offered"`    // slots due
	Accepted   uint64 `json:"accepted"`   // slots taken by the transport
	Results    uint64 `json:"results"`    // results received
	Processed  uint64 `json:"processed"`  // slots up to the newest trigger whose results are here
	Late       uint64 `json:"late"`       // events the system counted as too late
	// Backlog is the largest number of slots due but not processed that was read since the tick
	// before: it is read when results arrive, after Processed moved. 0 where none arrived.
	Backlog   uint64 `json:"backlog"`
	BlockedNs int64  `json:"blockedNs"` // time in which events were due and the system had no room
	// BackpressureNs is the time the system says its parts waited for those behind them.
	BackpressureNs int64  `json:"backpressureNs,omitempty"`
	P50Ns          int64  `json:"p50Ns,omitempty"`
	P99Ns          int64  `json:"p99Ns,omitempty"`
	P999Ns         int64  `json:"p999Ns,omitempty"`
	CPU            CPU    `json:"cpu"`
	MemoryB        uint64 `json:"memoryB"` // resident set of the tool's own process now
	// BrokerMemoryB and SystemMemoryB are the resident sets now of the processes or containers that
	// brokers and system have for themselves; 0 for a role inside the tool's own process.
	BrokerMemoryB uint64 `json:"brokerMemoryB,omitempty"`
	SystemMemoryB uint64 `json:"systemMemoryB,omitempty"`
}

// CPU is processor time in nanoseconds by role, since the role's process started. Roles that live
// in the tool's own process are shares of it: an embedded driver's is the time the sources took,
// the system's that of its slots less the sources', the tool's what is left. A role with processes
// or containers of its own has what /proc or their cgroup says of them.
type CPU struct {
	DriverNs int64 `json:"driverNs"`
	BrokerNs int64 `json:"brokerNs,omitempty"`
	SystemNs int64 `json:"systemNs"`
	ToolNs   int64 `json:"toolNs"`
}

// Ledger is the oracle's account of a repetition, and the delivery counts beside it.
type Ledger struct {
	Expected    uint64 `json:"expected"`
	Received    uint64 `json:"received"`
	Matched     uint64 `json:"matched"`
	Lost        uint64 `json:"lost"`
	Duplicated  uint64 `json:"duplicated"`
	Wrong       uint64 `json:"wrong"`
	Phantom     uint64 `json:"phantom"`
	Corrupt     uint64 `json:"corrupt"`
	Refinements uint64 `json:"refinements"`
	Unexplained uint64 `json:"unexplained"`
	EventsIn    uint64 `json:"eventsIn"` // events offered to the query, end events apart
	OnTime      uint64 `json:"onTime"`
	AllowedLate uint64 `json:"allowedLate"`
	TooLate     uint64 `json:"tooLate"` // as the system counted them
	Count       uint64 `json:"count"`
	Digest      string `json:"digest"`
	WantCount   uint64 `json:"wantCount"`
	WantDigest  string `json:"wantDigest"`
	Conclusive  bool   `json:"conclusive"` // input read to its end, sink sealed, oracle finished
	// Unchecked says that no oracle was asked: all there is are Received, Count, Digest, the rows of
	// other outputs, and EventsIn.
	Unchecked bool       `json:"unchecked,omitempty"`
	Why       string     `json:"why,omitempty"`
	Offenders []Offender `json:"offenders,omitempty"`
	CheckNs   int64      `json:"checkNs"` // how long the oracle took
	// LateOutput and DeadLetters are the accounts of a query's other outputs, nil where it has none.
	LateOutput  *Side `json:"lateOutput,omitempty"`
	DeadLetters *Side `json:"deadLetters,omitempty"`
	// Spread says when what offends was due, which is how a fault explains it; nil where nothing
	// offends.
	Spread *Spread `json:"spread,omitempty"`
}

// Reading is a backlog at a time since T0.
type Reading struct {
	AtNs   int64  `json:"atNs"`
	Events uint64 `json:"events"`
}

// Side is the oracle's account of an output beside the answers: events that came too late, or that
// could not be read.
type Side struct {
	Expected uint64 `json:"expected"` // rows that must be there, by the stream itself
	Received uint64 `json:"received"`
	Missing  uint64 `json:"missing"` // that must be there and are not
	// Foreign are rows that must not be there: of events neither late nor unreadable, with another
	// value, or there already.
	Foreign uint64 `json:"foreign"`
}

// Offender is one result that is not as it should be.
type Offender struct {
	Class    string `json:"class"`
	Identity string `json:"identity"`
	Got      string `json:"got,omitempty"`
	Want     string `json:"want,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Codes of warnings that the summary acts upon.
const (
	// CodeSharedHost weakens all figures: another run was on this host at the same time.
	CodeSharedHost = "shared-host"
	// CodeNoSteady makes the repetition INVALID: warm-up never ended in a steady state.
	CodeNoSteady = "no-steady-state"
	// CodeLeaseLost makes the repetition INVALID: the tool stood still, was taken for dead, and what
	// it had started and broken was undone.
	CodeLeaseLost = "lease-lost"
	// CodeUnrelayed makes the repetition INVALID: nodes talked past the relay, so a fault did not cut
	// what it said it cut.
	CodeUnrelayed = "unrelayed-edge"
)

// Warning weakens a figure and is printed beside it.
type Warning struct {
	Code string `json:"code"` // short and stable, as in shared-cores
	Text string `json:"text"`
}

// Failure is a system that could not be deployed or died: a gap in the report, with its reason.
type Failure struct {
	Phase string `json:"phase"`
	Text  string `json:"text"`
	Exit  int    `json:"exit"`
}

// End closes a repetition (Rep > 0) or the run (Rep 0). A record without it was cut off.
type End struct {
	Interrupted bool `json:"interrupted,omitempty"`
	// DeployNs is how long brokers and system took to be ready for it, as far as they did not stand
	// from before.
	DeployNs int64  `json:"deployNs,omitempty"`
	Events   uint64 `json:"events,omitempty"` // slots in the repetition's stream
	// DueAtSteadyEnd and AcceptedAtSteadyEnd are read at the same instant; BlockedAtSteadyEnd are
	// those due, not accepted, and kept waiting by the system and not by the driver.
	DueAtSteadyEnd      uint64 `json:"dueAtSteadyEnd,omitempty"`
	AcceptedAtSteadyEnd uint64 `json:"acceptedAtSteadyEnd,omitempty"`
	BlockedAtSteadyEnd  uint64 `json:"blockedAtSteadyEnd,omitempty"`
	// SteadyEndNs is the time since T0 at that instant.
	SteadyEndNs int64 `json:"steadyEndNs,omitempty"`
	// DroppedSamples are histogram samples out of range or refused in a merge; NegativeSamples
	// were below zero. Both must be zero.
	DroppedSamples  uint64 `json:"droppedSamples,omitempty"`
	NegativeSamples uint64 `json:"negativeSamples,omitempty"`
	// SendsUnknown are events that were handed to the transport and neither acknowledged nor refused:
	// whether they are part of the input is not known.
	SendsUnknown uint64 `json:"sendsUnknown,omitempty"`
	// ClockNs is the most that the clocks of drivers of other machines can have been apart from that
	// of the collector; 0 where one process is both.
	ClockNs int64 `json:"clockNs,omitempty"`
	// Untimed are the results that a latency series has no sample of, because it is not known what
	// to count from, by its stage.
	Untimed map[string]uint64 `json:"untimed,omitempty"`
	// Backlog is read whenever all results up to a trigger of steady had come, from all keys: ticks
	// read it when the first of them do. It counts the events that the schedule had due by then or,
	// after its end, would have had.
	Backlog []Reading `json:"backlog,omitempty"`
	// WindowSlots are the slots due from the end of a window to that of the next; 0 where results
	// come without windows.
	WindowSlots float64 `json:"windowSlots,omitempty"`
	// SpansDropped are spans of traces that found no room.
	SpansDropped uint64 `json:"spansDropped,omitempty"`
	// MemoryPeakB is the peak resident set of the process so far.
	MemoryPeakB uint64 `json:"memoryPeakB,omitempty"`
}
