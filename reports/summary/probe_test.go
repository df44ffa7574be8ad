package summary_test

import (
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

// TestAProbeIsJudgedByTheRulesOfARepetition plants one defect after the other in a repetition and
// asks whether its rate is sustainable.
func TestAProbeIsJudgedByTheRulesOfARepetition(t *testing.T) {
	grows := edit(func(e *record.Entry) {
		if e.Tick != nil {
			e.Tick.Backlog = uint64(e.Tick.ScheduleNs / 1e6)
		}
	})
	stuck := func(r *recordtest.Run) { // nothing is answered in steady, half of it not even taken
		edit(func(e *record.Entry) {
			if e.Tick != nil {
				e.Tick.Backlog, e.Tick.Processed = 0, 0
			}
		})(r)
		repEnd(func(e *record.End) {
			e.AcceptedAtSteadyEnd, e.BlockedAtSteadyEnd = e.DueAtSteadyEnd/2, e.DueAtSteadyEnd/2
		})(r)
	}
	silent := edit(func(e *record.Entry) {
		if e.Tick != nil {
			e.Tick.Backlog, e.Tick.Processed = 0, 0
		}
	})
	noOracle := drop(func(e *record.Entry) bool { return e.Ledger != nil })
	both := func(a, b func(*recordtest.Run)) func(*recordtest.Run) {
		return func(r *recordtest.Run) { a(r); b(r) }
	}
	lagging := map[string]int64{"result": 4 * ms, "driver": 2 * ms, "canary": ms / 10}
	tests := []struct {
		why            string
		plant          func(*recordtest.Run)
		samples        map[string]int64
		limit          int64 // of latency.p99; 0 for none
		answer, reason string
		text           string
	}{
		{"nothing is wrong", nil, nil, 0, record.ProbePass, "", "latency p99"},
		{"a backlog that grows", grows, nil, 0, record.ProbeFail, "backlog",
			"grew by 1 000 events a second"},
		{"a backlog that grows needs no oracle", both(grows, noOracle), nil, 0,
			record.ProbeFail, "backlog", ""},
		{"a system too slow to answer at all", stuck, nil, 0, record.ProbeFail, "backlog",
			"had not been taken"},
		{"too few results to tell", silent, nil, 0, record.ProbeInvalid, "few-results",
			"lengthen load.steady"},
		{"a limit that is broken", nil, map[string]int64{"result": 40 * ms}, 20 * ms,
			record.ProbeFail, "limit", "latency.p99 was 40.0 ms, limit ≤ 20ms"},
		{"a limit that is kept", nil, map[string]int64{"result": 10 * ms}, 20 * ms,
			record.ProbePass, "", ""},
		{"a limit on what was not measured", nil, map[string]int64{"canary": ms}, 20 * ms,
			record.ProbeInvalid, "silent-metric", "latency.p99"},
		{"a driver that lags only makes it harder", nil, lagging, 20 * ms, record.ProbePass, "", ""},
		{"a limit that the driver's lag may have broken", nil, lagging, 3 * ms,
			record.ProbeInvalid, "driver-lag", "the driver lagged"},
		{"a backlog that the driver's lag may have made", grows, lagging, 0,
			record.ProbeInvalid, "driver-lag", ""},
		{"a driver too slow for the rate", repEnd(func(e *record.End) {
			e.AcceptedAtSteadyEnd = e.DueAtSteadyEnd * 9 / 10
		}), nil, 0, record.ProbeInvalid, "behind-schedule", "of 1.50M/s offered"},
		{"a result that was lost", ledger(func(l *record.Ledger) { l.Matched--; l.Lost++ }), nil, 0,
			record.ProbeFail, "oracle", "1 lost"},
		{"no answer of the oracle", noOracle, nil, 0, record.ProbeInvalid, "oracle-inconclusive", ""},
		{"a system that died", func(r *recordtest.Run) {
			edit(func(e *record.Entry) {
				if e.Ledger != nil {
					e.Kind, e.Ledger = record.KindError, nil
					e.Error = &record.Failure{Phase: "drain", Text: "out of memory", Exit: 5}
				}
			})(r)
		}, nil, 0, record.ProbeFail, "failure", "it failed in drain: out of memory"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			r := recordtest.New(t, recordtest.Options{})
			log := r.Log(t)
			if tt.samples != nil {
				log = planted(t, tt.samples)
			}
			if tt.plant != nil {
				tt.plant(r)
			}
			var limits []record.Limit
			if tt.limit > 0 {
				limits = []record.Limit{{Metric: "latency.p99", Value: float64(tt.limit),
					Text: "20ms"}}
			}
			var entries []record.Entry
			for _, e := range r.Entries {
				if e.Rep == 1 {
					entries = append(entries, e)
				}
			}
			p := summary.Probed(&r.Manifest, entries, log, limits)
			if p.Answer != tt.answer || p.Reason != tt.reason || !strings.Contains(p.Text, tt.text) {
				t.Errorf("%+v, want %s for %q with %q", p, tt.answer, tt.reason, tt.text)
			}
		})
	}
}

func TestRepetitionsAtTheRateFoundConfirmIt(t *testing.T) {
	found := recordtest.Bracket
	found.Offered = found.Passed
	grows := edit(func(e *record.Entry) {
		if e.Tick != nil {
			e.Tick.Backlog = uint64(e.Tick.ScheduleNs / 1e6)
		}
	})
	r := recordtest.New(t, recordtest.Options{Kept: 3})
	r.Search(recordtest.Probes, &found, 0)
	s := summarize(t, r, r.Log(t)).Systems[0].Search
	if s.Repeats != 4 || s.Confirmed != 4 {
		t.Errorf("a probe and 3 repetitions confirm %d of %d times", s.Confirmed, s.Repeats)
	}
	grows(r)
	res := summarize(t, r, r.Log(t))
	if s := res.Systems[0].Search; s.Confirmed != 1 || s.Unsettled == "" || res.Exit != 6 ||
		!mentions(res, "did not hold over the whole of steady in any of 3 repetitions") {
		t.Errorf("no repetition held: exit %d, %+v", res.Exit, s)
	}
	share := found
	share.Offered = 1.1e6
	r = recordtest.New(t, recordtest.Options{})
	r.Search(recordtest.Probes, &share, 0)
	s = summarize(t, r, r.Log(t)).Systems[0].Search
	if s.Repeats != 1 || !strings.Contains(s.Text(), "offered 1.10M events/s, 68% of it") {
		t.Errorf("a repetition at a share of the rate: %s", s.Text())
	}
}
