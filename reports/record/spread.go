package record

// Spread says when what offends in a ledger was due, so that it can be told whether a fault
// explains it: a result by its trigger, an event by itself.
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

// Extent is a number of results or events and the parts of the schedule they were due in, in order.
// Untimed are those of them of which no due time is known.
type Extent struct {
	N       uint64 `json:"n"`
	Untimed uint64 `json:"untimed,omitempty"`
	Parts   []Part `json:"parts,omitempty"`
}

// Part is a number of results or events and the due times, in ns since T0, of the first and the
// last of them.
type Part struct {
	N      uint64 `json:"n"`
	FromNs int64  `json:"fromNs"`
	ToNs   int64  `json:"toNs"`
}

// Span is the due times of the first and the last, in ns since T0; ok is false where none is known.
func (x Extent) Span() (fromNs, toNs int64, ok bool) {
	if len(x.Parts) == 0 {
		return 0, 0, false
	}
	fromNs, toNs = x.Parts[0].FromNs, x.Parts[0].ToNs
	for _, p := range x.Parts {
		fromNs, toNs = min(fromNs, p.FromNs), max(toNs, p.ToNs)
	}
	return fromNs, toNs, true
}
