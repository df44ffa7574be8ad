package scenarios_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
)

// seekOn is a scenario whose rate a run has to find.
const seekOn = `
name: seek
workload: nexmark
params: {query: q0}
load: {rate: {search: sustainable}, event-rate: 1k/s, warmup: 2s, steady: 8s, drain: 20s}
`

// probesOf are the probes of a run in their order.
func (r *recorded) probesOf() (ps []record.Probe) {
	for _, e := range r.entries {
		if e.Probe != nil {
			ps = append(ps, *e.Probe)
		}
	}
	return ps
}

// seek runs the scenario with a fake in virtual time.
func seek(t *testing.T, req scenarios.RunRequest, f *fake, sets ...string) *recorded {
	t.Helper()
	req.Scenario, req.Systems = load(t, seekOn, sets...), only(f)
	req.InVirtualTime()
	r, err := carryOut(t, t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAnOverloadedSystemFailsByItsBacklog is the search's reason to be: the system keeps the driver
// waiting for its only slot, and is told so.
func TestAnOverloadedSystemFailsByItsBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{each: 250 * time.Microsecond} // 4000 a second
		r := seek(t, scenarios.RunRequest{}, f)
		s := r.result.Systems[0].Search
		if s == nil || s.Unsettled != "" || s.Passed > 4000 || s.Failed < 4000 ||
			s.Failed/s.Passed > 1.11 || s.Reason != "backlog" {
			t.Fatalf("search %+v", s)
		}
		if s.Repeats != 2 || s.Confirmed != 2 { // one probe more, and the repetition
			t.Errorf("confirmed %d of %d times", s.Confirmed, s.Repeats)
		}
		for _, p := range r.probesOf() {
			want := record.ProbePass
			if p.Rate > 4000 {
				want = record.ProbeFail
			}
			if p.Answer != want || p.Rep < record.FirstProbe {
				t.Errorf("probe %+v, want %s", p, want)
			}
		}
		if f.deployed != f.closed || f.deployed != len(r.probesOf())+1 {
			t.Errorf("%d probes, deployed %d times, closed %d times", len(r.probesOf()),
				f.deployed, f.closed)
		}
		rep := r.result.Systems[0].Repetitions
		if len(rep) != 1 || rep[0].Status != summary.Valid || math.Abs(rep[0].Figures["offered"]-s.Passed) > 1 {
			t.Errorf("repetitions %+v", rep)
		}
		if fig := r.result.Systems[0].Figures["sustainable"]; fig.Median != s.Passed || fig.N != 3 {
			t.Errorf("figure %+v", fig)
		}
		if r.result.Exit != 0 || !strings.Contains(r.result.Sentence, "native sustains") {
			t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
		}
	})
}

func TestASearchHoldsALatencyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A batch of all that came in the last 40 ms, until 256 events fill it: 6400 a second. The
		// oldest of a batch waits for the one before and for its own.
		f := &fake{processing: always(40 * time.Millisecond)}
		free := seek(t, scenarios.RunRequest{}, f).result.Systems[0].Search
		r := seek(t, scenarios.RunRequest{}, f,
			"load.rate={search: sustainable, latency.p99: 30ms}",
			"load.event-rate=20k/s")
		s := r.result.Systems[0].Search
		if free.Unsettled != "" || free.Passed < 5000 {
			t.Errorf("without a limit: %+v", free)
		}
		if s.Passed != 0 || s.Failed != 20 || s.Reason != "limit" ||
			!strings.Contains(s.Text(), "latency.p99 was") {
			t.Errorf("with a limit no batch can keep: %+v", s)
		}
		if r.result.Exit != 6 || r.result.Systems[0].Repetitions[0].Status != summary.NotRun {
			t.Errorf("exit %d, repetitions %+v", r.result.Exit, r.result.Systems[0].Repetitions)
		}
	})
}

func TestASearchAsksTheOracleOfEveryProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// From the third deployment on it loses a result.
		f := &fake{each: 10 * time.Microsecond}
		f.copies = func(n int64) int {
			return map[bool]int{true: 0, false: 1}[f.deployed > 2 && n == 5004]
		}
		r := seek(t, scenarios.RunRequest{}, f)
		for i, p := range r.probesOf() {
			want := record.ProbePass
			switch {
			case i < 2 || p.Rate*9 <= 5004:
			case p.Rate*4 > 5004 || p.Confirms && p.Answer == record.ProbeFail:
				// What is to be the answer has to pass for 9 s, the whole of steady, and not for 4.
				want = record.ProbeFail
			}
			if p.Answer != want || (want == record.ProbeFail) != (p.Reason == "oracle") ||
				(want == record.ProbeFail) != strings.Contains(p.Text, "1 lost") {
				t.Errorf("probe %d: %+v", i, p)
			}
		}
		if s := r.result.Systems[0].Search; s.Passed > 2000 || s.Reason != "oracle" {
			t.Errorf("bracket %+v", s.Bracket)
		}
	})
}

func TestAShareOfCapacityIsOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{each: 250 * time.Microsecond}
		r := seek(t, scenarios.RunRequest{}, f, "load.rate={of-capacity: 70%}")
		sys := r.result.Systems[0]
		share := sys.Search.Offered / sys.Search.Passed
		if share < 0.69 || share > 0.71 || math.Abs(sys.Figures["offered"].Median-sys.Search.Offered) > 1 {
			t.Errorf("offered %v of %v, measured %v", sys.Search.Offered, sys.Search.Passed,
				sys.Figures["offered"].Median)
		}
		if text := sys.Search.Text(); !strings.Contains(text, "70% of it") {
			t.Errorf("the rate is not told: %s", text)
		}
		if sys.Search.Repeats != 1 {
			t.Errorf("repetitions at a share confirm nothing: %+v", sys.Search)
		}
		if p99 := sys.Figures["latency.p99"].Median; p99 > 20e6 {
			t.Errorf("p99 at 70%% of capacity is %v ns", p99)
		}
	})
}

func TestAnEarlierBracketSparesTheSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{each: 250 * time.Microsecond}
		r := seek(t, scenarios.RunRequest{Capacity: map[string]record.Bracket{
			"native": {Passed: 3000, Failed: 3200, Reason: "backlog", From: "20260101T000000Z-x"},
		}}, f, "load.rate={of-capacity: 50%}")
		if len(r.probesOf()) != 0 || f.deployed != 1 {
			t.Errorf("%d probes, deployed %d times", len(r.probesOf()), f.deployed)
		}
		sys := r.result.Systems[0]
		if sys.Search.Offered != 1500 ||
			math.Abs(sys.Figures["offered"].Median-1500) > 1 ||
			!strings.Contains(sys.Search.Text(), "found by run 20260101T000000Z-x") {
			t.Errorf("search %+v", sys.Search)
		}
	})
}

func TestASystemThatCannotBeDeployedEndsTheSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{deployErr: errors.New("no image")}
		r := seek(t, scenarios.RunRequest{}, f)
		sys := r.result.Systems[0]
		if r.result.Exit != 5 || sys.Repetitions[0].Status != summary.Failed ||
			!strings.Contains(r.result.Sentence, "no image") {
			t.Errorf("exit %d: %s; %+v", r.result.Exit, r.result.Sentence, sys.Repetitions)
		}
		if len(r.probesOf()) != 0 || sys.Search.Unsettled == "" {
			t.Errorf("search %+v", sys.Search)
		}
	})
}

func TestASearchThatIsInterruptedHasNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(12 * time.Second)
			cancel()
		}()
		f := &fake{}
		req := scenarios.RunRequest{Scenario: load(t, seekOn), Systems: only(f)}
		req.InVirtualTime()
		r, err := carryOut(t, ctx, req)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if r.result.Exit != 130 || r.result.Systems[0].Search.Unsettled == "" {
			t.Errorf("exit %d, search %+v", r.result.Exit, r.result.Systems[0].Search)
		}
		if f.deployed != f.closed {
			t.Errorf("deployed %d times, closed %d times", f.deployed, f.closed)
		}
	})
}
