package record

// Names of the milestones a system tells of. A checkpoint's have its number in them
// (Milestone.Text): checkpoint.3.started.
const (
	MilestoneDeployed   = "deployed"   // every node works
	MilestoneStarted    = "started"    // of a checkpoint: its barriers are on their way
	MilestonePrecommit  = "precommit"  // of a checkpoint: a node's part is durable
	MilestoneCompleted  = "completed"  // of a checkpoint: all parts are durable
	MilestoneCommit     = "commit"     // of a checkpoint: its results are visible
	MilestoneAbandoned  = "abandoned"  // of a checkpoint: it will not complete
	MilestoneDetected   = "detected"   // first act of the control plane that names the victim: t1
	MilestoneReassigned = "reassigned" // the victim's work is given to others, and it is fenced: t2
	MilestoneRestoring  = "restore.started"
	MilestoneRestored   = "restored" // a node has the state of its slots again: t3
	MilestoneResumed    = "resumed"  // all nodes work again
	MilestoneRejoined   = "rejoined" // a node that was away is back
	MilestoneFenced     = "fenced"   // a node of an older attempt was refused
	MilestoneTakeover   = "takeover" // a new coordinator goes on where the last one stopped
	MilestoneTorn       = "torn"     // a checkpoint cannot be used; the one before it is
)

// Milestone is something a system says of itself. It is what recovery is divided by, and is never
// what a fault is proved by.
type Milestone struct {
	Name       string `json:"name"`
	AtNs       int64  `json:"atNs"`           // since T0
	Node       string `json:"node,omitempty"` // that it happened to: the victim of detected
	Checkpoint uint64 `json:"checkpoint,omitempty"`
	Attempt    uint64 `json:"attempt,omitempty"` // deployments of the job so far, from 1
	// Slots are the slots, and so the key ranges, it is about: of reassigned those given away, of
	// restored those whose state is back.
	Slots []int `json:"slots,omitempty"`
	// Bytes of state and how long it took, where that says something.
	Bytes uint64 `json:"bytes,omitempty"`
	// Replayed are the inputs that are read again, where the system counts them: of resumed.
	Replayed uint64 `json:"replayed,omitempty"`
	TookNs   int64  `json:"tookNs,omitempty"`
	Text     string `json:"text,omitempty"` // for people
}

// Planned is a fault of a schedule: a Fault entry has to say what became of it.
type Planned struct {
	ID   int    `json:"id"`
	Text string `json:"text"` // as in "kill worker-2"
	// PlannedNs is the time since T0 it is to happen at; 0 where it waits for a milestone.
	PlannedNs int64 `json:"plannedNs,omitempty"`
}

// Fault is a fault that was injected, or was to be. It is written twice: when it has taken effect
// or has failed to, and again when it is healed.
type Fault struct {
	ID    int      `json:"id"`   // from 1, in the order of the schedule
	Text  string   `json:"text"` // as in "kill worker-2"
	Verb  string   `json:"verb"`
	Nodes []string `json:"nodes"`           // that were picked
	Slots []int    `json:"slots,omitempty"` // the key ranges of these nodes when it happened
	Plane string   `json:"plane,omitempty"` // relay | netns | process
	// PlannedNs is the time since T0 it was to happen at, ActualNs when it took effect by its
	// witness: t0. 0 where there is none.
	PlannedNs int64 `json:"plannedNs"`
	ActualNs  int64 `json:"actualNs,omitempty"`
	// HealedNs is when it was healed or its node was started again; 0 = not, or not yet.
	HealedNs int64    `json:"healedNs,omitempty"`
	Witness  *Witness `json:"witness,omitempty"`
	// During is the phase it was to land in, and Landed says whether it did.
	During string `json:"during,omitempty"`
	Landed bool   `json:"landed,omitempty"`
	// Unsupported says why the system cannot be broken like this: the report prints n/a.
	Unsupported string `json:"unsupported,omitempty"`
	Error       string `json:"error,omitempty"`
}

// Witness is the proof that a fault took effect, by somebody who is not the injector.
type Witness struct {
	Holds bool  `json:"holds"`
	AtNs  int64 `json:"atNs"` // since T0: when the effect was first seen
	// Evidence are sentences, as in "pid 4711 is gone", "no probe from worker-1 to rest in 240ms".
	Evidence []string `json:"evidence"`
	// Missing says what was not seen; empty where the proof is whole.
	Missing string `json:"missing,omitempty"`
}

// Gate says whether the baseline was calm enough to break something.
type Gate struct {
	Fault int    `json:"fault"`
	Open  bool   `json:"open"`
	Why   string `json:"why"`
}

// Residue is what the host still had of the run at its end; it must be empty.
type Residue struct {
	Left []string `json:"left"`
}

// NeverFirst marks, in Firsts, a key range that had no result before the fault either.
const NeverFirst = -1

// Firsts are, for every key range (slot), when the first result came that needed an event due after
// the fault took effect: t4 of that range.
type Firsts struct {
	Fault int `json:"fault"`
	// AtNs is since T0, by slot; 0 where none has come, NeverFirst where the range has no results.
	// Of a query whose results do not tell their range it has one element, for all.
	AtNs []int64 `json:"atNs"`
}

// StretchNs is how long a Stretch is.
const StretchNs = int64(100e6)

// Stretch is 100 ms of a repetition, finer than a tick where something broke. Those of a repetition
// follow each other from T0 on without a gap.
type Stretch struct {
	FromNs    int64  `json:"fromNs"`    // since T0
	Results   uint64 `json:"results"`   // received in it
	Answered  uint64 `json:"answered"`  // slots by which Processed moved in it
	Backlog   uint64 `json:"backlog"`   // the most slots due and not processed at a time in it
	LatencyNs int64  `json:"latencyNs"` // the largest result latency seen in it
}
