package record

// FirstRepair is the number of the first repetition of a system that answers repaired dead letters:
// those of repetition 1 of the plan. Those of the plan, of probes and of bounded inputs are below.
const FirstRepair = 3001

// Repair is what became of a repetition's dead letters: the events they name, repaired, were
// replayed through another deployment of the system.
type Repair struct {
	Letters uint64 `json:"letters"` // replayed
	Ns      int64  `json:"ns"`      // from the first of them until every result was there
	// Ledger is the oracle's account of the results, of which it expects those of the letters and no
	// others.
	Ledger *Ledger `json:"ledger,omitempty"`
	// Failure is why the replay could not be carried out; nil if it was.
	Failure *Failure `json:"failure,omitempty"`
}
