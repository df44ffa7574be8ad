// Package summary turns the record of a run into figures with warnings, validity and verdicts. It
// is pure: the record alone decides, so a report rendered years later says the same.
//
//	entries --Trails--> repetitions --rules--> valid | INVALID --+
//	histograms ------------------------------> figures ----------+--> Result, verdicts, exit
//	manifest (limits, claim) ------------------------------------+
package summary

import (
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Schema names the form of a Result, as result.json says it.
const Schema = "streambench/result/v1"

// State is a verdict: it passes, fails, or cannot be told. The worst of several is failing, then
// unknown.
type State string

// The states of a verdict.
const (
	Pass    State = "pass"
	Fail    State = "fail"
	Unknown State = "unknown"
)

// Result is what result.json holds.
type Result struct {
	Schema     string            `json:"schema"`
	Run        string            `json:"run"`
	Scenario   string            `json:"scenario"`
	Start      time.Time         `json:"start"`
	Exit       int               `json:"exit"`     // of all verdicts, by precedence
	State      State             `json:"state"`    // the worst of all verdicts
	Sentence   string            `json:"sentence"` // the whole run in one sentence
	Systems    []System          `json:"systems"`
	Comparison *Comparison       `json:"comparison,omitempty"` // absent of one system at one rate
	Verdicts   []Verdict         `json:"verdicts"`
	Warnings   []record.Warning  `json:"warnings,omitempty"` // of the whole run
	Conditions record.Conditions `json:"conditions"`
	Host       record.Host       `json:"host"`
	LockSHA256 string            `json:"lockSha256"`
}

// System is one system under test over all its repetitions.
type System struct {
	Name string `json:"name"`
	// Of and Rate are set where the system is offered several rates: Name is then the system at one of
	// them, as in flink@20k/s, Of its label and Rate the rate as the scenario has it.
	Of   string `json:"of,omitempty"`
	Rate string `json:"rate,omitempty"`
	// Claim is the delivery guarantee it is held to: that of the run, or a weaker one it declares.
	Claim string `json:"claim"`
	// DeployNs is the longest that it and what it stands on took to be ready.
	DeployNs int64 `json:"deployNs,omitempty"`
	// Figures are by the name of their metric and stand on the kept, valid repetitions alone.
	Figures map[string]Figure `json:"figures"`
	// Results and Ledger are those of the worst repetition: the one with most offences.
	Results     *ResultSet     `json:"results,omitempty"`
	Ledger      *record.Ledger `json:"ledger,omitempty"`
	Search      *Search        `json:"search,omitempty"`
	Headroom    *Headroom      `json:"headroom,omitempty"`
	Cores       *Cores         `json:"cores,omitempty"`
	Mode        []ModeFigure   `json:"mode,omitempty"` // what the mode of the run measured
	Recoveries  []Recovery     `json:"recoveries,omitempty"`
	Twins       []Twin         `json:"twins,omitempty"`
	Repetitions []Repetition   `json:"repetitions"`
}

// Figure is a metric over repetitions. Lo and Hi are the order-statistic interval of at least
// 95 %, absent with fewer than 6 repetitions.
type Figure struct {
	Median   float64          `json:"median"`
	Lo       *float64         `json:"lo,omitempty"`
	Hi       *float64         `json:"hi,omitempty"`
	N        int              `json:"n"`
	Unit     record.Unit      `json:"unit"`
	Drift    *Drift           `json:"drift,omitempty"` // absent with too few repetitions to tell
	Warnings []record.Warning `json:"warnings,omitempty"`
}

// ResultSet is what a system delivered: its size and its digest of 16 hexadecimal digits.
type ResultSet struct {
	Count  uint64 `json:"count"`
	Digest string `json:"digest"`
}

// Status says what became of a repetition.
type Status string

// The statuses of a repetition. Only a valid one has figures.
const (
	Valid   Status = "valid"
	Invalid Status = "INVALID"
	Failed  Status = "failed"  // the system could not be deployed or died
	NotRun  Status = "not run" // the run ended before its turn
)

// Reason says why a repetition is not valid, and what to do about it.
type Reason struct {
	Code     string     `json:"code"` // of its validity rule, or "failed"
	Text     string     `json:"text"`
	Remedy   string     `json:"remedy,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is a figure a verdict stands on, beside the limit it was held against.
type Evidence struct {
	What     string `json:"what"`
	Measured string `json:"measured"`
	Limit    string `json:"limit"`
}

// Repetition is one system in one block.
type Repetition struct {
	Rep      int                `json:"rep"`
	Kept     bool               `json:"kept"`           // false for the block that is discarded
	Twin     bool               `json:"twin,omitempty"` // without the faults, in no figure
	Status   Status             `json:"status"`
	Reasons  []Reason           `json:"reasons,omitempty"`
	Figures  map[string]float64 `json:"figures,omitempty"`
	Results  *ResultSet         `json:"results,omitempty"`
	Ledger   *record.Ledger     `json:"ledger,omitempty"`
	Warnings []record.Warning   `json:"warnings,omitempty"`
	Config   map[string]string  `json:"config,omitempty"`
	// SteadyFromNs and SteadyToNs bound steady, in ns since T0.
	SteadyFromNs int64 `json:"steadyFromNs,omitempty"`
	SteadyToNs   int64 `json:"steadyToNs,omitempty"`
}

// Verdict is the answer to one question about a run. Exit is the code it asks for, 0 for a pass.
type Verdict struct {
	System   string     `json:"system,omitempty"`
	Rep      int        `json:"rep,omitempty"`  // 0 where all repetitions together decide
	Rule     string     `json:"rule"`           // validity, guarantee, limit, failure, interrupted, …
	Code     string     `json:"code,omitempty"` // of the validity rule that was broken
	Metric   string     `json:"metric,omitempty"`
	State    State      `json:"state"`
	Exit     int        `json:"exit"`
	Text     string     `json:"text"`
	Remedy   string     `json:"remedy,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// The rules verdicts are given under.
const (
	RuleValidity    = "validity"
	RuleGuarantee   = "guarantee"
	RuleLimit       = "limit"
	RuleRecovery    = "recovery" // a limit on a figure of recovery
	RuleFault       = "fault"    // a fault the system does not support
	RuleFailure     = "failure"
	RuleSearch      = "search"
	RuleMode        = "mode"
	RuleRepair      = "repair"
	RuleAgreement   = "agreement" // of systems with each other, where there is no oracle
	RuleInterrupted = "interrupted"
)

// Exit codes a verdict can ask for.
const (
	exitInvalid     = 6
	exitLimit       = 10
	exitGuarantee   = 12
	exitRecovery    = 13
	exitInterrupted = 130
)

// precedence orders exit codes, the most telling first.
var precedence = []int{1, 130, 5, 4, 6, 12, 13, 10, 11, 20, 21, 22, 23}

// Exit picks the code of a process from the codes of its verdicts; 0 if all are.
func Exit(codes ...int) int {
	best := len(precedence)
	for _, c := range codes {
		for i, p := range precedence {
			if c == p && i < best {
				best = i
			}
		}
	}
	if best == len(precedence) {
		return 0
	}
	return precedence[best]
}

// Base is the label of the system itself, whatever rate it is offered.
func (s *System) Base() string {
	if s.Of != "" {
		return s.Of
	}
	return s.Name
}

func (r Repetition) counts() bool { return r.Kept && !r.Twin && r.Status == Valid }
