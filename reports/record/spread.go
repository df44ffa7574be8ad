package record

// Spread says when what offends in a ledger was due, so that it can be told whether a fault explains
// it: a result by its trigger, an event by itself.
type Spread struct {
	Lost       Extent `json:"lost"`       // results that never came
	Duplicated Extent `json:"duplicated"` // further copies of results
	// Missing are events that wrong aggregates lack, Twice events they hold more than once.
	Missing Extent `json:"missing"`
	Twice   Extent `json:"twice"`
	// Other are wrong results that neither explains: another value of the right events, as many
	// events but not the same, or a result that does not tell what is in it.
	Other Extent `json:"other"`
	// StateNs is how much of the schedule the state of the query can hold, by its windows; -1 where
	// it has no bound.
	StateNs int64 `json:"stateNs"`
}

// Extent is a number of results or events and the due times, in ns since T0, of the first and the
// last of them. Untimed are those of them of which no due time is known.
type Extent struct {
	N       uint64 `json:"n"`
	FromNs  int64  `json:"fromNs,omitempty"`
	ToNs    int64  `json:"toNs,omitempty"`
	Untimed uint64 `json:"untimed,omitempty"`
}

// Add takes n results or events that were due at a time since T0.
func (x *Extent) Add(dueNs int64, n uint64) {
	if x.N == x.Untimed || dueNs < x.FromNs {
		x.FromNs = dueNs
	}
	if x.N == x.Untimed || dueNs > x.ToNs {
		x.ToNs = dueNs
	}
	x.N += n
}

// AddUntimed takes n results or events of which no due time is known.
func (x *Extent) AddUntimed(n uint64) { x.N, x.Untimed = x.N+n, x.Untimed+n }
