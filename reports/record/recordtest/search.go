package recordtest

import "github.com/streambench/streambench/reports/record"

// Probes are those of a search that brackets 1.62M to 1.70M events/s, its INVALID probe tried
// again.
var Probes = []record.Probe{
	{Rate: 1e6, Answer: record.ProbePass},
	{Rate: 1.5e6, Answer: record.ProbeInvalid, Reason: "driver",
		Text: "the driver lagged 2.00 ms (p99.9) behind the schedule"},
	{Rate: 1.5e6, Answer: record.ProbePass},
	{Rate: 2.25e6, Answer: record.ProbeFail, Reason: "backlog",
		Text: "backlog grew by 611 000 events a second (95% interval 598 000 to 640 000)"},
	{Rate: 1.62e6, Answer: record.ProbePass},
	{Rate: 1.7e6, Answer: record.ProbeFail, Reason: "latency",
		Text: "p99 was 1.31 s, limit 1s"},
	{Rate: 1.62e6, Answer: record.ProbePass, Confirms: true},
}

// Bracket is the answer of those probes.
var Bracket = record.Bracket{Passed: 1.62e6, Failed: 1.7e6, Reason: "latency",
	Text: "p99 was 1.31 s, limit 1s", Repeats: 1, Confirmed: 1}

// Search plants a search, and a null ceiling in events/s (0 for none), in the record of every
// system.
func (r *Run) Search(probes []record.Probe, b *record.Bracket, ceiling float64) {
	r.Manifest.Conditions.Ceiling = ceiling
	var found []record.Entry
	for _, repeat := range r.Entries[0].Plan.Order {
		if repeat.Rep > 1 {
			continue
		}
		for i := range probes {
			found = append(found, record.Entry{T: firstNs / 2, Kind: record.KindProbe,
				System: repeat.System, Probe: &probes[i]})
		}
		if b != nil {
			found = append(found, record.Entry{T: firstNs / 2, Kind: record.KindBracket,
				System: repeat.System, Bracket: b})
		}
	}
	r.Entries = append(append(r.Entries[:1:1], found...), r.Entries[1:]...)
}
