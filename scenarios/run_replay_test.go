package scenarios_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/workloads"
)

// again replays from the third second of steady on, when 5000 events are due.
const again = "mode={name: replay, at: 3s}"

// replays are what the record tells of replays.
func (r *recorded) replays() (all []*record.Replay) {
	for _, e := range r.entries {
		if e.Mode != nil {
			all = append(all, e.Mode.Replay)
		}
	}
	return all
}

// steadyPace takes a millisecond for every batch.
func steadyPace() *fake { return &fake{processing: always(time.Millisecond)} }

func TestASecondInstanceReplaysTheInputAndTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := steadyPace()
		r, err := virtual(t, t.Context(), f, again, "repeat=2")
		if err != nil {
			t.Fatal(err)
		}
		if v := r.ofMode(t); v.State != summary.Pass || r.result.Exit != 0 {
			t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
		}
		if f.deployed != 6 || f.closed != 6 {
			t.Errorf("3 repetitions deployed %d and closed %d systems", f.deployed, f.closed)
		}
		if n := len(r.replays()); n != 3 {
			t.Fatalf("%d replays", n)
		}
		p := r.replays()[0]
		if p.FromNs != 5e9 || p.Lines != 9200 || p.LiveLines != 9200 || p.Differs != "" ||
			p.LinesSHA256 != p.LiveSHA256 || p.Ledger.Matched != 9200 {
			t.Errorf("replay %+v", *p)
		}
		// 256 events a millisecond, from the first on until less than 1000 are due and not answered.
		if p.Events < 3500 || p.Events > 4200 || p.Ns < 14e6 || p.Ns > 17e6 ||
			p.CaughtNs < p.FromNs+15e6 || p.CaughtNs > p.FromNs+20e6 {
			t.Errorf("%d events in %s, caught up after %s", p.Events, time.Duration(p.Ns),
				time.Duration(p.CaughtNs-p.FromNs))
		}
		if p.Field != "seq" || p.Switch < 5000 || p.Switch > 5050 || p.SwitchNs < p.CaughtNs ||
			p.OfLive+p.OfShadow != 9200 || p.OfLive < 4600 || p.ViewDiffers != "" {
			t.Errorf("switched at %d, %d results of the first and %d of the second", p.Switch, p.OfLive,
				p.OfShadow)
		}
		if left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*")); len(left) > 0 {
			t.Errorf("left behind %v", left)
		}
		figures := map[string]float64{}
		for _, f := range r.result.Systems[0].Mode {
			figures[f.Name] = f.Value
		}
		if v := figures["replay.rate"]; v < 200e3 || v > 300e3 {
			t.Errorf("figures %v", figures)
		}
		for _, name := range []string{"catch-up", "latency.p99.before", "latency.p99.during"} {
			if figures[name] <= 0 {
				t.Errorf("no figure %s: %v", name, figures)
			}
		}
		if l := r.ledgers()[0]; l.Received != 9200 {
			t.Errorf("results of the second instance are in the ledger of the first: %+v", *l)
		}
	})
}

// TestAReplayThatGoesWrongIsConvicted plants a defect in the second instance alone.
func TestAReplayThatGoesWrongIsConvicted(t *testing.T) {
	copies := func(n int) *fake {
		f := steadyPace()
		f.copies = func(event int64) int {
			if event == 9004 {
				return n
			}
			return 1
		}
		return f
	}
	changed := steadyPace()
	changed.alter = func(rs *workloads.Results) {
		if i := slices.Index(rs.Cols[0][:rs.N], 5004); i >= 0 {
			rs.Cols[1][i]++
		}
	}
	slow := &fake{each: 2 * time.Millisecond}
	for name, tt := range map[string]struct {
		second *fake
		sets   []string
		state  summary.State
		exit   int
		text   string
	}{
		"a result lost":    {copies(0), nil, summary.Fail, 12, "replayed, 1 lost"},
		"a result twice":   {copies(2), nil, summary.Fail, 12, "replayed, 0 lost, 1 duplicated"},
		"a result changed": {changed, nil, summary.Fail, 12, "1 wrong"},
		"no end":           {&fake{hangAt: 9990}, nil, summary.Unknown, 6, "not answered to its end"},
		"a death":          {&fake{dieAt: 5000}, nil, summary.Unknown, 5, "no valid repetition"},
		"no deployment": {&fake{deployErr: errors.New("no room")}, nil, summary.Unknown, 5,
			"no valid repetition"},
		"half the pace of the load": {slow, nil, summary.Fail, 10, "could never have caught up"},
		"too little time": {steadyPace(), []string{"mode.at=7999ms"}, summary.Unknown, 6,
			"the stream ended before"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := steadyPace()
				f.second = tt.second
				r, err := virtual(t, t.Context(), f, append([]string{again}, tt.sets...)...)
				if err != nil {
					t.Fatal(err)
				}
				v := r.ofMode(t)
				if v.State != tt.state || !strings.Contains(v.Text, tt.text) || r.result.Exit != tt.exit {
					t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
				}
				if f.closed != 1 || tt.second.closed != tt.second.deployed {
					t.Errorf("%d closed, and %d of %d", f.closed, tt.second.closed, tt.second.deployed)
				}
				if left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*")); len(left) > 0 {
					t.Errorf("left behind %v", left)
				}
			})
		})
	}
}

// TestTheFirstInstanceIsJudgedToo plants a defect in the first instance alone: the oracle and the
// comparison must both see it.
func TestTheFirstInstanceIsJudgedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := steadyPace()
		f.second = steadyPace()
		f.copies = func(event int64) int { return 1 + int(min(event%9004, 1)^1)*int(min(event, 1)) }
		r, err := virtual(t, t.Context(), f, again)
		if err != nil {
			t.Fatal(err)
		}
		if v := r.ofMode(t); v.State != summary.Fail || !strings.Contains(v.Text, "1 duplicated") {
			t.Errorf("verdict %+v", v)
		}
		if p := r.replays()[0]; !strings.HasPrefix(p.Differs, "only the first instance has 9004|") {
			t.Errorf("replay %+v", *p)
		}
	})
}

func TestAnInterruptEndsAReplay(t *testing.T) {
	for name, tt := range map[string]struct {
		at      time.Duration
		systems int
	}{"before it": {4 * time.Second, 0}, "in it": {5200 * time.Millisecond, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), tt.at, context.Canceled)
				defer cancel()
				f := &fake{second: &fake{each: time.Millisecond}}
				r, err := virtual(t, ctx, f, again)
				left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*"))
				if err == nil || r.result.Exit != 130 || f.closed != 1 ||
					f.second.closed != tt.systems || len(left) > 0 {
					t.Errorf("error %v, exit %d, closed %d and %d, left behind %v", err, r.result.Exit,
						f.closed, f.second.closed, left)
				}
			})
		})
	}
}

func TestASecondInstanceReadsTheSameTopicAndAnswersIntoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{}
		r, err := piped(t, t.Context(), p, again)
		if err != nil {
			t.Fatal(err)
		}
		if v := r.ofMode(t); v.State != summary.Pass || r.result.Exit != 0 {
			t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
		}
		want := []string{"deploy transport", "deploy system", "deploy outlet", "deploy system",
			"close system", "close outlet", "close system", "close transport"}
		if !slices.Equal(p.order, want) {
			t.Errorf("order %v, want %v", p.order, want)
		}
		if d := r.replays()[0]; d.Lines != 9200 || d.LiveLines != 9200 || d.CaughtNs < d.FromNs {
			t.Errorf("replay %+v", *d)
		}
	})
}

func TestAReplayOverATransportFailsAsItsPartsDo(t *testing.T) {
	for name, tt := range map[string]struct {
		pipe *pipe
		exit int
		text string
	}{
		"no topics for it":   {&pipe{shadowErr: errors.New("no room")}, 5, "ready its topics: no room"},
		"a death":            {&pipe{fake: fake{second: &fake{dieAt: 3000}}}, 5, "died as planned"},
		"results never seal": {&pipe{sealErr: errors.New("connection refused")}, 5, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := piped(t, t.Context(), tt.pipe, again)
				if err != nil {
					t.Fatal(err)
				}
				f := r.failures()
				if r.result.Exit != tt.exit || len(f) == 0 || !strings.Contains(f[0].Text, tt.text) {
					t.Errorf("exit %d, failures %+v", r.result.Exit, f)
				}
			})
		})
	}
}

// TestNativeReplaysItsInput runs in real time, so it looks at what was answered, and never at speed.
func TestNativeReplaysItsInput(t *testing.T) {
	s := load(t, `
name: again
workload: iot-telemetry
params: {keys: 1000, window: 250ms, disorder: 100ms}
mode: {name: replay, at: 1s}
load: {rate: 50k/s, warmup: 200ms, steady: 4s, drain: 20s}
`)
	r := nativeRun(t, s, false)
	all := r.replays()
	if len(all) != 1 {
		t.Fatalf("%d replays", len(all))
	}
	p := all[0]
	if p.Differs != "" || p.Lines == 0 || p.LinesSHA256 != p.LiveSHA256 || p.Ledger.Lost != 0 ||
		p.Ledger.EventsIn != 210_000 {
		t.Errorf("replay %+v", *p)
	}
	if p.CaughtNs > 0 && p.SwitchNs > 0 && (p.Field != "w" || p.Switch%250 != 0 ||
		p.OfLive+p.OfShadow != p.Lines || p.OfLive == 0 || p.ViewDiffers != "") {
		t.Errorf("view of %+v", *p)
	}
}
