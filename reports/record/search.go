package record

// The answers a probe of a search can give.
const (
	ProbePass    = "pass"
	ProbeFail    = "fail"
	ProbeInvalid = "invalid" // the measurement failed, not the rate: it is tried again
)

// FirstProbe is the number of the first repetition of a system that is a probe. Those of the plan
// are below; what the record holds of a probe beside its answer is no part of any figure.
const FirstProbe = 1001

// Probe is one rate that a search for the sustainable rate tried.
type Probe struct {
	Rate   float64 `json:"rate"`             // events/s offered
	Answer string  `json:"answer"`           // ProbePass, ProbeFail or ProbeInvalid
	Reason string  `json:"reason,omitempty"` // why not, in one word: backlog, latency, oracle, …
	Text   string  `json:"text,omitempty"`   // the same with its figures
	// Rep numbers the repetition that the probe was, from FirstProbe; one that confirms may be a
	// repetition of the plan.
	Rep int `json:"rep,omitempty"`
	// Confirms is set where a bound of the bracket was tried once more.
	Confirms bool `json:"confirms,omitempty"`
	// Unprotected is set where the system ran without checkpoints, to learn what they cost.
	Unprotected bool `json:"unprotected,omitempty"`
	// Drain is set where no rate was offered: the system drained a topic that was full. Rate is
	// then what it reached.
	Drain *Drain `json:"drain,omitempty"`
}

// Drain is how fast a system answered an input that was all there before it started: an estimate of
// its capacity. The stretch that counts begins and ends with results, after the start-up.
type Drain struct {
	Events     uint64  `json:"events"`     // in the topic
	FilledNs   int64   `json:"filledNs"`   // when they were, since T0
	FromNs     int64   `json:"fromNs"`     // the stretch, since T0
	ToNs       int64   `json:"toNs"`       //
	EventsPerS float64 `json:"eventsPerS"` // over the stretch
	// Started is set where results came at once and not bit by bit: the stretch is then the whole
	// drain, the start-up of the job included.
	Started bool `json:"started,omitempty"`
	// Cores are those the roles used over the stretch.
	SystemCores float64 `json:"systemCores,omitempty"`
	BrokerCores float64 `json:"brokerCores,omitempty"`
	ToolCores   float64 `json:"toolCores,omitempty"` // collecting, and what else this process does
	// Together is the most that this host allows where the driver works beside brokers and system:
	// by the processor time that filling and draining took of an event, and by how fast the driver
	// could fill; 0 for not known.
	Together float64 `json:"together,omitempty"`
}

// Most is what a system can be offered by the estimate: what it drained, or what the host allows
// with the driver at work, if that is less.
func (d *Drain) Most() float64 {
	if d.Together > 0 && d.Together < d.EventsPerS {
		return d.Together
	}
	return d.EventsPerS
}

// Bracket is the answer of a search: the highest rate that passed and the lowest that failed.
type Bracket struct {
	Passed float64 `json:"passed"`           // events/s; 0 where none did
	Failed float64 `json:"failed,omitempty"` // events/s; 0 where none did
	Reason string  `json:"reason,omitempty"` // why Failed did, in one word
	Text   string  `json:"text,omitempty"`   // the same with its figures
	// Repeats are how often Passed was tried again after the search, Confirmed how often it passed.
	Repeats   int `json:"repeats,omitempty"`
	Confirmed int `json:"confirmed,omitempty"`
	// Estimate is set where Passed is no rate that was offered but an ESTIMATE by a drain.
	Estimate *Drain `json:"estimate,omitempty"`
	// Limits are those of the search, beside a backlog that does not grow.
	Limits []Limit `json:"limits,omitempty"`
	// Offered is the rate of the plan's repetitions: Passed, or the share of it that is asked for.
	Offered float64 `json:"offered,omitempty"`
	// From is the run the bracket was found in, where that is an earlier one.
	From string `json:"from,omitempty"`
	// Unprotected is the highest rate that passed without checkpoints, in events/s; 0 where that
	// was not searched or, as UnprotectedWhy says, not found.
	Unprotected    float64 `json:"unprotected,omitempty"`
	UnprotectedWhy string  `json:"unprotectedWhy,omitempty"`
	// Unsettled says why the search ended without an answer; empty for one.
	Unsettled string `json:"unsettled,omitempty"`
}
