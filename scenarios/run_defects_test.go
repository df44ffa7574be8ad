package scenarios_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// stall is a run whose system stops for 30 s in the 12th second of steady.
const stall = `
name: stall
workload: nexmark
params: {query: q0}
load: {rate: 1k/s, warmup: 2s, steady: 90s, drain: 60s}
`

// TestAStallOfThirtySecondsCostsWhatTheorySays carries a planted stall through runner, collector and
// log: latency counts from the due time, so all events that wait are seen, and the area is that of
// the triangle the stall and its catch-up make.
func TestAStallOfThirtySecondsCostsWhatTheorySays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d, rho, lambda = 30.0, 0.5, 1000.0
		r := virtualOf(t, stall, &fake{
			processing: once(14_000, 30*time.Second), each: 500 * time.Microsecond,
		})
		if len(r.codes()) > 0 {
			t.Fatalf("INVALID for %v: %s", r.codes(), r.result.Sentence)
		}
		f := r.result.Systems[0].Figures
		if worst := f["latency.max"].Median; worst < d*1e9 || worst > d*1e9*1.02 {
			t.Errorf("largest latency %s of a stall of 30 s", time.Duration(worst))
		}
		// Of every 50 events 46 are bids, and those are answered.
		want := lambda * 46 / 50 * d * d / (2 * (1 - rho))
		if got := f["latency.area"].Median; math.Abs(got/want-1) > 0.02 {
			t.Errorf("latency area %.5g event-seconds, theory says %.5g", got, want)
		}
		short, refused := capped(r.log.Merged[record.Tag{System: "native", Rep: 1,
			Stage: record.StageResult}], 10*time.Second)
		if worst := time.Duration(short.Max()); worst > 10*time.Second+10*time.Millisecond ||
			refused < 20_000 || f["latency.p90"].Median < 2*float64(short.ValueAtPercentile(90)) {
			t.Errorf("a histogram of 10 s shows %s and refuses %d samples; p90 %s and %s", worst, refused,
				time.Duration(f["latency.p90"].Median), time.Duration(short.ValueAtPercentile(90)))
		}
		if blocked := f["blocked"].Median; blocked < 29e9 || f["lag.max"].Median > 1e6 {
			t.Errorf("blocked %s, driver lag %s", time.Duration(blocked),
				time.Duration(f["lag.max"].Median))
		}
	})
}

// capped is what a histogram of a shorter range makes of the same samples, where what lies beyond is
// refused and nobody looks at the error.
func capped(h *hdr.Histogram, highest time.Duration) (short *hdr.Histogram, refused int64) {
	short = hdr.New(int64(time.Microsecond), int64(highest), 3)
	for _, bar := range h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		// The library itself takes values up to the next power of two.
		if bar.From > int64(highest) || short.RecordValues(bar.From, bar.Count) != nil {
			refused += bar.Count
		}
	}
	return short, refused
}

func TestDefectsOfClockAndSettingsAreTold(t *testing.T) {
	tests := []struct {
		why   string
		fake  *fake
		codes []string
	}{
		{"results that arrive before they were due", &fake{early: 50 * time.Millisecond},
			[]string{"samples-refused"}},
		{"a system that runs under another guarantee",
			&fake{config: map[string]string{"guarantee": "at-most-once"}}, []string{"config-differs"}},
		{"a system that reads results as JSON",
			&fake{config: map[string]string{"format": "json"}}, []string{"config-differs"}},
		{"a system that says what was declared",
			&fake{config: map[string]string{"format": "binary", "guarantee": "exactly-once"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := virtual(t, t.Context(), tt.fake)
				if err != nil {
					t.Fatal(err)
				}
				if codes := r.codes(); !slices.Equal(codes, tt.codes) {
					t.Errorf("reasons %v, want %v: %s", codes, tt.codes, r.result.Sentence)
				}
			})
		})
	}
}

// TestALatencyBeyondAnHourIsCountedNotCut has a system stop twice for 40 minutes, each less than the
// drain waits for.
func TestALatencyBeyondAnHourIsCountedNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalls := 2
		twice := func(slot uint64) time.Duration {
			if slot < 400 || stalls == 0 {
				return 0
			}
			stalls--
			return 40 * time.Minute
		}
		s := load(t, passOn, "load.rate=100/s", "load.steady=4s", "load.drain=1h")
		req := scenarios.RunRequest{Scenario: s, Systems: only(&fake{processing: twice})}
		req.InVirtualTimeOf(func(time.Duration) { time.Sleep(time.Minute + time.Millisecond) })
		r, err := carryOut(t, t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if codes := r.codes(); !slices.Contains(codes, "samples-refused") {
			t.Errorf("reasons %v: %s", codes, r.result.Sentence)
		}
		if end := r.ends()[0]; end.DroppedSamples == 0 || end.NegativeSamples != 0 {
			t.Errorf("end %+v", *end)
		}
	})
}

// TestTheCanarysFloorStandsBesideTheLatencyItReaches lets a sleeping thread wake 5 ms late.
func TestTheCanarysFloorStandsBesideTheLatencyItReaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		req := scenarios.RunRequest{
			Scenario: load(t, passOn),
			Systems:  only(&fake{processing: always(2 * time.Millisecond)}),
		}
		req.InVirtualTimeOf(func(d time.Duration) { time.Sleep(d + 5*time.Millisecond) })
		r, err := carryOut(t, t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if _, late := r.stage(record.StageCanary); late < 5e6 {
			t.Fatalf("the canary was late by %s", time.Duration(late))
		}
		ws := r.result.Systems[0].Figures["latency.p99"].Warnings
		if len(r.codes()) > 0 || len(ws) != 1 || ws[0].Code != "host-floor" {
			t.Errorf("reasons %v, warnings %+v", r.codes(), ws)
		}
	})
}
