package scenarios_test

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
)

// insured is a scenario that breaks a worker at a share of what the system can do.
const insured = `
name: insured
workload: nexmark
params: {query: q0}
guarantee: exactly-once
checkpoint: 1s
load: {rate: {of-capacity: 50%}, event-rate: 1k/s, warmup: 2s, steady: 26s, drain: 20s}
resources: {workers: 3}
faults:
  - {at: 12s, pause: worker-1, for: 1s}
`

func insure(t *testing.T, f *fake, capacity map[string]record.Bracket) *recorded {
	t.Helper()
	req := scenarios.RunRequest{Scenario: load(t, insured), Systems: only(f), Capacity: capacity}
	(&scenarios.FakeGear{}).Give(&req)
	req.InVirtualTime()
	r, err := carryOut(t, t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestThePremiumIsWhatProtectionCosts is about a system that is a quarter slower with checkpoints.
func TestThePremiumIsWhatProtectionCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("many repetitions, one like the other to the race detector: not in the short form")
	}
	synctest.Test(t, func(t *testing.T) {
		r := insure(t, &fake{each: 250 * time.Microsecond, unprotected: 188 * time.Microsecond}, nil)
		bare := 0
		for _, p := range r.probesOf() {
			if p.Unprotected {
				bare++
			}
		}
		sys := r.result.Systems[0]
		if sys.Search == nil || bare == 0 || len(sys.Search.Probes)+bare != len(r.probesOf()) {
			t.Fatalf("%d probes of %d without protection, search %+v", bare, len(r.probesOf()), sys.Search)
		}
		got := 1 - sys.Search.Passed/sys.Search.Unprotected
		if want := 1 - 188.0/250; math.Abs(got-want) > 0.1 {
			t.Errorf("premium %.2f, want %.2f: %+v", got, want, sys.Search.Bracket)
		}
		if len(sys.Recoveries) != 1 || sys.Recoveries[0].Cost == nil ||
			sys.Recoveries[0].Cost.ADayNs == nil {
			t.Fatalf("recoveries %+v", sys.Recoveries)
		}
		if _, known := sys.Figures["cost-a-day"]; !known {
			t.Error("no figure of the cost a day")
		}
	})
}

func TestAPremiumThatCannotBeMeasuredSaysWhy(t *testing.T) {
	if testing.Short() {
		t.Skip("many repetitions, one like the other to the race detector: not in the short form")
	}
	synctest.Test(t, func(t *testing.T) {
		r := insure(t, &fake{each: 250 * time.Microsecond, unprotected: -1}, nil)
		sys := r.result.Systems[0]
		if b := sys.Search.Bracket; b.Unprotected != 0 || !strings.Contains(b.UnprotectedWhy, "no mercy") {
			t.Errorf("bracket %+v", b)
		}
		if sys.Repetitions[0].Status == summary.Failed || r.result.Exit == 5 {
			t.Errorf("it fails for a probe nobody asked for: %+v", sys.Repetitions[0])
		}
		if notes := strings.Join(sys.Recoveries[0].Notes, "; "); !strings.Contains(notes, "not measured") {
			t.Errorf("notes %s", notes)
		}
	})
}

func TestAnEarlierBracketKeepsItsPremium(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := insure(t, &fake{each: 250 * time.Microsecond}, map[string]record.Bracket{
			"native": {Passed: 3000, Failed: 3200, Unprotected: 4000, From: "20260101T000000Z-x"}})
		if len(r.probesOf()) != 0 || r.result.Systems[0].Search.Unprotected != 4000 {
			t.Errorf("probes %+v, search %+v", r.probesOf(), r.result.Systems[0].Search)
		}
	})
}
