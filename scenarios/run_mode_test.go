package scenarios_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// ofMode is the verdict on the mode of a run.
func (r *recorded) ofMode(t *testing.T) summary.Verdict {
	t.Helper()
	for _, v := range r.result.Verdicts {
		if v.Rule == summary.RuleMode {
			return v
		}
	}
	t.Fatalf("no verdict on the mode: %+v", r.result.Verdicts)
	return summary.Verdict{}
}

const stallsEarly = "mode={name: backpressure, at: 2s, for: 3s}"

func TestASinkThatStallsHoldsTheSourcesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{}, stallsEarly)
		if err != nil {
			t.Fatal(err)
		}
		if v := r.ofMode(t); v.State != summary.Pass || r.result.Exit != 0 {
			t.Errorf("exit %d, verdict %+v", r.result.Exit, v)
		}
		if r.manifest.Conditions.Mode != record.ModeBackpressure {
			t.Errorf("conditions %+v", r.manifest.Conditions)
		}
		for _, e := range r.entries {
			if e.Mode == nil {
				continue
			}
			// Warm-up lasts 2 s.
			if s := e.Mode.Stall; s.FromNs != 4e9 || s.ToNs != 7e9 {
				t.Errorf("the stall was %+v", *s)
			}
		}
		if _, worst := r.stage(record.StageResult); worst < int64(2900*time.Millisecond) {
			t.Errorf("a stall of 3 s shows as %s of latency", time.Duration(worst))
		}
		if _, lag := r.stage(record.StageDriver); lag > int64(time.Millisecond) {
			t.Errorf("driver lag %s", time.Duration(lag))
		}
		if figures := r.result.Systems[0].Mode; len(figures) < 4 {
			t.Errorf("figures %+v", figures)
		}
	})
}

func TestASystemThatHidesBackpressureFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{silent: true}, stallsEarly)
		if v := r.ofMode(t); err != nil || v.State != summary.Fail || r.result.Exit != 10 {
			t.Errorf("error %v, exit %d, verdict %+v", err, r.result.Exit, v)
		}
	})
}

func TestAnInterruptEndsAStall(t *testing.T) {
	for name, at := range map[string]time.Duration{
		"before it": 3 * time.Second, "in it": 5 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), at, context.Canceled)
				defer cancel()
				f := &fake{}
				r, err := virtual(t, ctx, f, stallsEarly)
				if err == nil || r.result.Exit != 130 || f.closed != 1 {
					t.Errorf("error %v, exit %d, closed %d times", err, r.result.Exit, f.closed)
				}
			})
		})
	}
}

// TestNativeBearsAStalledSink runs in real time, so it looks at what was answered and kept, and
// never at speed.
func TestNativeBearsAStalledSink(t *testing.T) {
	if testing.Short() {
		t.Skip("many repetitions, one like the other to the race detector: not in the short form")
	}
	for _, transport := range []string{"embedded", "kafka, broker: embedded"} {
		t.Run(transport, func(t *testing.T) { bearsAStalledSink(t, transport) })
	}
}

func bearsAStalledSink(t *testing.T, transport string) {
	runtime.GC()
	s := load(t, fmt.Sprintf(`
name: stalls
workload: iot-telemetry
params: {keys: 20k, window: 100ms, disorder: 50ms}
mode: {name: backpressure, at: 500ms, for: 2s}
checkpoint: 100ms
load: {transport: %s, rate: 200k/s, warmup: 300ms, steady: 5s, drain: 20s}
`, transport))
	r := nativeRun(t, s, false)
	l := r.ledgers()[0]
	if !l.Conclusive || l.Matched != l.Expected || l.Received != l.Expected {
		t.Errorf("ledger %+v", *l)
	}
	blocked, pressure := int64(0), int64(0)
	for _, e := range r.entries {
		if e.Tick != nil {
			blocked = max(blocked, e.Tick.BlockedNs)
			pressure = max(pressure, e.Tick.BackpressureNs)
		}
	}
	// Under the race detector a sink has buffers for more than comes in two seconds.
	full := pressure > 0 || testing.Short() && transport != adapters.Embedded
	if !full || transport == adapters.Embedded && blocked == 0 {
		t.Errorf("backpressure of %d ns, sources kept waiting %d ns", pressure, blocked)
	}
	if _, worst := r.stage(record.StageResult); worst < int64(1900*time.Millisecond) {
		t.Errorf("a stall of 2 s shows as %s of latency", time.Duration(worst))
	}
}

const twice = "mode=batch-equals-stream"

func TestTheBoundedInputGivesWhatTheStreamGave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{processing: always(time.Millisecond)}
		r, err := virtual(t, t.Context(), f, twice, "repeat=2")
		if err != nil {
			t.Fatal(err)
		}
		if v := r.ofMode(t); v.State != summary.Pass || r.result.Exit != 0 {
			t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
		}
		if f.deployed != 6 || f.closed != 6 {
			t.Errorf("3 repetitions deployed %d and closed %d systems", f.deployed, f.closed)
		}
		modes := 0
		for _, e := range r.entries {
			if e.Mode == nil {
				continue
			}
			modes++
			b := e.Mode.Batch
			if b.Events != 10_000 || b.Lines != 9200 || b.StreamLines != 9200 || b.Differs != "" ||
				b.LinesSHA256 != b.StreamSHA256 || !b.Bounded || b.Ledger.Matched != 9200 {
				t.Errorf("batch %+v", *b)
			}
			// 256 events a millisecond.
			if took := time.Duration(b.Ns); took < 30*time.Millisecond || took > time.Second {
				t.Errorf("10 000 events as fast as taken took %s", took)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*")); modes != 3 || len(left) > 0 {
			t.Errorf("%d comparisons, left behind %v", modes, left)
		}
		if figures := r.result.Systems[0].Mode; len(figures) != 4 || figures[0].Value < 100e3 {
			t.Errorf("figures %+v", figures)
		}
	})
}

func TestASystemThatAnswersTheBoundedInputOtherwiseFails(t *testing.T) {
	losing := func(pass int) *fake {
		f := &fake{}
		f.copies = func(n int64) int {
			if n == 5004 && f.deployed == pass {
				return 0
			}
			return 1
		}
		return f
	}
	for name, tt := range map[string]struct {
		fake *fake
		exit int
		text string
	}{
		"a result lost of the bounded input": {losing(1), 12, "bounded, 1 lost"},
		"a result lost of the stream":        {losing(2), 12, "1 lost"},
		"bounded input without an end":       {&fake{hangAt: 9990}, 6, "no valid repetition"},
		"a system that dies of it":           {&fake{dieAt: 5000}, 5, "no valid repetition"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := virtual(t, t.Context(), tt.fake, twice)
				if err != nil {
					t.Fatal(err)
				}
				v := r.ofMode(t)
				if v.State == summary.Pass || !strings.Contains(v.Text, tt.text) ||
					r.result.Exit != tt.exit {
					t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
				}
				if left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*")); len(left) > 0 {
					t.Errorf("left behind %v", left)
				}
			})
		})
	}
}

func TestAnInterruptLeavesNoLinesBehind(t *testing.T) {
	for name, at := range map[string]time.Duration{
		"bounded": 50 * time.Millisecond, "streamed": 5 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), at, context.Canceled)
				defer cancel()
				r, err := virtual(t, ctx, &fake{processing: always(2 * time.Millisecond)}, twice)
				left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*"))
				if err == nil || r.result.Exit != 130 || len(left) > 0 {
					t.Errorf("error %v, exit %d, left behind %v", err, r.result.Exit, left)
				}
			})
		})
	}
}

func TestNativeAnswersTheBoundedInputAsTheStream(t *testing.T) {
	s := load(t, `
name: twice
workload: iot-telemetry
params: {keys: 1000, window: 250ms, disorder: 100ms}
mode: batch-equals-stream
load: {rate: 100k/s, warmup: 200ms, steady: 1s, drain: 20s}
resources: {worker: {cpus: 2}}
`)
	r := nativeRun(t, s, false)
	for _, e := range r.entries {
		if e.Mode != nil {
			if b := e.Mode.Batch; b.Differs != "" || b.Lines == 0 || b.Ledger.Lost != 0 ||
				b.Events != 120_000 || b.LinesSHA256 != b.StreamSHA256 {
				t.Errorf("batch %+v", *b)
			}
			return
		}
	}
	t.Error("nothing was compared")
}
