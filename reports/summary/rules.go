package summary

import (
	"slices"

	"github.com/streambench/streambench/reports/record"
)

// Rule is one way in which a measurement can be worthless.
type Rule struct {
	Code string
	// Means says what the rule holds, with its limit, and why a figure would be wrong without it.
	Means string
	// broken returns what was found, or a finding without a text where the rule holds.
	broken func(s *subject) finding
}

// finding is what a rule found: the reason in words, the figures behind it, what to do about it.
type finding struct {
	text, remedy string
	evidence     []Evidence
}

// Rules are all validity rules, in the order in which reasons are listed. A repetition that breaks
// one is INVALID: its figures are not printed.
func Rules() []Rule { return slices.Concat(rules, faultRules) }

// FindRule finds a validity rule by its code.
func FindRule(code string) (Rule, bool) {
	for _, r := range Rules() {
		if r.Code == code {
			return r, true
		}
	}
	return Rule{}, false
}

var rules = []Rule{
	{"interrupted", "The run was stopped by hand before the repetition ended. What is missing could " +
		"be the worst of it, so nothing is said about the part that is there.", interrupted},
	{"cut-off", "The record or the latency log ends in the middle: the tool was killed, or the disk " +
		"was full. What is missing could be the worst of it.", cutOff},
	{"no-steady-state", "Warm-up must end in a steady state (throughput and p99 without a change " +
		"point over 10 slices of 1 s, or the fixed time the scenario gives). Without one, figures " +
		"would mix the start with the rest.", noSteadyState},
	{"behind-schedule", "Events accepted, and those the system itself kept waiting, must be at " +
		"least 99.9% of the schedule by the end of steady. A driver that falls behind tests a lower " +
		"load than it reports. Waiting for the system is latency and backlog, and does not count " +
		"here.", behindSchedule},
	{"driver-lag", "The driver may not lag behind its own schedule (p99.9) by more than 10% of the " +
		"result latency's p99, unless by less than 1 ms or by less than the canary, a thread that " +
		"only sleeps. Latency counts from the due time, so the driver's lag would pass for the " +
		"system's.", driverLag},
	{"driver-share", "A driver with cores of its own may use at most 80% of them. Beyond that it " +
		"has no room to catch up, and its queueing is measured in place of the system's.", driverBusy},
	{"oracle-inconclusive", "The oracle must have read the whole input and every result. Otherwise " +
		"what is missing may be lost, or may only be late.", oracleInconclusive},
	{"sends-unknown", "Every event handed to the transport must be acknowledged or refused. An " +
		"event of unknown outcome may or may not be in the input, so no result can be told right from " +
		"wrong.", sendsUnknown},
	{"samples-refused", "Every latency must lie between 0 and an hour, and no merge of histograms " +
		"may drop one. A clock that was set gives such samples, and percentiles without them are " +
		"too good.", samplesRefused},
	{"spans-dropped", "Every span of a sampled trace must be kept: the slowest are dropped first, " +
		"and the picture of where time goes would be too good.", spansDropped},
	{"config-differs", "The settings read back from the running system must be those declared: " +
		"transport, format, guarantee, workers. Another guarantee is another measurement.",
		configDiffers},
}

// subject is what a validity rule looks at: one repetition that began and did not fail.
type subject struct {
	manifest *record.Manifest
	trail    *Trail
	log      *record.HistogramLog
	figures  map[string]float64 // measured, whether or not they may be printed
	stopped  bool               // the run was interrupted
}

// judge applies every rule. What a repetition that was stopped halfway also lacks (a steady state,
// a ledger) follows from that and is not listed again.
func judge(s *subject) []Reason {
	var reasons []Reason
	for _, r := range Rules() {
		f := r.broken(s)
		if f.text == "" {
			continue
		}
		reasons = append(reasons,
			Reason{Code: r.Code, Text: f.text, Remedy: f.remedy, Evidence: f.evidence})
		if r.Code == "interrupted" || r.Code == "cut-off" {
			break
		}
	}
	return reasons
}

// questions are what verdicts other than those of validity answer, by their rule.
var questions = map[string]string{
	RuleValidity: "A figure is printed only if the measurement behind it was sound to its end.",
	RuleGuarantee: "The oracle computes every result from the stream itself and compares. Under any " +
		"guarantee, and without a fault, nothing may be lost, doubled, wrong, invented or unreadable. " +
		"With one, exactly-once still allows nothing. At-most-once may lose what was due from the " +
		"state the fault destroyed to the first result after it, and count nothing twice. " +
		"At-least-once may answer again, and count again, what was due from the last durable commit to " +
		"that result, and lose nothing. What lies outside that interval convicts.",
	RuleLimit: "A limit of slo is held against the median over the valid repetitions; a count of " +
		"the ledger against the worst of them. A limit without a figure to judge is unknown, never kept.",
	RuleRecovery: "A limit on a figure of recovery is held against the median over the valid " +
		"repetitions of the worst fault of each. A fault whose return to the band was not seen has no " +
		"recovery time: the limit is then unknown, never kept.",
	RuleFault: "A system that cannot be broken in some way, by what it is or by what this host can " +
		"do, is n/a there: what it does under that fault is unproven, not good.",
	RuleSearch: "The sustainable rate is the highest at which, for a whole steady phase, backlog " +
		"does not grow (its Theil-Sen slope has a 95% interval that includes or lies below 0), the " +
		"latency limit holds and the oracle passes. It is found by rising, then halving, and lies " +
		"between the highest rate that passed and the lowest that failed.",
	RuleRepair: "A dead letter must be enough to make good for it: the events that a system set " +
		"aside, repaired and replayed, must give exactly the results that were missing, each once and " +
		"right, and no dead letter again.",
	RuleAgreement: "Logic of a user's own has no oracle (expect: none). Systems that were offered " +
		"the same events then have to give results of the same number and digest. Equal digests say " +
		"that they agree, not that they are right.",
	RuleFailure: "A system that could not be deployed, or died by itself, is a gap in the report. " +
		"Other systems are measured all the same.",
	RuleInterrupted: "The run was stopped by hand. What there is of the record was kept; a partial " +
		"measurement is none.",
}

// Meaning says what a verdict is about: the validity rule that was broken, or the question it
// answers.
func Meaning(v Verdict) string {
	if r, ok := FindRule(v.Code); ok {
		return r.Means
	}
	if v.Rule == RuleMode {
		return modeQuestion(v.Code)
	}
	return questions[v.Rule]
}
