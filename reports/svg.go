package reports

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Colours of lines: Okabe and Ito's set, which colour-blind readers tell apart on white. Each has
// a dash pattern of its own, so that a grey print is enough.
var palette = []struct{ colour, dash string }{
	{"#0072B2", ""}, {"#D55E00", "7 3"}, {"#009E73", "2 3"}, {"#CC79A7", "9 3 2 3"},
	{"#E69F00", "4 2"}, {"#56B4E9", "1 3"}, {"#7A5195", "12 3"}, {"#000000", "5 5"},
}

// Colours that mean something of their own.
const (
	ink     = "#1F2933"
	faint   = "#616E7C"
	gridInk = "#E4E7EB"
	warmInk = "#F1F3F5"
	bandInk = "#FBE9D0"
	noise   = "#D9DEE3"
	alarm   = "#B42318"
)

const fontFace = "Helvetica, Arial, sans-serif"

// canvas builds one SVG. Everything is a presentation attribute: a page under a strict content
// policy has no style.
type canvas struct {
	b    strings.Builder
	w, h float64
}

func newCanvas(w, h float64, title string) *canvas {
	c := &canvas{w: w, h: h}
	fmt.Fprintf(&c.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" `+
		`viewBox="0 0 %[1]s %[2]s" role="img" font-family="%[3]s" font-size="12" fill="%[4]s">`,
		num(w), num(h), fontFace, ink)
	fmt.Fprintf(&c.b, "<title>%s</title>\n", html.EscapeString(title))
	fmt.Fprintf(&c.b, `<rect x="0" y="0" width="%s" height="%s" fill="#FFFFFF"/>`+"\n", num(w), num(h))
	return c
}

func (c *canvas) html() template.HTML { return template.HTML(c.b.String() + "</svg>\n") }

type point struct{ x, y float64 }

type box struct{ x, y, w, h float64 }

func (c *canvas) rect(b box, attributes string) {
	fmt.Fprintf(&c.b, `<rect x="%s" y="%s" width="%s" height="%s" %s/>`+"\n",
		num(b.x), num(b.y), num(b.w), num(b.h), attributes)
}

func (c *canvas) line(from, to point, attributes string) {
	fmt.Fprintf(&c.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" %s/>`+"\n",
		num(from.x), num(from.y), num(to.x), num(to.y), attributes)
}

func (c *canvas) text(at point, s, attributes string) {
	fmt.Fprintf(&c.b, `<text x="%s" y="%s" %s>%s</text>`+"\n",
		num(at.x), num(at.y), attributes, html.EscapeString(s))
}

func (c *canvas) dot(at point, colour string) {
	fmt.Fprintf(&c.b, `<circle cx="%s" cy="%s" r="2.6" fill="%s"/>`+"\n", num(at.x), num(at.y), colour)
}

func (c *canvas) path(points []point, attributes string) {
	if len(points) < 2 {
		return
	}
	c.b.WriteString(`<polyline points="`)
	c.points(points)
	fmt.Fprintf(&c.b, `" fill="none" stroke-linejoin="round" %s/>`+"\n", attributes)
}

func (c *canvas) polygon(points []point, attributes string) {
	c.b.WriteString(`<polygon points="`)
	c.points(points)
	fmt.Fprintf(&c.b, `" %s/>`+"\n", attributes)
}

func (c *canvas) points(points []point) {
	for i, p := range points {
		if i > 0 {
			c.b.WriteByte(' ')
		}
		c.b.WriteString(num(p.x) + "," + num(p.y))
	}
}

// num writes a coordinate with one decimal at most.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// stroke is the look of series i of a picture.
func stroke(i int) string {
	p := palette[i%len(palette)]
	s := fmt.Sprintf(`stroke="%s" stroke-width="1.8"`, p.colour)
	if p.dash != "" {
		s += fmt.Sprintf(` stroke-dasharray="%s"`, p.dash)
	}
	return s
}

// scale maps values lo..hi to coordinates from..to.
type scale struct {
	lo, hi, from, to float64
	log              bool
}

func (s scale) at(v float64) float64 {
	lo, hi := s.lo, s.hi
	if s.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(max(v, s.lo))
	}
	if hi <= lo {
		return s.from
	}
	return s.from + (v-lo)/(hi-lo)*(s.to-s.from)
}

// ticks are the round values of a scale, at most about n of them.
func (s scale) ticks(n int) []float64 {
	if s.log {
		return s.logTicks(n)
	}
	step := niceStep((s.hi - s.lo) / float64(max(n, 1)))
	var out []float64
	for k := math.Ceil(s.lo/step - 1e-9); k*step <= s.hi*(1+1e-9); k++ {
		out = append(out, k*step+0) // + 0 turns -0 into 0
	}
	return out
}

func (s scale) logTicks(n int) []float64 {
	steps := [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}}
	for _, mantissas := range steps {
		var out []float64
		for e := math.Floor(math.Log10(s.lo)); e <= math.Log10(s.hi)+1; e++ {
			for _, m := range mantissas {
				if v := m * math.Pow(10, e); v >= s.lo*(1-1e-9) && v <= s.hi*(1+1e-9) {
					out = append(out, v)
				}
			}
		}
		if len(out) <= n || len(mantissas) == 1 {
			return out
		}
	}
	panic("BUG: no ticks")
}

// niceStep is the least of 1, 2 and 5 times a power of ten that is at least v.
func niceStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	base := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*base >= v*(1-1e-9) {
			return m * base
		}
	}
	panic("BUG: no step")
}

// niceTop is the end of a linear axis from 0 that holds v.
func niceTop(v float64, n int) float64 {
	if v <= 0 {
		return 1
	}
	step := niceStep(v * 1.04 / float64(n))
	return math.Ceil(v*1.04/step) * step
}
