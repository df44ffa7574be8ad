package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

const spectrumH = 360.0

// spectra are the result latencies of one system's kept valid repetitions.
type spectra struct {
	system string
	reps   []*hdr.Histogram
	all    *hdr.Histogram
}

// spectraOf gathers the histograms of a stage; systems without samples are left out.
func spectraOf(run *Run, stage string) []spectra {
	var out []spectra
	for _, s := range run.Result.Systems {
		sp := spectra{system: s.Name}
		for _, r := range s.Repetitions {
			h := run.Log.Merged[record.Tag{System: s.Name, Rep: r.Rep, Stage: stage}]
			if !r.Kept || r.Status != summary.Valid || h == nil || h.TotalCount() == 0 {
				continue
			}
			sp.reps = append(sp.reps, h)
			if sp.all == nil {
				sp.all = hdr.New(h.LowestTrackableValue(), h.HighestTrackableValue(),
					int(h.SignificantFigures()))
			}
			sp.all.Merge(h) // same range, so nothing can be refused
		}
		if sp.all != nil {
			out = append(out, sp)
		}
	}
	return out
}

// depth is how far right a histogram reaches: log10 of its number of samples.
func depth(h *hdr.Histogram) float64 { return math.Log10(float64(h.TotalCount())) }

// percentAt is the percentile at x = log10(1/(1−p)).
func percentAt(x float64) float64 { return 100 * (1 - math.Pow(10, -x)) }

// spectrumPicture draws latency over rarity, every system in one picture.
func spectrumPicture(run *Run, systems []spectra) template.HTML {
	c := newCanvas(pageW, spectrumH, "Percentile spectrum of result latency")
	x := scale{lo: 0, hi: 1, from: leftW, to: pageW - rightW}
	lo, hi := math.Inf(1), 0.0
	for _, s := range systems {
		x.hi = max(x.hi, math.Ceil(depth(s.all)-1e-9))
		lo, hi = min(lo, float64(s.all.ValueAtPercentile(1))), max(hi, float64(s.all.Max()))
	}
	x.hi = min(x.hi, 7)
	for _, l := range run.Manifest.Limits {
		if strings.HasPrefix(l.Metric, "latency.p") {
			lo, hi = min(lo, l.Value), max(hi, l.Value)
		}
	}
	y := scale{lo: max(lo/1.5, 1), hi: hi * 1.5, from: spectrumH - 52, to: 18, log: true}
	spectrumGrid(c, x, y)
	var labels []label
	for i, s := range systems {
		labels = append(labels, s.draw(c, i, x, y))
	}
	limits(c, run, x, y)
	spread(c, labels, x.to+10, y)
	return c.html()
}

func spectrumGrid(c *canvas, x, y scale) {
	for _, v := range y.ticks(9) {
		c.line(point{x.from, y.at(v)}, point{x.to, y.at(v)}, `stroke="`+gridInk+`"`)
		c.text(point{x.from - 8, y.at(v) + 4}, axisLabel(v, record.Nanoseconds),
			`text-anchor="end" fill="`+faint+`"`)
	}
	names := []string{"all", "p90", "p99", "p99.9", "p99.99", "p99.999", "p99.9999", "p99.99999"}
	for i := 0; float64(i) <= x.hi; i++ {
		at := x.at(float64(i))
		c.line(point{at, y.to}, point{at, y.from}, `stroke="`+gridInk+`"`)
		c.text(point{at, y.from + 17}, fmt.Sprintf("%d: 1 in %s", i, rarity(i)), `text-anchor="middle"`)
		c.text(point{at, y.from + 33}, names[i], `text-anchor="middle" fill="`+faint+`"`)
	}
	c.line(point{x.from, y.from}, point{x.to, y.from}, `stroke="`+faint+`"`)
	c.text(point{pageW - 8, y.from + 17}, "rarer →", `text-anchor="end" fill="`+faint+`"`)
}

// rarity writes 10^i short enough for an axis.
func rarity(i int) string {
	if i < 5 {
		return summary.Count(math.Pow10(i))
	}
	return axisLabel(math.Pow10(i), record.Events)
}

// draw draws a system's spectrum over all its samples, in a band over its repetitions.
func (s spectra) draw(c *canvas, i int, x, y scale) label {
	end := min(depth(s.all), x.hi)
	if len(s.reps) > 1 {
		var upper, lower []point
		for v := 0.0; v <= end; v += 0.05 {
			least, most := math.Inf(1), 0.0
			for _, h := range s.reps {
				at := float64(h.ValueAtPercentile(percentAt(v)))
				least, most = min(least, at), max(most, at)
			}
			upper = append(upper, point{x.at(v), y.at(most)})
			lower = append([]point{{x.at(v), y.at(least)}}, lower...)
		}
		c.polygon(append(upper, lower...),
			fmt.Sprintf(`fill="%s" fill-opacity="0.18"`, palette[i%len(palette)].colour))
	}
	var points []point
	for v := 0.0; v < end; v += 0.02 {
		points = append(points, point{x.at(v), y.at(float64(s.all.ValueAtPercentile(percentAt(v))))})
	}
	points = append(points, point{x.at(end), y.at(float64(s.all.Max()))})
	c.path(points, stroke(i))
	last := points[len(points)-1]
	c.dot(last, palette[i%len(palette)].colour)
	return label{last.y, s.system, i}
}

// limits draws each latency limit as a line with a mark at the percentile it is set on.
func limits(c *canvas, run *Run, x, y scale) {
	for _, l := range run.Manifest.Limits {
		for _, q := range summary.Quantiles {
			if l.Metric != "latency."+q.Name || l.AtLeast {
				continue
			}
			at := point{x.at(-math.Log10(1 - q.Percent/100)), y.at(l.Value)}
			c.line(point{x.from, at.y}, point{x.to, at.y},
				`stroke="`+alarm+`" stroke-width="1.2" stroke-dasharray="3 3"`)
			c.polygon([]point{{at.x, at.y - 6}, {at.x + 6, at.y}, {at.x, at.y + 6}, {at.x - 6, at.y}},
				`fill="`+alarm+`"`)
			c.text(point{at.x + 10, at.y - 6}, "limit "+q.Name+" ≤ "+l.Text,
				`font-size="11" fill="`+alarm+`"`)
		}
	}
}
