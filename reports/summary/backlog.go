package summary

import (
	"math"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

// readings are the backlogs of the least advanced keys, which the oracle knows; none without it.
func (t *Trail) readings() []record.Reading {
	if t.End == nil {
		return nil
	}
	return t.End.Backlog
}

// growth is the slope of backlog over steady in events a second: of the least advanced keys where
// the oracle has told enough of them by its end. ok is false with too few readings to tell.
//
// A system that is far behind answers steady after its end, with nothing offered beside it. How it
// catches up then is not how it keeps up, so what was read live, of the most advanced keys, is
// asked too: it keeps up if neither grows.
//
// Its interval holds what readings cannot resolve. A backlog is known when results come, and where
// they come by commits these drift against the ends of windows: a commit each 1.017 s of windows
// of 1 s reads like a backlog that grows by 1.7% of the rate, until it holds two windows. So a
// reading is known to what falls due between two windows.
func growth(t *Trail) (slope stats.Slope, ok bool) {
	if t.End == nil {
		return t.slopeOf(t.backlogRead())
	}
	if slope, ok = t.slopeOf(t.backlogTold(t.End.SteadyEndNs)); ok {
		return slope, true
	}
	slope, ok = t.slopeOf(t.backlogTold(math.MaxInt64))
	if live, read := t.slopeOf(t.backlogRead()); read && (!ok || live.Lo > slope.Lo) {
		return live, true
	}
	return slope, ok
}

// backlogTold is the backlog of the least advanced keys until a time, at seconds since T0.
func (t *Trail) backlogTold(untilNs int64) (x, y []float64) {
	for _, r := range t.readings() {
		if r.AtNs <= untilNs {
			x, y = append(x, float64(r.AtNs)/1e9), append(y, float64(r.Events))
		}
	}
	return x, y
}

// backlogRead is the backlog as it was read during steady, at seconds since T0.
func (t *Trail) backlogRead() (x, y []float64) {
	from, to, steady := t.Steady()
	if !steady {
		return nil, nil
	}
	processed := uint64(0)
	for _, e := range t.Ticks {
		read := e.Tick.Backlog > 0 || e.Tick.Processed > processed // 0 is a backlog too
		processed = e.Tick.Processed
		if at := e.Tick.ScheduleNs; at >= from && at <= to && read {
			x, y = append(x, float64(at)/1e9), append(y, float64(e.Tick.Backlog))
		}
	}
	return x, y
}

// slopeOf is the slope of a backlog, to a window.
func (t *Trail) slopeOf(x, y []float64) (slope stats.Slope, ok bool) {
	if slope, ok = slopeOf(x, y); ok && t.End != nil {
		unresolved := t.End.WindowSlots / (x[len(x)-1] - x[0])
		slope.Lo, slope.Hi = slope.Lo-unresolved, slope.Hi+unresolved
	}
	return slope, ok
}

func slopeOf(x, y []float64) (slope stats.Slope, ok bool) {
	for len(x) > 1000 {
		x, y = thin(x), thin(y)
	}
	slope = stats.TheilSen(x, y)
	return slope, !math.IsInf(slope.Lo, 0) && !math.IsInf(slope.Hi, 0)
}

func thin(xs []float64) []float64 {
	half := make([]float64, 0, len(xs)/2+1)
	for i := 0; i < len(xs); i += 2 {
		half = append(half, xs[i])
	}
	return half
}
