package summary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

func TestABacklogThatGrowsIsWarned(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	edit(func(e *record.Entry) {
		if e.Tick != nil {
			e.Tick.Backlog = uint64(e.Tick.ScheduleNs / 1e6)
		}
	})(r)
	ws := summarize(t, r, r.Log(t)).Systems[0].Repetitions[0].Warnings
	if len(ws) != 1 || ws[0].Code != "backlog-grows" ||
		!strings.Contains(ws[0].Text, "1 000 events a second") {
		t.Errorf("warnings %+v", ws)
	}
}

// TestCatchingUpAfterSteadyIsNotKeepingUp: the backlog grows while events are offered, and falls when
// the system has the host for itself.
func TestCatchingUpAfterSteadyIsNotKeepingUp(t *testing.T) {
	for _, during := range []int{0, 20} { // readings until the end of steady; without, ticks tell
		r := recordtest.New(t, recordtest.Options{})
		edit(func(e *record.Entry) {
			if e.Tick != nil {
				e.Tick.Backlog = uint64(e.Tick.ScheduleNs / 1e4)
			}
		})(r)
		repEnd(func(e *record.End) {
			e.Backlog = nil
			for i := range int64(during) {
				e.Backlog = append(e.Backlog, record.Reading{
					AtNs: e.SteadyEndNs * (i + 1) / 20, Events: uint64(1e6 + 1e5*i),
				})
			}
			for i := range int64(100) {
				e.Backlog = append(e.Backlog, record.Reading{
					AtNs: e.SteadyEndNs + (i+1)*1e8, Events: uint64(3e6 - 3e4*i),
				})
			}
		})(r)
		ws := summarize(t, r, r.Log(t)).Systems[0].Repetitions[0].Warnings
		if !slices.ContainsFunc(ws, func(w record.Warning) bool {
			return w.Code == summary.CodeBacklogGrows
		}) {
			t.Errorf("%d readings during steady: %+v", during, ws)
		}
	}
}

// TestCommitsThatDriftAgainstWindowsAreNoBacklog: what comes each 1.017 s of windows of a second is
// later by 17 ms each time, at any rate. A backlog beyond one window is told from that.
func TestCommitsThatDriftAgainstWindowsAreNoBacklog(t *testing.T) {
	for _, c := range []struct {
		share float64 // of the rate by which the backlog grows
		grows bool
	}{{0, false}, {0.017, false}, {0.1, false}, {0.12, true}, {0.5, true}} {
		r := recordtest.New(t, recordtest.Options{})
		repEnd(func(e *record.End) {
			rate := float64(e.DueAtSteadyEnd) / float64(e.SteadyEndNs) * 1e9
			e.Backlog, e.WindowSlots = nil, rate
			for i := range 10 {
				at := 1.017 * float64(i+1)
				e.Backlog = append(e.Backlog, record.Reading{
					AtNs: int64(at * 1e9), Events: uint64(rate * (0.5 + c.share*at)),
				})
			}
		})(r)
		grows := false
		for _, w := range summarize(t, r, r.Log(t)).Systems[0].Repetitions[0].Warnings {
			grows = grows || w.Code == summary.CodeBacklogGrows
		}
		if grows != c.grows {
			t.Errorf("a growth by %.1f%% of the rate: warned %v", 100*c.share, grows)
		}
	}
}
