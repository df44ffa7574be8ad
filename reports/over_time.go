package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// Measures of a picture, in pixels.
const (
	pageW  = 960.0
	leftW  = 84.0
	rightW = 128.0
	panelH = 104.0
	gapH   = 34.0
)

// curve is one line of a panel.
type curve struct {
	name    string
	samples []sample
	widthS  float64 // least width of a column
	bars    bool
	steps   bool // samples come in pairs: from when to when a value held
}

// panel is one of the small multiples above the common time axis.
type panel struct {
	title  string
	unit   record.Unit
	log    bool
	curves []curve
	limit  *record.Limit
	filled *between
	empty  string // why there is nothing, in words
}

// timePicture draws the small multiples of one system over one time axis.
func timePicture(run *Run, o *overTime) template.HTML {
	panels := timePanels(run, o)
	strip := 0.0
	if len(o.marks) > 0 {
		strip = stripH
	}
	bottom := 14 + strip + float64(len(panels))*(panelH+gapH)
	c := newCanvas(pageW, bottom+32, o.system+" over time")
	x := scale{lo: 0, hi: max(o.spanS, 1), from: leftW, to: pageW - rightW}
	o.shade(c, x, bottom)
	faultBands(c, x, o.marks, bottom)
	faultStrip(c, x, o.marks, 22+strip)
	top := 26 + gapH - 12 + strip
	for _, p := range panels {
		p.draw(c, x, top)
		top += panelH + gapH
	}
	timeAxis(c, x, bottom+10)
	return c.html()
}

func timePanels(run *Run, o *overTime) []panel {
	latency := panel{
		title: "Result latency, by second of receipt", unit: record.Nanoseconds, log: true,
		limit: latencyLimit(run, "latency.p99"),
		curves: []curve{
			{name: "p50", samples: o.p50, widthS: 1},
			{name: "p99", samples: o.p99, widthS: 1},
			{name: "p99.9", samples: o.p999, widthS: 1},
		},
	}
	load := []curve{{name: "offered", samples: o.offered, widthS: .25},
		{name: "accepted", samples: o.accepted, widthS: .25}}
	backlog := panel{title: "Backlog: events due and not yet answered, read as results arrive",
		unit: record.Events, curves: []curve{{name: "backlog", samples: o.backlog, widthS: .25}},
		empty: "No result was timed, so there is nothing to read it from."}
	switch {
	case run.Manifest.Conditions.RateMax:
		load = load[1:] // nothing is due at any time: no offer, no backlog, no latency
	case !o.valid:
		latency.curves, latency.empty = nil, "Not shown: no repetition of this system is valid."
	default:
		latency.empty = "No result was timed."
	}
	panels := []panel{
		{title: "Events a second", unit: record.PerSecond, curves: load,
			empty: "Nothing was offered."},
		{title: "Results a second", unit: record.Results, empty: "No result arrived.", curves: []curve{
			{name: "results", samples: perSecond(o.results, o.reps), widthS: 1, bars: true}}},
	}
	if run.Manifest.Conditions.RateMax {
		return panels
	}
	return append(panels, backlog, latency)
}

// perSecond puts samples together by the second they end in: their mean, or their sum a repetition.
// Results come in bursts, a quarter second of which tells nothing.
func perSecond(samples []sample, reps int) []sample {
	type second struct {
		sum float64
		n   int
	}
	var out []sample
	bins, last := map[int]*second{}, 0
	for _, s := range samples {
		i := max(int(math.Ceil(s.t-1e-9)), 1)
		if bins[i] == nil {
			bins[i] = &second{}
		}
		bins[i].sum, bins[i].n, last = bins[i].sum+s.v, bins[i].n+1, max(last, i)
	}
	for i := range last + 1 {
		if b := bins[i]; b != nil {
			share := float64(b.n)
			if reps > 0 {
				share = float64(reps)
			}
			out = append(out, sample{float64(i) - .5, b.sum / share})
		}
	}
	return out
}

func latencyLimit(run *Run, metric string) *record.Limit {
	for i, l := range run.Manifest.Limits {
		if l.Metric == metric && !l.AtLeast {
			return &run.Manifest.Limits[i]
		}
	}
	return nil
}

// shade marks what was not measured, behind all panels.
func (o *overTime) shade(c *canvas, x scale, bottom float64) {
	mark := func(from, to float64, label string) {
		w := x.at(to) - x.at(from)
		if w <= 0.5 {
			return
		}
		c.rect(box{x.at(from), 22, w, bottom - 22}, fmt.Sprintf(`fill="%s"`, warmInk))
		if w > 7*float64(len(label)) {
			c.text(point{x.at(from) + w/2, 16}, label,
				fmt.Sprintf(`text-anchor="middle" font-size="11" fill="%s"`, faint))
		}
	}
	if o.endS <= o.steadyS {
		mark(0, o.spanS, "steady was never reached")
		return
	}
	o.band(c, x, bottom)
	mark(0, o.steadyS, "warm-up, discarded")
	mark(o.endS, o.spanS, "drain")
	name := "steady: what the figures stand on"
	if !o.valid {
		name = "steady, not valid: no figures"
	}
	c.text(point{(x.at(o.steadyS) + x.at(o.endS)) / 2, 16}, name,
		fmt.Sprintf(`text-anchor="middle" font-size="11" fill="%s"`, faint))
}

// band marks the time of what a mode did, behind all panels.
func (o *overTime) band(c *canvas, x scale, bottom float64) {
	var from, to int64
	name := ""
	switch m := o.mode; {
	case m == nil:
		return
	case m.Stall != nil:
		from, to, name = m.Stall.FromNs, m.Stall.ToNs, "the sink stalls"
	case m.Replay != nil && m.Replay.CaughtNs > 0:
		from, to, name = m.Replay.FromNs, m.Replay.CaughtNs, "a second instance replays"
	default:
		return
	}
	left := x.at(float64(from) / 1e9)
	width := max(x.at(float64(to)/1e9)-left, 1)
	c.rect(box{left, 22, width, bottom - 22}, `fill="`+bandInk+`"`)
	c.text(point{left + width/2, 33}, name, `text-anchor="middle" font-size="11" fill="`+faint+`"`)
}

func timeAxis(c *canvas, x scale, y float64) {
	for _, t := range x.ticks(10) {
		c.line(point{x.at(t), y - 10}, point{x.at(t), y - 5}, `stroke="`+faint+`"`)
		c.text(point{x.at(t), y + 8}, fmt.Sprintf("%.5g s", t), `text-anchor="middle" fill="`+faint+`"`)
	}
	c.text(point{x.to + 30, y + 8}, "since T0", `fill="`+faint+`"`)
}

// draw draws a panel whose plot begins at top.
func (p panel) draw(c *canvas, x scale, top float64) {
	c.text(point{leftW, top - 7}, p.title, `font-weight="bold"`)
	drawn := make([][]column, len(p.curves))
	y := scale{from: top + panelH, to: top, log: p.log}
	lo, hi, any := math.Inf(1), 0.0, false
	for i, k := range p.curves {
		drawn[i] = k.columnsOf(x.hi - x.lo)
		for _, col := range drawn[i] {
			lo, hi, any = min(lo, col.lo), max(hi, col.hi), true
		}
	}
	if !any {
		c.rect(box{leftW, top, x.to - x.from, panelH}, `fill="none" stroke="`+gridInk+`"`)
		c.text(point{(x.from + x.to) / 2, top + panelH/2}, p.empty,
			`text-anchor="middle" fill="`+faint+`"`)
		return
	}
	y.lo, y.hi = 0, niceTop(hi, 4)
	if p.log {
		y.lo, y.hi = logRange(lo, hi, p.limit)
	}
	p.grid(c, x, y)
	if p.filled != nil {
		p.filled.draw(c, axes{x, y})
	}
	var labels []label
	for i, cols := range drawn {
		labels = append(labels, p.curves[i].draw(c, i, cols, axes{x, y})...)
	}
	spread(c, labels, x.to+10, y)
}

// logRange gives a logarithmic axis room around its data, the limit in it where it is near.
func logRange(lo, hi float64, l *record.Limit) (float64, float64) {
	if l != nil && l.Value < hi*30 && l.Value > lo/30 {
		lo, hi = min(lo, l.Value), max(hi, l.Value)
	}
	return max(lo/1.4, 1), hi * 1.4
}

func (p panel) grid(c *canvas, x, y scale) {
	for _, v := range y.ticks(5) {
		at := y.at(v)
		c.line(point{x.from, at}, point{x.to, at}, `stroke="`+gridInk+`"`)
		c.text(point{x.from - 8, at + 4}, axisLabel(v, p.unit), `text-anchor="end" fill="`+faint+`"`)
	}
	c.line(point{x.from, y.from}, point{x.to, y.from}, `stroke="`+faint+`"`)
	if p.limit == nil || p.limit.Value < y.lo || p.limit.Value > y.hi || !p.log {
		return
	}
	at := y.at(p.limit.Value)
	c.line(point{x.from, at}, point{x.to, at},
		`stroke="`+alarm+`" stroke-width="1.2" stroke-dasharray="3 3"`)
	c.text(point{x.from + 6, at - 4}, "limit p99 ≤ "+p.limit.Text, `font-size="11" fill="`+alarm+`"`)
}

// axisLabel writes a value in few digits, without the words of its unit.
func axisLabel(v float64, u record.Unit) string {
	text := summary.Format(v, u)
	if u == record.Events || u == record.Results || u == record.PerSecond {
		text = strings.TrimSuffix(summary.Format(v, record.PerSecond), " events/s")
	}
	return trimZeros(text)
}

// trimZeros turns 2.00 ms into 2 ms and 1.50M into 1.5M.
func trimZeros(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(s)
	}
	number := s[:end]
	if strings.Contains(number, ".") {
		number = strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
	}
	return number + s[end:]
}
