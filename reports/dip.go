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
	fromS, toS float64
	stretches  []held
	usual      float64 // the median of the largest latencies before t0, in ns
}

// held is a stretch with the rate that was offered in it.
type held struct {
	record.Stretch
	offered float64 // events a second
}

func (h held) from() float64     { return float64(h.FromNs) / 1e9 }
func (h held) to() float64       { return float64(h.FromNs+record.StretchNs) / 1e9 }
func (h held) answered() float64 { return float64(h.Answered) / float64(record.StretchNs) * 1e9 }

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
	if m.at[6] == 0 { // it was not seen to end: what it did while it lasted is shown at least
		end = max(end, float64(m.fault.HealedNs)/1e9)
	}
	end = min(max(end, t0), t0+zoomMost)
	room := max((end-t0)*zoomShare, zoomLeast)
	z := &zoom{fromS: max(t0-room, 0), toS: end + room}
	var before []float64
	for _, s := range b.stretches {
		rise := t.Rise(s.FromNs, s.FromNs+record.StretchNs,
			func(k *record.Tick) float64 { return float64(k.Offered) })
		h := held{s, rise / float64(record.StretchNs) * 1e9}
		if h.to() < t0 && h.from() > t0-10 && s.LatencyNs > 0 {
			before = append(before, float64(s.LatencyNs))
		}
		if h.from() >= z.fromS && h.to() <= z.toS {
			z.stretches = append(z.stretches, h)
		}
	}
	if len(z.stretches) == 0 {
		return nil
	}
	z.fromS, z.toS = z.stretches[0].from(), z.stretches[len(z.stretches)-1].to()
	if len(before) > 0 {
		slices.Sort(before)
		z.usual = before[len(before)/2]
	}
	return z
}

// steps reads a value of each stretch, as it held from its begin to its end; a stretch without the
// value is left out.
func (z *zoom) steps(read func(held) (float64, bool)) []sample {
	var out []sample
	for _, h := range z.stretches {
		if v, ok := read(h); ok {
			out = append(out, sample{h.from(), v}, sample{h.to(), v})
		}
	}
	return out
}

// panels are what was offered and answered with the dip between them shaded, the latency above the
// usual shaded, and the backlog.
func (z *zoom) panels() []panel {
	offered := z.steps(func(h held) (float64, bool) { return h.offered, true })
	answered := z.steps(func(h held) (float64, bool) { return h.answered(), true })
	latency := z.steps(func(h held) (float64, bool) { return float64(h.LatencyNs), h.LatencyNs > 0 })
	backlog := z.steps(func(h held) (float64, bool) { return float64(h.Backlog), true })
	slow := panel{title: "Largest result latency of each 100 ms; shaded: above the usual",
		unit: record.Nanoseconds, empty: "No result was timed.",
		curves: []curve{{name: "largest", samples: latency, steps: true}}}
	if z.usual > 0 {
		usual := z.steps(func(h held) (float64, bool) { return z.usual, h.LatencyNs > 0 })
		slow.filled = &between{over: usual, under: latency}
		slow.curves = append(slow.curves, curve{name: "usual", samples: usual, steps: true})
	}
	return []panel{
		{title: "Events a second in stretches of 100 ms; shaded: offered and not answered",
			unit: record.PerSecond, filled: &between{over: answered, under: offered},
			curves: []curve{{name: "offered", samples: offered, steps: true},
				{name: "answered", samples: answered, steps: true}}},
		slow,
		{title: "Backlog: events due and not yet answered", unit: record.Events,
			curves: []curve{{name: "backlog", samples: backlog, steps: true}}},
	}
}

// picture draws a fault in stretches of 100 ms.
func (z *zoom) picture(title string, m *mark) template.HTML {
	panels := z.panels()
	bottom := 14 + stripH + float64(len(panels))*(panelH+gapH)
	c := newCanvas(pageW, bottom+32, title)
	x := scale{lo: z.fromS, hi: z.toS, from: leftW, to: pageW - rightW}
	faultBands(c, x, []mark{*m}, bottom)
	c.text(point{x.at(float64(m.at[0]) / 1e9), 16}, "t0: "+m.fault.Text,
		`text-anchor="middle" font-size="11" fill="`+edgeInk+`"`)
	numberedTriangles(c, x, m.at, 22+stripH)
	top := 26 + gapH - 12 + stripH
	for _, p := range panels {
		p.draw(c, x, top)
		top += panelH + gapH
	}
	timeAxis(c, x, bottom+10)
	return c.html()
}

// table is the data of the picture, thinned where it is long.
func (z *zoom) table() [][]string {
	step := max((len(z.stretches)+maxRows-1)/maxRows, 1)
	var rows [][]string
	for i := 0; i < len(z.stretches); i += step {
		h := z.stretches[i]
		cells := []string{fmt.Sprintf("%.1f", h.from()), summary.Count(h.offered),
			summary.Count(h.answered()), summary.Count(float64(h.Backlog)), "–"}
		if h.LatencyNs > 0 {
			cells[4] = summary.Format(float64(h.LatencyNs), record.Nanoseconds)
		}
		rows = append(rows, cells)
	}
	return rows
}
