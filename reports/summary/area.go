package summary

import (
	"slices"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

// baselineNs is how much of the beginning of steady the baseline of the latency area is taken from.
const baselineNs = int64(10e9)

// latencyArea is A = Σ max(0, latency − baseline) over the results of steady, in event-seconds:
// what a stall costs all that wait for it, and not the unlucky one alone. For a stall of length D
// at a rate λ and a utilisation ρ it is λ·D²/(2·(1−ρ)).
//
//	latency ^      |\            D while nothing is answered, then
//	        |      | \           the catch-up of ρ/(1−ρ)·D
//	        | . . .|..\. . . . . baseline: median of the first 10 s
//	        +------------------> due time
//
// The baseline is the median of the one-second medians in the first 10 s of steady. ok is false
// where no result came in that time: then nothing says what is normal.
func latencyArea(t *Trail, h *record.HistogramLog) (area float64, ok bool) {
	tag := tagOf(t, record.StageResult)
	from, _, steady := t.Steady()
	all := h.Merged[tag]
	if !steady || all == nil {
		return 0, false
	}
	from += t.T0Ns()
	var medians []float64
	for _, v := range h.Intervals[tag] {
		if v.FromNs < from+baselineNs {
			medians = append(medians, float64(v.P50Ns))
		}
	}
	if len(medians) == 0 {
		return 0, false
	}
	slices.Sort(medians)
	return areaAbove(all, stats.Median(medians).Median), true
}

// areaAbove sums the samples' excess over a baseline in ns; the result is in seconds.
func areaAbove(h *hdr.Histogram, baseline float64) float64 {
	var sum float64
	for _, bar := range h.Distribution() {
		if mid := float64(bar.From+bar.To) / 2; bar.Count > 0 && mid > baseline {
			sum += float64(bar.Count) * (mid - baseline)
		}
	}
	return sum / 1e9
}
