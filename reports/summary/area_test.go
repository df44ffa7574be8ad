package summary

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// stalled is what the record says of a system that answers at once, stalls for some time and then
// catches up at its capacity, fed by a schedule: the latency log and the trail of its steady phase.
func stalled(
	t *testing.T, at, stall, steady time.Duration, lambda, rho float64,
) (*Trail, *record.HistogramLog) {
	t.Helper()
	const base, t0 = int64(5 * time.Millisecond), int64(700 * time.Millisecond)
	var b bytes.Buffer
	h, err := record.NewHistograms(&b, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Open(record.Tag{System: "native", Rep: 1, Stage: record.StageResult})
	if err != nil {
		t.Fatal(err)
	}
	const step = int64(10 * time.Millisecond)
	n := int64(lambda * float64(step) / 1e9)
	free := int64(0) // when the system is done with what came before
	for due := int64(0); due < int64(steady); due += step {
		begin := max(due, free)
		if begin >= int64(at) && begin < int64(at+stall) {
			begin = int64(at + stall)
		}
		free = begin + int64(float64(step)*rho)
		s.RecordN(t0+begin+base, begin+base-due, n)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := record.ReadHistograms(&b, "stalled")
	if err != nil {
		t.Fatal(err)
	}
	return &Trail{
		System: "native", Rep: 1, End: &record.End{SteadyEndNs: int64(steady)},
		Phases: []record.Entry{{Phase: &record.Phase{Name: record.PhaseSteady}}},
		Ticks:  []record.Entry{{T: t0 + 250e6, Tick: &record.Tick{ScheduleNs: 250e6}}},
	}, log
}

func TestTheLatencyAreaOfAStallIsThatOfTheory(t *testing.T) {
	for _, c := range []struct {
		stall       time.Duration
		lambda, rho float64
	}{
		{30 * time.Second, 10_000, 0.8}, {30 * time.Second, 10_000, 0.5},
		{30 * time.Second, 100_000, 0.9}, {5 * time.Second, 10_000, 0.7},
	} {
		d := c.stall.Seconds()
		catchUp := d * c.rho / (1 - c.rho)
		steady := 10*time.Second + time.Duration((d+catchUp+20)*1e9)
		trail, log := stalled(t, 12*time.Second, c.stall, steady, c.lambda, c.rho)
		// While the stall lasts events wait D/2 on average; those due while the system catches up
		// wait for the rest of the triangle.
		want := c.lambda * (d*d/2 + d*catchUp/2)
		got, ok := latencyArea(trail, log)
		if !ok || math.Abs(got/want-1) > 0.02 {
			t.Errorf("stall of %s at %.0f/s, %.1f of capacity: %.4g event-seconds, want %.4g",
				c.stall, c.lambda, c.rho, got, want)
		}
		worst := log.Merged[record.Tag{System: "native", Rep: 1, Stage: record.StageResult}].Max()
		if worst < int64(c.stall) {
			t.Errorf("stall of %s: largest latency %s", c.stall, time.Duration(worst))
		}
	}
}

func TestWithoutAStallTheLatencyAreaIsNextToNothing(t *testing.T) {
	trail, log := stalled(t, time.Hour, 0, 30*time.Second, 10_000, 0.5)
	if got, ok := latencyArea(trail, log); !ok || got > 1 {
		t.Errorf("%.3g event-seconds of 300 000 events", got)
	}
}

func TestWithoutABaselineThereIsNoLatencyArea(t *testing.T) {
	trail, log := stalled(t, 0, 15*time.Second, 40*time.Second, 10_000, 0.5)
	if got, ok := latencyArea(trail, log); ok {
		t.Errorf("%.3g event-seconds above a baseline nobody saw", got)
	}
}
