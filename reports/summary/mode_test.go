package summary_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

// stallFrom and stallTo bound the stall of a run whose steady lasts from 3 s to 33 s; caughtUp is
// when a system at half of its highest rate has answered what waited.
const (
	stallFrom = 9 * int64(time.Second)
	stallTo   = 15 * int64(time.Second)
	caughtUp  = stallTo + (stallTo - stallFrom)
)

// stalledRun is a run whose sink stalled for 6 s: events waited, and the system said so.
func stalledRun(t *testing.T) *recordtest.Run {
	r := recordtest.New(t, recordtest.Options{Steady: 30 * time.Second})
	r.Manifest.Conditions.Mode = record.ModeBackpressure
	r.Change(func(e *record.Entry) bool {
		k := e.Tick
		if k == nil || k.ScheduleNs < stallFrom {
			return true
		}
		inStall := min(k.ScheduleNs, stallTo) - stallFrom
		k.BackpressureNs, k.BlockedNs = inStall, inStall
		waiting := inStall
		if k.ScheduleNs > stallTo {
			waiting = max(0, caughtUp-k.ScheduleNs) // two of due time pass in each
		}
		k.Accepted = min(k.Accepted, k.Offered-uint64(waiting/1e6*1500))
		return true
	})
	at := slices.IndexFunc(r.Entries, func(e record.Entry) bool { return e.Ledger != nil })
	r.Entries = slices.Insert(r.Entries, at, record.Entry{T: r.Entries[at].T, Kind: record.KindMode,
		System: "native", Rep: 1, Mode: &record.Mode{
			Stall: &record.Stall{FromNs: stallFrom, ToNs: stallTo},
		}})
	return r
}

// logged has the run travel by a log: it takes every event, and the results tell how far the system
// is, which in the end is short of some events.
func logged(short uint64) func(r *recordtest.Run) {
	return func(r *recordtest.Run) {
		r.Manifest.Conditions.Transport = "kafka"
		r.Change(func(e *record.Entry) bool {
			if k := e.Tick; k != nil {
				k.Processed = k.Accepted
				if k.ScheduleNs > stallTo {
					k.Processed -= min(k.Processed, short)
				}
				k.BlockedNs, k.Accepted = 0, k.Offered
			}
			return true
		})
	}
}

// modeVerdict is the one verdict under the rule of modes.
func modeVerdict(t *testing.T, r summary.Result) summary.Verdict {
	t.Helper()
	for _, v := range r.Verdicts {
		if v.Rule == summary.RuleMode {
			return v
		}
	}
	t.Fatalf("no verdict on the mode: %+v", r.Verdicts)
	return summary.Verdict{}
}

func TestAStalledSinkIsJudgedByMemoryBackpressureAndLedger(t *testing.T) {
	tick := func(edit func(k *record.Tick)) func(r *recordtest.Run) {
		return func(r *recordtest.Run) {
			r.Change(func(e *record.Entry) bool {
				if e.Tick != nil {
					edit(e.Tick)
				}
				return true
			})
		}
	}
	during := func(k *record.Tick) bool { return k.ScheduleNs > stallFrom && k.ScheduleNs <= stallTo }
	for _, tt := range []struct {
		name  string
		plant func(r *recordtest.Run)
		state summary.State
		exit  int
		text  string
	}{
		{"nothing planted", func(*recordtest.Run) {}, summary.Pass, 0, "nothing was lost"},
		{"300 MiB hoarded at once", tick(func(k *record.Tick) {
			if during(k) {
				k.MemoryB += 300 << 20
			}
		}), summary.Fail, 10, "memory rose by"},
		{"2 MiB a second hoarded", tick(func(k *record.Tick) {
			if during(k) {
				k.MemoryB += uint64(k.ScheduleNs-stallFrom) / 1e6 * 2 << 20 / 1000
			}
		}), summary.Fail, 10, "memory went on rising by"},
		{"hoarded by workers of their own", tick(func(k *record.Tick) {
			if during(k) {
				k.SystemMemoryB += 300 << 20
			}
		}), summary.Fail, 10, "memory rose by"},
		{"buffers that fill and stay full", tick(func(k *record.Tick) {
			if during(k) {
				k.MemoryB += 200 << 20 * uint64(min(k.ScheduleNs-stallFrom, 1e9)) / 1e9
			}
		}), summary.Pass, 0, "nothing was lost"},
		{"no word of backpressure", tick(func(k *record.Tick) { k.BackpressureNs = 0 }),
			summary.Fail, 10, "reported no backpressure"},
		{"backpressure that never ends", tick(func(k *record.Tick) {
			k.BackpressureNs = k.ScheduleNs
		}), summary.Fail, 10, "still reported backpressure"},
		{"sources that never stopped", tick(func(k *record.Tick) {
			k.BlockedNs, k.Accepted = 0, k.Offered
		}), summary.Fail, 10, "never reached the sources"},
		{"a system that never catches up", tick(func(k *record.Tick) {
			if k.ScheduleNs > stallTo {
				k.Accepted = min(k.Accepted, k.Offered-3_000_000)
			}
		}), summary.Fail, 10, "never caught up"},
		{"backpressure of slots that add up", func(r *recordtest.Run) {
			r.Manifest.Conditions.WorkerCPUs = 4
			r.Change(func(e *record.Entry) bool {
				if k := e.Tick; k != nil && k.ScheduleNs > caughtUp {
					k.BackpressureNs += (k.ScheduleNs - caughtUp) / 50 // half a percent of each
				}
				return true
			})
		}, summary.Pass, 0, "nothing was lost"},
		{"a log that takes events meanwhile", logged(0), summary.Pass, 0, "nothing was lost"},
		{"a log whose reader never catches up", logged(3_000_000), summary.Fail, 10,
			"never caught up"},
		{"a result lost", func(r *recordtest.Run) {
			r.Change(func(e *record.Entry) bool {
				if e.Ledger != nil {
					e.Ledger.Lost, e.Ledger.Matched = 1, e.Ledger.Matched-1
				}
				return true
			})
		}, summary.Fail, 12, "1 lost"},
		{"no stall at all", func(r *recordtest.Run) {
			r.Change(func(e *record.Entry) bool { return e.Mode == nil })
		}, summary.Unknown, 6, "tells of no stall"},
		{"an INVALID repetition", func(r *recordtest.Run) {
			r.Change(func(e *record.Entry) bool {
				if e.End != nil {
					e.End.DroppedSamples = 1
				}
				return true
			})
		}, summary.Unknown, 6, "no valid repetition"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := stalledRun(t)
			tt.plant(r)
			res := summarize(t, r, r.Log(t))
			v := modeVerdict(t, res)
			if v.State != tt.state || v.Exit != tt.exit || !strings.Contains(v.Text, tt.text) {
				t.Errorf("verdict %+v", v)
			}
			if summary.Meaning(v) == "" || (res.Exit != 0) != (tt.exit != 0) {
				t.Errorf("exit %d, meaning %q", res.Exit, summary.Meaning(v))
			}
		})
	}
}

func TestTheWayBackFromAStallIsHeldBesideTheQueuesLaw(t *testing.T) {
	r := stalledRun(t)
	r.Search(nil, &record.Bracket{Passed: 3e6, Failed: 3.1e6, Offered: 1.5e6}, 0)
	res := summarize(t, r, r.Log(t))
	figures := map[string]float64{}
	for _, f := range res.Systems[0].Mode {
		figures[f.Name] = f.Value
	}
	if law := figures["catch-up.law"]; law != 6e9 {
		t.Errorf("a stall of 6 s at half the highest rate takes %v by the law", time.Duration(law))
	}
	if took := figures["catch-up"]; took < 5.5e9 || took > 6.5e9 {
		t.Errorf("it took %v", time.Duration(took))
	}
	if figures["backlog.stall"] < 8e6 || figures["memory.stall"] == 0 || figures["backpressure"] != 6e9 {
		t.Errorf("figures %v", figures)
	}
}

func TestABoundedInputIsJudgedByBothLedgersAndTheLines(t *testing.T) {
	sound := record.Batch{
		Bounded: true, Events: 1_000_000, Ns: 5e8, CPUNs: 4e8, Lines: 12, StreamLines: 12,
		LinesSHA256: "ab", StreamSHA256: "ab",
		Ledger: &record.Ledger{Conclusive: true, Expected: 12, Received: 12, Matched: 12},
	}
	for _, tt := range []struct {
		name  string
		plant func(b *record.Batch)
		state summary.State
		exit  int
		text  string
	}{
		{"nothing planted", func(*record.Batch) {}, summary.Pass, 0, "the same 12 results"},
		{"a line that differs", func(b *record.Batch) {
			b.StreamSHA256, b.Differs = "cd", "only the stream has 5|7"
		}, summary.Fail, 12, "only the stream has 5|7"},
		{"sums that differ", func(b *record.Batch) { b.StreamSHA256 = "cd" }, summary.Fail, 12, "differ"},
		{"a result wrong in both", func(b *record.Batch) { b.Ledger.Wrong = 1 },
			summary.Fail, 12, "bounded, 0 lost, 0 duplicated, 1 wrong"},
		{"an end that never came", func(b *record.Batch) {
			b.Ledger.Conclusive, b.Ledger.Why = false, "no new result"
		}, summary.Unknown, 6, "no new result"},
		{"no bounded input", func(b *record.Batch) { b.Ledger = nil }, summary.Unknown, 6, "no bounded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recordtest.New(t, recordtest.Options{})
			r.Manifest.Conditions.Mode = record.ModeBatch
			b, ledger := sound, *sound.Ledger
			b.Ledger = &ledger
			tt.plant(&b)
			at := slices.IndexFunc(r.Entries, func(e record.Entry) bool { return e.Ledger != nil })
			r.Entries = slices.Insert(r.Entries, at, record.Entry{T: r.Entries[at].T,
				Kind: record.KindMode, System: "native", Rep: 1, Mode: &record.Mode{Batch: &b}})
			res := summarize(t, r, r.Log(t))
			if v := modeVerdict(t, res); v.State != tt.state || v.Exit != tt.exit ||
				!strings.Contains(v.Text, tt.text) || summary.Meaning(v) == "" {
				t.Errorf("verdict %+v", v)
			}
			if f := res.Systems[0].Mode; tt.exit == 0 && (len(f) != 4 || f[0].Value != 2e6 ||
				f[1].Value != 0.4) {
				t.Errorf("figures %+v", f)
			}
		})
	}
}
