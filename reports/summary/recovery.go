package summary

// Recovery is what one fault of a repetition cost, from the record alone:
//
//	t0        t1        t2        t3             t4            t5       t6
//	|-detect--|reassign-|-restore-|-first result-|--catch-up---|-settle-|
//	fault     detected  reassigned restored      first valid   backlog  10 s in
//	effective                                    result        in band  band
//
// Times are ns since T0, durations ns. What there was no evidence for is nil or left out, never 0.
type Recovery struct {
	Rep   int      `json:"rep"`
	Fault int      `json:"fault"`
	Text  string   `json:"text"`
	Verb  string   `json:"verb"`
	Nodes []string `json:"nodes,omitempty"`
	Plane string   `json:"plane,omitempty"`
	// Unsupported says why the system cannot be broken like this, Excluded why nothing is said of a
	// fault that did happen; both empty else.
	Unsupported string `json:"unsupported,omitempty"`
	Excluded    string `json:"excluded,omitempty"`

	Instants []Instant       `json:"instants,omitempty"` // t0..t6, those resolved and those not
	Phases   []RecoveryPhase `json:"phases,omitempty"`
	TotalNs  *int64          `json:"totalNs,omitempty"` // t6 - t0; the phases add up to it
	HealedNs int64           `json:"healedNs,omitempty"`
	// ResolutionNs is how far apart results are that move t4, and so what an outage is known to.
	ResolutionNs int64 `json:"resolutionNs,omitempty"`
	Band         *Band `json:"band,omitempty"`

	// Ranges are the key ranges affected, All how many there are.
	Ranges []RangeRecovery `json:"ranges,omitempty"`
	All    int             `json:"all,omitempty"`
	// Outage is over the ranges affected; PartialNs is their sum over the number of all ranges.
	Outage    *Spread `json:"outage,omitempty"`
	PartialNs *int64  `json:"partialNs,omitempty"`
	// Tax is t3 - t1 over the ranges affected, TaxShare its largest as a part of the total, Work
	// its sum in range-seconds and RestoredB the state that was read back.
	Tax       *Spread  `json:"tax,omitempty"`
	TaxShare  *float64 `json:"taxShare,omitempty"`
	Work      *float64 `json:"work,omitempty"`
	RestoredB uint64   `json:"restoredB,omitempty"`

	Dip         *Dip         `json:"dip,omitempty"`
	LatencyArea *float64     `json:"latencyArea,omitempty"` // event-seconds above the usual
	Law         *Law         `json:"law,omitempty"`
	Replay      *Replay      `json:"replay,omitempty"`
	Checkpoints *Checkpoints `json:"checkpoints,omitempty"`
	Cost        *Cost        `json:"cost,omitempty"`
	Notes       []string     `json:"notes,omitempty"` // in sentences: what is not measured, and why
}

// Instant is one of t0..t6.
type Instant struct {
	Name string `json:"name"` // t0 .. t6
	Is   string `json:"is"`   // what happened, as in "detected"
	// AtNs is nil where there is no evidence; Why says then what was missing, else what the
	// evidence is.
	AtNs *int64 `json:"atNs,omitempty"`
	Why  string `json:"why"`
	// ResolutionNs is how exactly it is known; 0 for to the clock.
	ResolutionNs int64 `json:"resolutionNs,omitempty"`
}

// RecoveryPhase is the time between two instants. Where one in between is unresolved it is several
// phases joined: "detect + reassign".
type RecoveryPhase struct {
	Name string `json:"name"`
	Ns   int64  `json:"ns"`
	From int    `json:"from"` // instant it begins with, 0..5
	To   int    `json:"to"`   // instant it ends with, 1..6
}

// Spread is the largest and the mean of a duration over key ranges.
type Spread struct {
	MaxNs  int64 `json:"maxNs"`
	MeanNs int64 `json:"meanNs"`
}

// RangeRecovery is what a fault cost one key range.
type RangeRecovery struct {
	Range      int    `json:"range"`
	RestoredNs *int64 `json:"restoredNs,omitempty"` // t3
	FirstNs    *int64 `json:"firstNs,omitempty"`    // t4
	OutageNs   *int64 `json:"outageNs,omitempty"`   // t4 - t0
	TaxNs      *int64 `json:"taxNs,omitempty"`      // t3 - t1
}

// Band is what counts as undisturbed, from up to 30 s before the fault in slices of 1 s.
type Band struct {
	FromNs int64 `json:"fromNs"`
	ToNs   int64 `json:"toNs"`
	// Of says that it is that of an earlier fault, as there was no calm of 10 s in between.
	Of         int     `json:"of,omitempty"`
	OfferedAt  float64 `json:"offeredAt"` // λ, events/s
	RateFrom   float64 `json:"rateFrom"`  // 0.95 λ
	P99Ns      int64   `json:"p99Ns,omitempty"`
	BacklogTo  float64 `json:"backlogTo"` // events
	MedianNs   int64   `json:"medianNs,omitempty"`
	LongestNs  int64   `json:"longestNs,omitempty"` // largest latency of a stretch
	ResolvedNs int64   `json:"resolvedNs"`          // longest time between two moves of processed
	// BurstNs is how far apart answers come where they come in bursts: as many as are due in it may
	// be missing of the rate.
	BurstNs int64 `json:"burstNs,omitempty"`
}

// Dip is what was not answered in time between t0 and t6.
type Dip struct {
	Area      float64 `json:"area"`      // events
	Seconds   float64 `json:"seconds"`   // of the offered rate: an equivalent outage
	Depth     float64 `json:"depth"`     // 1 - least rate / offered rate, in slices of 1 s
	LongestNs int64   `json:"longestNs"` // longest time without a result
	Peak      float64 `json:"peak"`      // largest backlog, events
	SliceNs   int64   `json:"sliceNs"`   // the area is summed over slices of so much
}

// Law is the catch-up law T_c = D·ρ/(1-ρ) beside what was measured. D is what there was to catch up
// with, as time of load: the backlog at the first result, less what the band allows.
type Law struct {
	Capacity float64 `json:"capacity"` // μ_max, events/s
	// Estimate is set where the capacity is the highest rate answered during catch-up, and not a
	// sustainable rate that was searched; From says where it is from.
	Estimate   bool    `json:"estimate,omitempty"`
	From       string  `json:"from"`
	Share      float64 `json:"share"`    // ρ
	BehindNs   int64   `json:"behindNs"` // D
	LawNs      int64   `json:"lawNs"`
	MeasuredNs int64   `json:"measuredNs"` // t5 - t4
	Residual   float64 `json:"residual"`   // measured / law - 1
}

// Replay is the input that was processed twice.
type Replay struct {
	Events  float64 `json:"events"`            // λ·(t0 - last durable commit)
	SinceNs int64   `json:"sinceNs"`           // that commit, since T0
	Counted uint64  `json:"counted,omitempty"` // by the system itself
	// Nothing is set where the system restored no state: then nothing was processed twice.
	Nothing bool `json:"nothing,omitempty"`
}

// Cost is what protection and recovery cost a day, in seconds of the offered rate. Premium is nil
// where no capacity without protection is known: then there is no cost of a day.
type Cost struct {
	Premium *float64 `json:"premium,omitempty"`
	ADayNs  *int64   `json:"aDayNs,omitempty"` // at one fault a day
	FaultNs int64    `json:"faultNs"`          // of one fault: dip area / λ
}

// Twin is a repetition without the faults beside those with them.
type Twin struct {
	Rep     int                   `json:"rep"`
	Against int                   `json:"against"` // the repetition with the faults
	Figures map[string][2]float64 `json:"figures"` // of both, the twin first
	// SameResults says whether both delivered the same set of results.
	SameResults bool   `json:"sameResults"`
	Why         string `json:"why,omitempty"` // there is nothing to compare
}
