package reports

import (
	"fmt"
	"slices"
)

// manyDots is how many points a line has before its points are no longer marked one by one.
const manyDots = 80

// axes are the scales of a panel.
type axes struct{ x, y scale }

// label names a line at its right end.
type label struct {
	y    float64
	text string
	i    int // of the palette
}

// draw draws line i of a panel: a band from minimum to maximum where columns hold several values,
// the median as a line, points where they are few.
func (k curve) draw(c *canvas, i int, cols []column, on axes) []label {
	if len(cols) == 0 {
		return nil
	}
	if k.bars {
		return k.drawBars(c, i, cols, on)
	}
	x, y := on.x, on.y
	mid := make([]point, len(cols))
	band, several := make([]point, 2*len(cols)), false
	for j, col := range cols {
		at := x.at(col.t)
		mid[j] = point{at, y.at(col.mid)}
		band[j] = point{at, y.at(col.hi)}
		band[len(band)-1-j] = point{at, y.at(col.lo)}
		several = several || (col.n > 1 && col.hi > col.lo)
	}
	colour := palette[i%len(palette)].colour
	if several {
		c.polygon(band, fmt.Sprintf(`fill="%s" fill-opacity="0.18"`, colour))
	}
	c.path(mid, stroke(i))
	if !k.steps && sparse(cols, x) {
		for _, p := range mid {
			c.dot(p, colour)
		}
	}
	return []label{{mid[len(mid)-1].y, k.name, i}}
}

// columnsOf are the columns of a line over a span of time.
func (k curve) columnsOf(spanS float64) []column {
	if !k.steps {
		return columns(k.samples, k.widthS, spanS)
	}
	cols := make([]column, len(k.samples))
	for i, s := range k.samples {
		cols[i] = column{t: s.t, lo: s.v, mid: s.v, hi: s.v, n: 1}
	}
	return cols
}

// sparse tells whether points stand so far apart that they, not the line, are what was measured.
func sparse(cols []column, x scale) bool {
	return len(cols) < manyDots && float64(len(cols))*7 < x.to-x.from &&
		(len(cols) < 12 || cols[1].t-cols[0].t > 0.9)
}

func (k curve) drawBars(c *canvas, i int, cols []column, on axes) []label {
	x, y := on.x, on.y
	w := max((x.to-x.from)*k.widthS/(x.hi-x.lo)-1, 0.8)
	for _, col := range cols {
		if col.mid > 0 {
			left := max(x.at(col.t)-w/2, x.from)
			c.rect(box{left, y.at(col.mid), min(w, x.to-left), y.from - y.at(col.mid)},
				fmt.Sprintf(`fill="%s"`, palette[i%len(palette)].colour))
		}
	}
	return []label{{(y.from + y.to) / 2, k.name, i}}
}

// spread writes labels beside their lines' ends, moved apart until none covers another.
func spread(c *canvas, labels []label, left float64, y scale) {
	const apart = 15
	slices.SortStableFunc(labels, func(a, b label) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
	floor := y.to + 2
	for i := range labels {
		labels[i].y = max(labels[i].y, floor)
		floor = labels[i].y + apart
	}
	ceiling := y.from - 2
	for i := len(labels) - 1; i >= 0; i-- {
		labels[i].y = min(labels[i].y, ceiling)
		ceiling = labels[i].y - apart
	}
	for _, l := range labels {
		c.line(point{left, l.y}, point{left + 22, l.y}, stroke(l.i))
		c.text(point{left + 27, l.y + 4}, l.text, `font-size="11"`)
	}
}
