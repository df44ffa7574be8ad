package scenarios_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// always takes as long for every batch.
func always(d time.Duration) func(uint64) time.Duration {
	return func(uint64) time.Duration { return d }
}

// now and then: d for each batch that crosses a multiple of every.
func nowAndThen(every uint64, d time.Duration) func(uint64) time.Duration {
	next := every
	return func(slot uint64) time.Duration {
		if slot < next {
			return 0
		}
		next = slot + every
		return d
	}
}

// once takes d for the first batch at or after a slot.
func once(at uint64, d time.Duration) func(uint64) time.Duration {
	done := false
	return func(slot uint64) time.Duration {
		if done || slot < at {
			return 0
		}
		done = true
		return d
	}
}

// codes are the reasons for which the first repetition is INVALID.
func (r *recorded) codes() (codes []string) {
	rep := r.result.Systems[0].Repetitions[0]
	for _, reason := range rep.Reasons {
		codes = append(codes, reason.Code)
	}
	return codes
}

func (r *recorded) stage(name string) (n, maxNs int64) {
	for tag, h := range r.log.Merged {
		if tag.Stage == name {
			n += h.TotalCount()
			maxNs = max(maxNs, h.Max())
		}
	}
	return n, maxNs
}

// TestPlantedDefectsAreTold plants one defect after the other in driver and system and looks at
// the verdict of the record alone.
func TestPlantedDefectsAreTold(t *testing.T) {
	tests := []struct {
		name  string
		fake  *fake
		sets  []string
		codes []string // reasons for INVALID
		exit  int
		look  func(*testing.T, *recorded)
	}{
		{name: "no defect, no reason", fake: &fake{}},
		{
			name:  "a driver that pauses 50 ms now and then lags",
			fake:  &fake{making: nowAndThen(1000, 50*time.Millisecond)},
			codes: []string{"driver-lag"}, exit: 6,
		},
		{
			name:  "a generator too slow for the rate",
			fake:  &fake{making: always(500 * time.Millisecond)}, // of 256 events: half the rate
			codes: []string{"behind-schedule", "driver-lag"}, exit: 6,
			look: func(t *testing.T, r *recorded) {
				if s := r.result.Sentence; !strings.Contains(s, "of 1.00k/s offered") ||
					!strings.Contains(s, "the driver sent 5") {
					t.Errorf("the sentence does not tell the rate reached: %s", s)
				}
				end := r.ends()[0]
				if end.Events >= 10_000 || end.Events != r.ledgers()[0].EventsIn {
					t.Errorf("the stream was not cut: %+v", *end)
				}
			},
		},
		{
			name: "a system too slow for the rate is no fault of the driver",
			fake: &fake{processing: always(500 * time.Millisecond)},
			look: func(t *testing.T, r *recorded) {
				end := r.ends()[0]
				short := end.DueAtSteadyEnd - end.AcceptedAtSteadyEnd
				if short < 4000 || end.BlockedAtSteadyEnd < short*999/1000 || end.Events != 10_000 {
					t.Errorf("end %+v", *end)
				}
				if _, worst := r.stage(record.StageResult); worst < int64(9*time.Second) {
					t.Errorf("largest latency %s of a run twice as long as it should be",
						time.Duration(worst))
				}
			},
		},
		{
			name: "a stall of 3 s is at least 3 s of latency and blocked, not driver lag",
			fake: &fake{processing: once(5004, 3*time.Second)},
			look: func(t *testing.T, r *recorded) {
				if n, worst := r.stage(record.StageResult); worst < int64(3*time.Second) || n < 7000 {
					t.Errorf("%d results, the largest latency is %s", n, time.Duration(worst))
				}
				if _, lag := r.stage(record.StageDriver); lag > int64(time.Millisecond) {
					t.Errorf("driver lag %s", time.Duration(lag))
				}
				blocked, backlog := int64(0), uint64(0)
				for _, e := range r.entries {
					if e.Tick != nil {
						blocked = max(blocked, e.Tick.BlockedNs)
						backlog = max(backlog, e.Tick.Backlog)
					}
				}
				if blocked < int64(2900*time.Millisecond) || backlog < 2900 {
					t.Errorf("blocked %s, backlog %d", time.Duration(blocked), backlog)
				}
			},
		},
		{
			name: "a lost result",
			fake: &fake{copies: func(n int64) int { return map[bool]int{true: 0, false: 1}[n == 5004] }},
			exit: 12,
			look: func(t *testing.T, r *recorded) {
				if l := r.ledgers()[0]; l.Lost != 1 || l.Duplicated+l.Wrong+l.Phantom != 0 ||
					len(l.Offenders) != 1 {
					t.Errorf("ledger %+v", *l)
				}
			},
		},
		{
			name: "a doubled result",
			fake: &fake{copies: func(n int64) int { return map[bool]int{true: 2, false: 1}[n == 5004] }},
			exit: 12,
			look: func(t *testing.T, r *recorded) {
				if l := r.ledgers()[0]; l.Duplicated != 1 || l.Lost != 0 {
					t.Errorf("ledger %+v", *l)
				}
			},
		},
		{
			name: "results that never come", fake: &fake{hangAt: 9000},
			codes: []string{"oracle-inconclusive"}, exit: 6,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := virtual(t, t.Context(), tt.fake, tt.sets...)
				if err != nil {
					t.Fatal(err)
				}
				if codes := r.codes(); !slices.Equal(codes, tt.codes) {
					t.Errorf("reasons %v, want %v", codes, tt.codes)
				}
				if r.result.Exit != tt.exit {
					t.Errorf("exit %d, want %d: %s", r.result.Exit, tt.exit, r.result.Sentence)
				}
				valid := r.result.Systems[0].Repetitions[0].Status == summary.Valid
				if valid != (len(tt.codes) == 0) {
					t.Errorf("status %s", r.result.Systems[0].Repetitions[0].Status)
				}
				if tt.look != nil {
					tt.look(t, r)
				}
			})
		})
	}
}

func TestAutomaticWarmupEndsWithTheLastChange(t *testing.T) {
	// Until slot 6000 every batch takes 50 ms longer.
	slowStart := func(slot uint64) time.Duration {
		if slot < 6000 {
			return 50 * time.Millisecond
		}
		return time.Millisecond
	}
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{processing: slowStart}, "load.warmup=auto")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.entries {
			if e.Phase == nil || e.Phase.Name != record.PhaseSteady {
				continue
			}
			from := time.Duration(e.Phase.ScheduleNs)
			if from < 10*time.Second || from > 30*time.Second {
				t.Errorf("steady began after %s", from)
			}
			end := r.ends()[0]
			if length := end.SteadyEndNs - e.Phase.ScheduleNs; length != int64(8*time.Second) {
				t.Errorf("steady lasted %s", time.Duration(length))
			}
		}
		if _, worst := r.stage(record.StageResult); worst > int64(20*time.Millisecond) {
			t.Errorf("the slow start is in the figures: %s", time.Duration(worst))
		}
		if len(r.codes()) != 0 {
			t.Errorf("reasons %v", r.codes())
		}
	})
}

func TestARunThatNeverGetsSteadyIsInvalid(t *testing.T) {
	// Every second takes 3 % longer.
	slower := func(slot uint64) time.Duration {
		return time.Duration(1e6 * math.Pow(1.03, float64(slot)/100))
	}
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{processing: slower},
			"load.warmup=auto", "load.rate=100/s")
		if err != nil {
			t.Fatal(err)
		}
		if codes := r.codes(); !slices.Contains(codes, "no-steady-state") || r.result.Exit != 6 {
			t.Errorf("reasons %v, exit %d", codes, r.result.Exit)
		}
	})
}

func TestExactRunsDiscardNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []string{"1k/s", "max"} {
			s := strings.Replace(passOn, "rate: 1k/s, warmup: 2s, steady: 8s", "rate: "+rate+
				", events: 5k", 1)
			r := virtualOf(t, s, &fake{processing: always(time.Microsecond)})
			l, end := r.ledgers()[0], r.ends()[0]
			if end.Events != 5000 || l.EventsIn != 5000 || l.Received != 4600 || !l.Conclusive {
				t.Errorf("%s: end %+v, ledger %+v", rate, *end, *l)
			}
			n, _ := r.stage(record.StageResult)
			if warm, _ := r.stage(record.StageWarmup); warm != 0 || (n != 4600) != (rate == "max") {
				t.Errorf("%s: %d results timed, %d of warm-up", rate, n, warm)
			}
			if r.result.Exit != 0 {
				t.Errorf("%s: exit %d: %s", rate, r.result.Exit, r.result.Sentence)
			}
		}
	})
}

func TestAsFastAsTakenEndsWithSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := strings.Replace(passOn, "rate: 1k/s", "rate: max", 1)
		r := virtualOf(t, s, &fake{processing: always(50 * time.Millisecond)})
		l, end := r.ledgers()[0], r.ends()[0]
		// 256 events every 50 ms for 10 s.
		if end.Events < 51_000 || end.Events > 52_000 || l.EventsIn != end.Events || l.Lost != 0 {
			t.Errorf("end %+v, ledger %+v", *end, *l)
		}
		if r.result.Exit != 0 {
			t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
		}
	})
}
