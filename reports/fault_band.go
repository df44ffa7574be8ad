package reports

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// Colours of faults: the tint of a band, its edge, and the triangles of t1..t6.
const (
	faultInk = "#FBD9D5"
	edgeInk  = alarm
	markInk  = "#7A271A"
)

// instants are t0..t6 in ns since T0; 0 where there is no evidence of one.
type instants [7]int64

// mark is a fault on a time axis.
type mark struct {
	fault record.Fault
	at    instants
}

// span of the band in seconds since T0; open says that the fault was not healed by endS.
func (m *mark) span(endS float64) (from, to float64, open bool) {
	from = float64(m.at[0]) / 1e9
	if healed := float64(m.fault.HealedNs) / 1e9; healed > from {
		return from, healed, false
	}
	return from, max(endS, from), true
}

// faultBands marks each fault that took effect, behind all panels: a band from t0 until it was
// healed, with the fault's name above it.
func faultBands(c *canvas, x scale, marks []mark, bottom float64) {
	for _, m := range marks {
		if m.at[0] == 0 {
			continue
		}
		from, to, open := m.span(x.hi)
		left, width := x.at(from), max(x.at(min(to, x.hi))-x.at(from), 1.5)
		opacity := "0.75"
		if open {
			opacity = "0.3" // it goes on to the end, and much may have happened since
		}
		c.rect(box{left, 22, width, bottom - 22},
			fmt.Sprintf(`fill="%s" fill-opacity="%s"`, faultInk, opacity))
		c.line(point{left, 22}, point{left, bottom}, `stroke="`+edgeInk+`" stroke-width="1.2"`)
	}
}

// stripH is the height of the strip that has the names and the triangles of faults.
const stripH = 24.0

// faultStrip writes the names of faults and a triangle for each of t1..t6 into a strip whose lower
// edge is at y. A name is left out where another one is in its way.
func faultStrip(c *canvas, x scale, marks []mark, y float64) {
	const half = 4.0
	free := x.from // where the next name may begin
	for _, m := range marks {
		if m.at[0] == 0 || float64(m.at[0])/1e9 > x.hi {
			continue
		}
		left := x.at(float64(m.at[0]) / 1e9)
		name := m.fault.Text
		if m.fault.HealedNs == 0 {
			name += ", not healed"
		}
		const look = `font-size="11" fill="` + edgeInk + `"`
		switch wide := 6 * float64(len(name)); {
		case left+3 >= free && left+3+wide < x.to+rightW-8:
			c.text(point{left + 3, y - 12}, name, look)
			free = left + wide + 9
		case left-wide-3 > free:
			c.text(point{left - 3, y - 12}, name, `text-anchor="end" `+look)
			free = left
		}
		for i, at := range m.at {
			if tip := x.at(float64(at) / 1e9); i > 0 && at > 0 && tip <= x.to {
				c.polygon([]point{{tip, y}, {tip - half, y - 7}, {tip + half, y - 7}},
					`fill="`+markInk+`"`)
			}
		}
	}
}

// numberedTriangles draws t1..t6 with their names where there is room: in the picture of one fault.
func numberedTriangles(c *canvas, x scale, at instants, y float64) {
	const half = 4.5
	var names []string
	for i := 1; i < len(at); i++ {
		if at[i] == 0 {
			continue
		}
		tip := x.at(float64(at[i]) / 1e9)
		c.polygon([]point{{tip, y}, {tip - half, y - 8}, {tip + half, y - 8}}, `fill="`+markInk+`"`)
		names = append(names, fmt.Sprintf("t%d", i))
		if i+1 < len(at) && at[i+1] > 0 && x.at(float64(at[i+1])/1e9)-tip < 22 {
			continue // said with the next one
		}
		c.text(point{tip, y - 12}, strings.Join(names, " "),
			`text-anchor="middle" font-size="11" fill="`+markInk+`"`)
		names = nil
	}
}
