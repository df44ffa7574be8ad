package summary

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

const (
	// driftShare is the change of a figure over the repetitions that is worth a warning, as a share
	// of its median: the least difference that a comparison would call one.
	driftShare = 0.05
	// The least changes of level inside steady that are worth a warning. A percentile of one second
	// moves more than a count does.
	throughputShift, latencyShift = 0.05, 0.20
)

// Codes of warnings about drift; what they weaken is told by weakens.
const (
	codeDrift           = "drift"
	codeThroughputShift = "drift-throughput"
	codeLatencyShift    = "drift-latency"
)

// Drift is how far a figure moved over the repetitions in the order they ran: the Theil-Sen slope
// with its 95 % interval, times the length of the series, as shares of the median.
type Drift struct {
	Share float64 `json:"share"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
}

// driftOf is nil where the repetitions are too few for an interval, or the median is 0.
func driftOf(order, values []float64) *Drift {
	median := stats.Median(values).Median
	if len(values) < 3 || median == 0 {
		return nil
	}
	slope := stats.TheilSen(order, values)
	scale := (order[len(order)-1] - order[0]) / math.Abs(median)
	d := &Drift{Share: slope.Value * scale, Lo: slope.Lo * scale, Hi: slope.Hi * scale}
	if math.IsInf(slope.Lo, 0) || math.IsInf(slope.Hi, 0) || math.IsNaN(slope.Value) {
		return nil
	}
	return d
}

// warning tells a drift that is none of chance's and larger than what a comparison would mind.
func (d *Drift) warning() (record.Warning, bool) {
	if d == nil || (d.Lo <= 0 && d.Hi >= 0) || math.Abs(d.Share) <= driftShare {
		return record.Warning{}, false
	}
	return record.Warning{Code: codeDrift, Text: fmt.Sprintf("drifted by %s over the repetitions "+
		"in the order they ran (95%% interval %s to %s): the median mixes what changed meanwhile",
		signed(d.Share), signed(d.Lo), signed(d.Hi))}, true
}

func signed(share float64) string { return fmt.Sprintf("%+.1f%%", 100*share) }

// shifts warns of changes of level inside steady, in throughput and in p99 a second.
func shifts(m *record.Manifest, t *Trail, h *record.HistogramLog) []record.Warning {
	var ws []record.Warning
	from, to, ok := t.Steady()
	if !ok {
		return nil
	}
	if w, ok := shiftOf(perSecond(t, from, to), throughputShift, record.PerSecond); ok {
		w.Code, w.Text = codeThroughputShift, "throughput "+w.Text
		ws = append(ws, w)
	}
	if m.Conditions.RateMax {
		return ws
	}
	var p99s []float64
	for _, v := range h.Intervals[tagOf(t, record.StageResult)] {
		p99s = append(p99s, float64(v.P99Ns))
	}
	if w, ok := shiftOf(p99s, latencyShift, record.Nanoseconds); ok {
		w.Code, w.Text = codeLatencyShift, "p99 "+w.Text
		ws = append(ws, w)
	}
	return ws
}

// perSecond are the events accepted in each whole second of steady.
func perSecond(t *Trail, from, to int64) []float64 {
	const second = int64(1e9)
	var xs []float64
	for at := from; at+second <= to; at += second {
		xs = append(xs, t.Rise(at, at+second, accepted))
	}
	return xs
}

func shiftOf(xs []float64, least float64, u record.Unit) (record.Warning, bool) {
	s, ok := stats.FindShift(xs)
	if !ok || s.Before == 0 || math.Abs(s.After/s.Before-1) <= least {
		return record.Warning{}, false
	}
	return record.Warning{Text: fmt.Sprintf("changed during steady, from %s to %s at slice %d of %d "+
		"(change point, p = %.2g): the figure mixes two levels", Format(s.Before, u),
		Format(s.After, u), s.At+1, len(xs), s.P)}, true
}

// weakens reports whether a warning of a repetition weakens a figure.
func weakens(w record.Warning, figure string) bool {
	switch w.Code {
	case codeThroughputShift:
		return figure == "accepted" || figure == "emitted"
	case codeLatencyShift:
		return strings.HasPrefix(figure, "latency.")
	}
	stage, ok := stageOf(figure)
	return ok && w.Code == codeUntimed+stage
}

// pass hands the warnings of repetitions on to the figures they weaken, each text once.
func pass(figures map[string]Figure, reps []Repetition) {
	for name, f := range figures {
		for _, r := range reps {
			if !r.counts() {
				continue
			}
			for _, w := range r.Warnings {
				if weakens(w, name) && !slices.Contains(f.Warnings, w) {
					f.Warnings = append(f.Warnings, w)
				}
			}
		}
		figures[name] = f
	}
}
