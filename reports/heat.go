package reports

import (
	"html/template"
	"math"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// shades of the heat map, from few to many: one hue from light to dark, told apart in grey too.
var shades = []string{"#D6E6F4", "#ABCFE6", "#7AB6D9", "#4A98C9", "#1F6FB2", "#08306B"}

const (
	heatRowH    = 9.0   // at least
	heatH       = 120.0 // at least, of all rows: the key stands beside them
	heatMaxRows = 36
	heatMaxCols = 240
)

// heat counts samples by column of time and row of latency.
type heat struct {
	system         string
	spanS, stepS   float64 // of the time axis, and of one column
	low, rows, per int     // first row of a record.Cell, rows drawn, record rows in one of them
	n              map[[2]int]int64
	most           int64
}

// heatOf sums the result latencies of a system's kept valid repetitions, warm-up included; nil
// without any.
func heatOf(run *Run, o *overTime) *heat {
	h := &heat{system: o.system, spanS: max(o.spanS, 1), n: map[[2]int]int64{}, low: math.MaxInt}
	h.stepS = max(1, math.Ceil(h.spanS/heatMaxCols))
	high := -1
	h.each(run, func(_ int, c record.Cell) {
		h.low, high = min(h.low, c.Row), max(high, c.Row)
	})
	if high < 0 {
		return nil
	}
	h.low = max(h.low-1, 0)
	h.per = (high + 2 - h.low + heatMaxRows - 1) / heatMaxRows
	h.rows = (high + 2 - h.low + h.per - 1) / h.per
	h.each(run, func(col int, c record.Cell) {
		at := [2]int{col, (c.Row - h.low) / h.per}
		h.n[at] += c.N
		h.most = max(h.most, h.n[at])
	})
	return h
}

// each calls f for every cell of every shown interval, with its column of the time axis.
func (h *heat) each(run *Run, f func(col int, c record.Cell)) {
	for _, s := range run.Result.Systems {
		if s.Name != h.system {
			continue
		}
		trails := trailsOf(run, s.Name)
		for i, r := range s.Repetitions {
			if !r.Kept || r.Status != summary.Valid {
				continue
			}
			t0 := trails[i].T0Ns()
			for _, stage := range []string{record.StageWarmup, record.StageResult} {
				tag := record.Tag{System: s.Name, Rep: r.Rep, Stage: stage}
				for _, v := range run.Log.Intervals[tag] {
					mid := max(float64(v.FromNs+v.ToNs-2*t0)/2e9, 0)
					for _, c := range v.Cells {
						f(int(mid/h.stepS), c)
					}
				}
			}
		}
	}
}

// picture draws the map with the scale of its shades beside it.
func (h *heat) picture(run *Run, o *overTime) template.HTML {
	plotH := float64(h.rows) * h.rowH()
	c := newCanvas(pageW, plotH+76, h.system+": latency heat map")
	x := scale{lo: 0, hi: h.spanS, from: leftW, to: pageW - rightW}
	y := scale{log: true, from: 26 + plotH, to: 26,
		lo: record.CellFloorNs(h.low), hi: record.CellFloorNs(h.low + h.rows*h.per)}
	if o.endS > o.steadyS {
		for _, b := range [][2]float64{{0, o.steadyS}, {o.endS, h.spanS}} {
			c.rect(box{x.at(b[0]), 26, x.at(b[1]) - x.at(b[0]), plotH}, `fill="`+warmInk+`"`)
		}
	}
	for _, v := range y.ticks(7) {
		c.line(point{x.from, y.at(v)}, point{x.to, y.at(v)}, `stroke="`+gridInk+`"`)
		c.text(point{x.from - 8, y.at(v) + 4}, axisLabel(v, record.Nanoseconds),
			`text-anchor="end" fill="`+faint+`"`)
	}
	h.cells(c, x, y)
	c.text(point{leftW, 15}, h.system+": results by second of receipt and latency",
		`font-weight="bold"`)
	c.line(point{x.from, y.from}, point{x.to, y.from}, `stroke="`+faint+`"`)
	timeAxis(c, x, y.from+10)
	h.key(c, x.to+24)
	if l := latencyLimit(run, "latency.p99"); l != nil && l.Value > y.lo && l.Value < y.hi {
		c.line(point{x.from, y.at(l.Value)}, point{x.to, y.at(l.Value)},
			`stroke="`+alarm+`" stroke-width="1.2" stroke-dasharray="3 3"`)
		above := -4.0
		if y.at(l.Value) < 40 {
			above = 12 // there is no room under the title
		}
		c.text(point{x.from + 6, y.at(l.Value) + above}, "limit p99 ≤ "+l.Text,
			`font-size="11" fill="`+alarm+`"`)
	}
	return c.html()
}

func (h *heat) rowH() float64 { return max(heatRowH, heatH/float64(h.rows)) }

func (h *heat) cells(c *canvas, x, y scale) {
	cols := int(h.spanS/h.stepS) + 1
	for col := range cols {
		for row := range h.rows {
			n := h.n[[2]int{col, row}]
			if n == 0 {
				continue
			}
			left := x.at(float64(col) * h.stepS)
			right := min(x.at(float64(col+1)*h.stepS), x.to)
			top := y.at(record.CellFloorNs(h.low + (row+1)*h.per))
			if right > left {
				c.rect(box{left, top, right - left - 0.4, h.rowH() - 0.4},
					`fill="`+shades[h.shade(n)]+`"`)
			}
		}
	}
}

// shade is logarithmic in the count: a stripe of a hundredth of the results still shows.
func (h *heat) shade(n int64) int {
	if h.most <= 1 {
		return len(shades) - 1
	}
	f := math.Log(float64(n)) / math.Log(float64(h.most))
	return min(int(f*float64(len(shades))), len(shades)-1)
}

func (h *heat) key(c *canvas, left float64) {
	c.text(point{left, 36}, "results", `fill="`+faint+`"`)
	for i, colour := range shades {
		from := math.Ceil(math.Exp(math.Log(float64(h.most))*float64(i)/float64(len(shades))) - 1e-9)
		y := 44 + float64(i)*18
		c.rect(box{left, y, 18, 14}, `fill="`+colour+`"`)
		c.text(point{left + 24, y + 11}, "≥ "+trimRate(from), `font-size="11"`)
	}
}

func trimRate(v float64) string { return axisLabel(v, record.Results) }
