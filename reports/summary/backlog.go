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
// the oracle has told enough of them, else as it was read while results arrived. ok is false with
// too few readings to tell.
func growth(t *Trail) (slope stats.Slope, ok bool) {
	var x, y []float64
	for _, r := range t.readings() {
		x, y = append(x, float64(r.AtNs)/1e9), append(y, float64(r.Events))
	}
	if slope, ok = slopeOf(x, y); ok {
		return slope, true
	}
	from, to, steady := t.Steady()
	if !steady {
		return slope, false
	}
	x, y = nil, nil
	processed := uint64(0)
	for _, e := range t.Ticks {
		read := e.Tick.Backlog > 0 || e.Tick.Processed > processed // 0 is a backlog too
		processed = e.Tick.Processed
		if at := e.Tick.ScheduleNs; at >= from && at <= to && read {
			x, y = append(x, float64(at)/1e9), append(y, float64(e.Tick.Backlog))
		}
	}
	return slopeOf(x, y)
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
