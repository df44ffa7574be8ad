package reports

import (
	"fmt"
	"html/template"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// between shades what lies over one line and under another: events not answered, latency above what
// was usual.
type between struct {
	over, under []sample // at the same times
	name        string
}

// draw shades where under is above over.
func (b *between) draw(c *canvas, on axes) {
	var run []int
	flush := func() {
		if len(run) > 1 {
			points := make([]point, 0, 2*len(run))
			for _, i := range run {
				points = append(points, point{on.x.at(b.under[i].t), on.y.at(b.under[i].v)})
			}
			for _, i := range slices.Backward(run) {
				low := min(b.over[i].v, b.under[i].v)
				points = append(points, point{on.x.at(b.over[i].t), on.y.at(low)})
			}
			c.polygon(points, `fill="`+alarm+`" fill-opacity="0.22"`)
		}
		run = run[:0]
	}
	for i := range b.over {
		// A point beside the shaded ones closes the polygon on the line.
		beside := i > 0 && b.over[i-1].v < b.under[i-1].v ||
			i+1 < len(b.over) && b.over[i+1].v < b.under[i+1].v
		switch {
		case b.over[i].v < b.under[i].v || beside:
			run = append(run, i)
		default:
			flush()
		}
	}
	flush()
}

// zoom is the time around one fault, cut into stretches.
type zoom struct {
	fromS, toS        float64
	offered, answered []sample // events a second
	backlog           []sample
	latency, usual    []sample // the largest of each stretch, and the median of those before t0
}

// The zoom shows a share of what happened before and after, and no less than half a second.
const (
	zoomShare = 0.35
	zoomLeast = 0.5 // s
	zoomMost  = 30. // s that are shown after the fault
)

// zoomOf cuts the stretches around a fault out; nil where the record has none there.
func (b *breakage) zoomOf(t *summary.Trail, m *mark) *zoom {
	t0 := float64(m.at[0]) / 1e9
	end := t0 + 2
	if last := slices.Max(m.at[1:]); last > 0 {
		end = float64(last) / 1e9
	}
	end = min(max(end, t0), t0+zoomMost)
	room := max((end-t0)*zoomShare, zoomLeast)
	z := &zoom{fromS: max(t0-room, 0), toS: end + room}
	var before []float64
	for _, s := range b.stretches {
		width := float64(stretchNs) / 1e9
		mid := float64(s.FromNs)/1e9 + width/2
		if mid < t0-width && mid > t0-10 && s.LatencyNs > 0 {
			before = append(before, float64(s.LatencyNs))
		}
		if mid < z.fromS || mid > z.toS {
			continue
		}
		rise := t.Rise(s.FromNs, s.FromNs+stretchNs,
			func(k *record.Tick) float64 { return float64(k.Offered) })
		z.offered = append(z.offered, sample{mid, rise / width})
		z.answered = append(z.answered, sample{mid, float64(s.Answered) / width})
		z.backlog = append(z.backlog, sample{mid, float64(s.Backlog)})
		if s.LatencyNs > 0 {
			z.latency = append(z.latency, sample{mid, float64(s.LatencyNs)})
		}
	}
	if len(z.answered) == 0 {
		return nil
	}
	if len(before) > 0 {
		slices.Sort(before)
		for _, l := range z.latency {
			z.usual = append(z.usual, sample{l.t, before[len(before)/2]})
		}
	}
	return z
}

// picture draws a fault in stretches of 100 ms: what was offered and answered with the dip between
// them shaded, the latency above the usual shaded, and the backlog.
func (z *zoom) picture(title string, m *mark) template.HTML {
	const width = float64(stretchNs) / 1e9
	dip := panel{title: "Events a second in stretches of 100 ms; shaded: offered and not answered",
		unit: record.PerSecond, filled: &between{over: z.answered, under: z.offered},
		curves: []curve{{name: "offered", samples: z.offered, widthS: width},
			{name: "answered", samples: z.answered, widthS: width}}}
	latency := panel{title: "Largest result latency of each 100 ms; shaded: above the usual",
		unit: record.Nanoseconds, empty: "No result was timed.",
		curves: []curve{{name: "largest", samples: z.latency, widthS: width}}}
	if z.usual != nil {
		latency.filled = &between{over: z.usual, under: z.latency}
		latency.curves = append(latency.curves, curve{name: "usual", samples: z.usual, widthS: width})
	}
	backlog := panel{title: "Backlog: events due and not yet answered", unit: record.Events,
		curves: []curve{{name: "backlog", samples: z.backlog, widthS: width}}}
	panels := []panel{dip, latency, backlog}
	bottom := 14 + stripH + float64(len(panels))*(panelH+gapH)
	c := newCanvas(pageW, bottom+32, title)
	x := scale{lo: z.fromS, hi: z.toS, from: leftW, to: pageW - rightW}
	faultBands(c, x, []mark{*m}, bottom)
	left := x.at(float64(m.at[0]) / 1e9)
	c.text(point{left - 4, 16}, "t0: "+m.fault.Text, `text-anchor="middle" font-size="11" fill="`+
		edgeInk+`"`)
	numberedTriangles(c, x, m.at, 22+stripH)
	top := 26 + gapH - 12 + stripH
	for _, p := range panels {
		p.draw(c, x, top)
		top += panelH + gapH
	}
	timeAxis(c, x, bottom+10)
	return c.html()
}

// table is the data of the picture.
func (z *zoom) table() [][]string {
	latency := map[float64]float64{}
	for _, l := range z.latency {
		latency[l.t] = l.v
	}
	var rows [][]string
	for i, o := range z.offered {
		cells := []string{fmt.Sprintf("%.2f", o.t), summary.Count(o.v),
			summary.Count(z.answered[i].v), summary.Count(z.backlog[i].v), "–"}
		if l, ok := latency[o.t]; ok {
			cells[4] = summary.Format(l, record.Nanoseconds)
		}
		rows = append(rows, cells)
	}
	step := (len(rows) + maxRows - 1) / maxRows
	var kept [][]string
	for i := 0; i < len(rows); i += max(step, 1) {
		kept = append(kept, rows[i])
	}
	return kept
}
