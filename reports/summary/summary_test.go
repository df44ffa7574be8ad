package summary_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

func summarize(t *testing.T, r *recordtest.Run, log *record.HistogramLog) summary.Result {
	t.Helper()
	res, err := summary.Summarize(r.Manifest, r.Entries, log)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// planted makes a log that holds n samples of a latency under each stage given.
func planted(t *testing.T, samples map[string]int64) *record.HistogramLog {
	t.Helper()
	var b bytes.Buffer
	h, err := record.NewHistograms(&b, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{record.StageResult, record.StageDriver, record.StageCanary} {
		s, err := h.Open(record.Tag{System: "native", Rep: 1, Stage: stage})
		if err != nil {
			t.Fatal(err)
		}
		if ns := samples[stage]; ns > 0 {
			s.RecordN(0, ns, 100_000)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := record.ReadHistograms(&b, "planted")
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestAGoodRunPassesWithTheFiguresOfItsRecord(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	res := summarize(t, r, r.Log(t))
	if res.Exit != 0 || res.State != summary.Pass {
		t.Fatalf("exit %d, %s: %+v", res.Exit, res.Sentence, res.Verdicts)
	}
	s := res.Systems[0]
	want := map[string][2]float64{ // least and most
		"offered": {1.5e6, 1.5e6}, "accepted": {1.499e6, 1.501e6}, "emitted": {49e3, 51e3},
		"latency.p50": {1.5e6, 2.2e6}, "latency.p99": {2.5e6, 5e6}, "lag.p50": {20e3, 30e3},
		"backlog": {3000, 15000}, "blocked": {0, 0}, "lost": {0, 0}, "late": {0, 0},
		"cpu": {0.619, 0.621}, "cpu.driver": {0.206, 0.207}, "cpu.system": {0.413, 0.414},
		"memory": {214 << 20, 214 << 20},
	}
	for name, b := range want {
		f, ok := s.Figures[name]
		if !ok || f.Median < b[0] || f.Median > b[1] || f.N != 1 || f.Lo != nil {
			t.Errorf("%s is %+v, want %v..%v of one run", name, f, b[0], b[1])
		}
	}
	if s.Results.Digest != "6f8c3f0af890b059" || s.Results.Count != s.Ledger.Matched {
		t.Errorf("results %+v", s.Results)
	}
	for name, f := range s.Figures {
		if m, ok := record.FindMetric(name); !ok || m.Unit != f.Unit || math.IsNaN(f.Median) {
			t.Errorf("figure %s: %+v is not the metric's", name, f)
		}
	}
}

func TestRateMaxHasThroughputAndNeitherLatencyNorLag(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	r.Manifest.Conditions.RateMax = true
	r.Manifest.Limits = nil
	r.Change(func(e *record.Entry) bool {
		if e.End != nil && e.Rep > 0 {
			e.End.DueAtSteadyEnd = 0
		}
		return true
	})
	res := summarize(t, r, r.Log(t))
	f := res.Systems[0].Figures
	if res.Exit != 0 || f["accepted"].Median < 1.499e6 {
		t.Errorf("exit %d, accepted %v: %v", res.Exit, f["accepted"].Median, res.Sentence)
	}
	for name := range f {
		if strings.HasPrefix(name, "latency.") || strings.HasPrefix(name, "lag.") ||
			name == "offered" || name == "backlog" || name == "blocked" {
			t.Errorf("%s is reported", name)
		}
	}
}

// defect is a planted fault of a measurement and what must come of it.
type defect struct {
	why     string
	plant   func(r *recordtest.Run)
	samples map[string]int64 // of the log, where it is planted too
	code    string           // reason of the INVALID repetition; empty: it stays valid
	exit    int
	text    string // part of a verdict's text or remedy
}

func edit(f func(e *record.Entry)) func(r *recordtest.Run) {
	return func(r *recordtest.Run) {
		r.Change(func(e *record.Entry) bool { f(e); return true })
	}
}

func drop(which func(e *record.Entry) bool) func(r *recordtest.Run) {
	return func(r *recordtest.Run) {
		r.Change(func(e *record.Entry) bool { return !which(e) })
	}
}

func repEnd(f func(end *record.End)) func(r *recordtest.Run) {
	return edit(func(e *record.Entry) {
		if e.End != nil && e.Rep > 0 {
			f(e.End)
		}
	})
}

func ledger(f func(l *record.Ledger)) func(r *recordtest.Run) {
	return edit(func(e *record.Entry) {
		if e.Ledger != nil {
			f(e.Ledger)
		}
	})
}

const ms = int64(time.Millisecond)

var invalid = []defect{
	{"a driver that offered less than 99.9 % of the schedule", repEnd(func(e *record.End) {
		e.AcceptedAtSteadyEnd = e.DueAtSteadyEnd - e.DueAtSteadyEnd/900
	}), nil, "behind-schedule", 6, "of 1.50M/s offered (99.8% of the schedule, CPU 48%, 2 cores)"},
	{"events the system had no room for are not the driver's", repEnd(func(e *record.End) {
		e.AcceptedAtSteadyEnd, e.BlockedAtSteadyEnd = e.DueAtSteadyEnd/2, e.DueAtSteadyEnd/2
	}), nil, "", 0, ""},
	{"a remedy at nine tenths of the rate reached", repEnd(func(e *record.End) {
		e.AcceptedAtSteadyEnd = e.DueAtSteadyEnd * 8 / 10
	}), nil, "behind-schedule", 6, "load.rate: 1M/s"},
	{"nothing known about the schedule", repEnd(func(e *record.End) { e.DueAtSteadyEnd = 0 }),
		nil, "behind-schedule", 6, "does not say how much was due"},
	{"a driver lag above 10 % of p99, 1 ms and the canary", nil,
		map[string]int64{"result": 4 * ms, "driver": 2 * ms, "canary": 1 * ms}, "driver-lag", 6,
		"the driver lagged 2.00 ms (p99.9) behind the schedule, against a latency p99 of 4.00 ms"},
	{"a driver that lagged beside another run", func(r *recordtest.Run) {
		r.Entries = slices.Insert(r.Entries, 5, record.Entry{T: r.Entries[5].T,
			Kind: record.KindWarning, System: "native", Rep: 1,
			Warning: &record.Warning{Code: record.CodeSharedHost, Text: "another run"}})
	}, map[string]int64{"result": 4 * ms, "driver": 2 * ms, "canary": 1 * ms}, "driver-lag", 6,
		"run it without another run beside it, or load.rate: 1.3M/s"},
	{"a driver lag below 10 % of p99", nil,
		map[string]int64{"result": 40 * ms, "driver": 2 * ms, "canary": 1 * ms}, "", 10, ""},
	{"a driver lag below 1 ms", nil,
		map[string]int64{"result": 2 * ms, "driver": ms * 9 / 10, "canary": ms / 100}, "", 0, ""},
	{"a driver lag no worse than the host's own", nil,
		map[string]int64{"result": 4 * ms, "driver": 2 * ms, "canary": 3 * ms}, "", 0, ""},
	{"a driver lag where no result was timed", func(r *recordtest.Run) { r.Manifest.Limits = nil },
		map[string]int64{"driver": 20 * ms, "canary": ms}, "", 0, ""},
	{"a driver with no processor to spare", func(r *recordtest.Run) {
		r.Manifest.Conditions.Transport = "kafka"
		r.Change(func(e *record.Entry) bool {
			if e.Tick != nil {
				e.Tick.CPU.DriverNs = e.Tick.ScheduleNs * 9 / 10
			}
			return true
		})
	}, nil, "driver-share", 6, "the driver used 90% of its 1 cores"},
	{"an oracle without an answer", drop(func(e *record.Entry) bool { return e.Ledger != nil }),
		nil, "oracle-inconclusive", 6, "the oracle gave no answer"},
	{"an oracle that could not read everything", ledger(func(l *record.Ledger) {
		l.Conclusive, l.Why = false, "the sink was not sealed after 120s"
	}), nil, "oracle-inconclusive", 6, "the sink was not sealed after 120s"},
	{"samples beyond an hour", repEnd(func(e *record.End) { e.DroppedSamples = 1 }), nil,
		"samples-refused", 6, "1 latency samples were beyond an hour"},
	{"samples below zero", repEnd(func(e *record.End) { e.NegativeSamples = 2 }), nil,
		"samples-refused", 6, "2 below zero"},
	{"a warm-up that never became steady", edit(func(e *record.Entry) {
		if e.Phase != nil && e.Phase.Name == record.PhaseWarmup {
			e.Kind, e.Phase = record.KindWarning, nil
			e.Warning = &record.Warning{Code: record.CodeNoSteady, Text: "p99 still fell after 60s"}
		}
	}), nil, "no-steady-state", 6, "p99 still fell after 60s"},
	{"a repetition that ended before steady", drop(func(e *record.Entry) bool {
		return e.Phase != nil && e.Phase.Name == record.PhaseSteady
	}), nil, "no-steady-state", 6, "ended before steady began"},
	{"a record cut off in the repetition", drop(func(e *record.Entry) bool { return e.End != nil }),
		nil, "cut-off", 6, "the record is cut off"},
	{"Ctrl-C in steady", func(r *recordtest.Run) {
		repEnd(func(e *record.End) { e.Interrupted = true })(r)
		r.Entries[len(r.Entries)-1].End.Interrupted = true
	}, nil, "interrupted", 130, "the run was interrupted"},
	{"a system that runs under another guarantee", edit(func(e *record.Entry) {
		if e.Config != nil {
			e.Config["guarantee"] = "at-least-once"
		}
	}), nil, "config-differs", 6, "runs with guarantee at-least-once, declared is exactly-once"},
	{"a system that runs under the weaker guarantee it declares", func(r *recordtest.Run) {
		edit(func(e *record.Entry) {
			if e.Config != nil {
				e.Config["guarantee"] = "at-least-once"
			}
		})(r)
		r.Manifest.Claim.Declared = map[string]string{"native": "at-least-once"}
	}, nil, "", 0, ""},
}

func TestEachValidityRuleSeesItsPlantedDefect(t *testing.T) {
	for _, d := range invalid {
		t.Run(d.why, func(t *testing.T) {
			r := recordtest.New(t, recordtest.Options{})
			log := r.Log(t)
			if d.samples != nil {
				log = planted(t, d.samples)
			}
			if d.plant != nil {
				d.plant(r)
			}
			res := summarize(t, r, log)
			rep := res.Systems[0].Repetitions[0]
			if res.Exit != d.exit || !mentions(res, d.text) {
				t.Errorf("exit %d, verdicts %+v; want exit %d and %q",
					res.Exit, res.Verdicts, d.exit, d.text)
			}
			if d.code == "" {
				if rep.Status != summary.Valid {
					t.Errorf("not valid: %+v", rep.Reasons)
				}
				return
			}
			if rep.Status != summary.Invalid || len(rep.Reasons) == 0 ||
				rep.Reasons[0].Code != d.code || rep.Reasons[0].Remedy == "" {
				t.Errorf("%s for %+v, want INVALID for %s with a remedy", rep.Status, rep.Reasons, d.code)
			}
			if len(rep.Figures) > 0 || len(res.Systems[0].Figures) > 0 {
				t.Error("figures of an INVALID repetition are given")
			}
		})
	}
}

func mentions(res summary.Result, text string) bool {
	for _, v := range res.Verdicts {
		if strings.Contains(v.Text, text) || strings.Contains(v.Remedy, text) {
			return true
		}
	}
	return text == ""
}

func TestALatencyLogCutOffOrThinnedInAMergeIsInvalid(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	cut := r.Log(t)
	cut.CutOff = true
	if res := summarize(t, r, cut); res.Exit != 6 || !mentions(res, "latency log is cut off") {
		t.Errorf("cut off: exit %d, %+v", res.Exit, res.Verdicts)
	}
	thin := r.Log(t)
	thin.Dropped[record.Tag{System: "native", Rep: 1, Stage: record.StageResult}] = 3
	if res := summarize(t, r, thin); res.Exit != 6 || !mentions(res, "3 latency samples") {
		t.Errorf("dropped: exit %d, %+v", res.Exit, res.Verdicts)
	}
}

func TestARunKilledBetweenRepetitionsKeepsWhatEndedAndSaysSo(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	r.Entries = r.Entries[:len(r.Entries)-1]
	res := summarize(t, r, r.Log(t))
	if res.Exit != 6 || res.State != summary.Unknown || len(res.Systems[0].Figures) == 0 {
		t.Errorf("exit %d, %s, %d figures", res.Exit, res.State, len(res.Systems[0].Figures))
	}
}

func TestEveryClassOfTheLedgerFailsAnyGuaranteeWithoutAFault(t *testing.T) {
	classes := map[string]func(l *record.Ledger){
		"3 lost":       func(l *record.Ledger) { l.Lost = 3 },
		"1 204 duplic": func(l *record.Ledger) { l.Duplicated = 1204 },
		"1 wrong":      func(l *record.Ledger) { l.Wrong = 1 },
		"2 phantom":    func(l *record.Ledger) { l.Phantom = 2 },
		"1 corrupt":    func(l *record.Ledger) { l.Corrupt = 1 },
	}
	for text, plant := range classes {
		for _, claim := range []string{"at-most-once", "at-least-once", "exactly-once"} {
			r := recordtest.New(t, recordtest.Options{})
			r.Manifest.Limits, r.Manifest.Claim.Guarantee = nil, claim
			ledger(func(l *record.Ledger) {
				plant(l)
				l.Offenders = []record.Offender{{Class: "lost", Identity: "17|1767225602000", Note: "late"}}
			})(r)
			res := summarize(t, r, r.Log(t))
			if res.Exit != 12 || res.State != summary.Fail || !mentions(res, claim+" claimed, ") ||
				!mentions(res, text) || !mentions(res, "; first: lost 17|1767225602000 (late)") {
				t.Errorf("%s under %s: exit %d, %s", text, claim, res.Exit, res.Sentence)
			}
		}
	}
}

func TestUnexplainedResultsLeaveTheGuaranteeUnknown(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	ledger(func(l *record.Ledger) { l.Unexplained = 1 })(r)
	res := summarize(t, r, r.Log(t))
	if res.Exit != 6 || res.State != summary.Unknown || !mentions(res, "in no class") {
		t.Errorf("exit %d: %+v", res.Exit, res.Verdicts)
	}
}

func TestLimitsPassFailOrCannotBeTold(t *testing.T) {
	cases := []struct {
		why   string
		limit record.Limit
		state summary.State
		exit  int
		text  string
	}{
		{"kept", record.Limit{Metric: "latency.p99", Value: 5e6, Text: "5ms"}, "pass", 0, "limit ≤ 5ms"},
		{"broken", record.Limit{Metric: "latency.p99", Value: 1e6, Text: "1ms"}, "fail", 10, "≤ 1ms"},
		{"lower bound broken", record.Limit{Metric: "accepted", AtLeast: true, Value: 2e6,
			Text: ">= 2M/s"}, "fail", 10, "limit ≥ 2M/s"},
		{"lower bound kept", record.Limit{Metric: "accepted", AtLeast: true, Value: 1e6,
			Text: ">= 1M/s"}, "pass", 0, ""},
		{"a count at its limit", record.Limit{Metric: "lost", Text: "0"}, "pass", 0, "lost is 0 results"},
		{"silent metric", record.Limit{Metric: "recovery", Value: 1e9, Text: "1s"}, "unknown", 6,
			"no figure to judge"},
	}
	for _, c := range cases {
		r := recordtest.New(t, recordtest.Options{})
		r.Manifest.Limits = []record.Limit{c.limit}
		res := summarize(t, r, r.Log(t))
		v := res.Verdicts[len(res.Verdicts)-1]
		if v.State != c.state || res.Exit != c.exit || !strings.Contains(v.Text, c.text) {
			t.Errorf("%s: %+v, exit %d", c.why, v, res.Exit)
		}
	}
}

func TestTheCanarysFloorIsPrintedBesideTheLatencyItReaches(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	high := summarize(t, r, planted(t, map[string]int64{"result": 4 * ms, "canary": 3 * ms}))
	if ws := high.Systems[0].Figures["latency.p99"].Warnings; len(ws) != 1 ||
		ws[0].Code != "host-floor" || !strings.Contains(ws[0].Text, "3.00 ms") {
		t.Errorf("floor at three quarters: %+v", ws)
	}
	low := summarize(t, r, planted(t, map[string]int64{"result": 4 * ms, "canary": 1 * ms}))
	if ws := low.Systems[0].Figures["latency.p99"].Warnings; len(ws) != 0 {
		t.Errorf("floor at a quarter: %+v", ws)
	}
	r.Manifest.Limits = []record.Limit{{Metric: "latency.p99", Value: 2e6, Text: "2ms"}}
	for late, blames := range map[int64]bool{3 * ms: true, ms: false} {
		res := summarize(t, r, planted(t, map[string]int64{"result": 4 * ms, "canary": late}))
		v := res.Verdicts[len(res.Verdicts)-1]
		if v.State != "fail" || strings.Contains(v.Text, "may be the host's") != blames {
			t.Errorf("a limit broken beside a canary of %d ns: %s", late, v.Text)
		}
	}
}

func TestASystemThatDiedIsAGapAndDoesNotStopTheOthers(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{Systems: []string{"native", "flink"}})
	r.Change(func(e *record.Entry) bool {
		if e.System != "flink" {
			return true
		}
		if e.End != nil {
			e.Kind, e.End = record.KindError, nil
			e.Error = &record.Failure{Phase: "deploy", Text: "jobmanager did not answer", Exit: 5}
			return true
		}
		return e.Kind == record.KindPhase
	})
	res := summarize(t, r, r.Log(t))
	if res.Exit != 5 || res.Systems[1].Repetitions[0].Status != summary.Failed ||
		len(res.Systems[0].Figures) == 0 || len(res.Systems[1].Figures) != 0 ||
		!mentions(res, "flink failed in deploy: jobmanager did not answer") {
		t.Errorf("exit %d: %+v", res.Exit, res.Verdicts)
	}
}

func TestTheDiscardedBlockIsListedAndDoesNotCount(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{Kept: 6, Steady: 4 * time.Second})
	res := summarize(t, r, r.Log(t))
	s := res.Systems[0]
	f := s.Figures["latency.p50"]
	if len(s.Repetitions) != 7 || s.Repetitions[0].Kept || f.N != 6 || f.Lo == nil || *f.Lo >= *f.Hi {
		t.Errorf("%d repetitions, figure %+v", len(s.Repetitions), f)
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, rep := range s.Repetitions[1:] {
		lo, hi = min(lo, rep.Figures["latency.p50"]), max(hi, rep.Figures["latency.p50"])
	}
	if *f.Lo != lo || *f.Hi != hi {
		t.Errorf("interval %v..%v, want all six kept runs %v..%v", *f.Lo, *f.Hi, lo, hi)
	}
}

func TestPlannedRepetitionsThatNeverBeganAreListed(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{Systems: []string{"native", "flink"}})
	drop(func(e *record.Entry) bool { return e.System == "flink" })(r)
	r.Entries[len(r.Entries)-1].End.Interrupted = true
	res := summarize(t, r, r.Log(t))
	if res.Systems[1].Repetitions[0].Status != summary.NotRun || res.Exit != 130 {
		t.Errorf("exit %d, %+v", res.Exit, res.Systems[1].Repetitions[0])
	}
}

func TestExitCodesStandInTheirPrecedence(t *testing.T) {
	cases := []struct {
		codes []int
		want  int
	}{
		{nil, 0}, {[]int{0, 0}, 0}, {[]int{10, 12}, 12}, {[]int{12, 6}, 6}, {[]int{6, 5, 10}, 5},
		{[]int{5, 130}, 130}, {[]int{130, 1}, 1}, {[]int{10, 13}, 13}, {[]int{11, 10}, 10},
		{[]int{23, 22, 21, 20}, 20}, {[]int{0, 23}, 23},
	}
	for _, c := range cases {
		if got := summary.Exit(c.codes...); got != c.want {
			t.Errorf("%v: %d, want %d", c.codes, got, c.want)
		}
	}
}

func TestFiguresAreWrittenWithTheDigitsTheyDeserve(t *testing.T) {
	cases := []struct {
		v    float64
		u    record.Unit
		want string
	}{
		{0, record.Nanoseconds, "0 ns"}, {3_141_592, record.Nanoseconds, "3.14 ms"},
		{999_999, record.Nanoseconds, "1.00 ms"}, {62_400, record.Nanoseconds, "62.4 µs"},
		{12.34e9, record.Nanoseconds, "12.3 s"}, {1.5e6, record.PerSecond, "1.50M events/s"},
		{249_900, record.PerSecond, "250k events/s"}, {12, record.PerSecond, "12.0 events/s"},
		{1_204_331, record.Results, "1 204 331 results"}, {999, record.Events, "999 events"},
		{214 << 20, record.Bytes, "214 MiB"}, {0.62, record.MicrosEvent, "0.620 µs/event"},
		{9.996e6, record.Nanoseconds, "10.0 ms"},
	}
	for _, c := range cases {
		if got := summary.Format(c.v, c.u); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.v, c.u, got, c.want)
		}
	}
}

func TestPartsOfDifferentRunsAreRefused(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	r.Manifest.Scenario = "other"
	if _, err := summary.Summarize(r.Manifest, r.Entries, r.Log(t)); err == nil {
		t.Error("a record and a manifest of different scenarios were summed up")
	}
	if _, err := summary.Summarize(r.Manifest, nil, r.Log(t)); err == nil {
		t.Error("an empty record was summed up")
	}
}
