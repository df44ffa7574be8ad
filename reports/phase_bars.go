package reports

import (
	"fmt"
	"html/template"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// phaseNames are the phases of a recovery: the time from each instant to the next.
var phaseNames = [...]string{"detect", "reassign", "restore", "first result", "catch-up", "settle"}

// phaseDocs say what each of them is.
var phaseDocs = [...]string{
	"t0 to t1: until the control plane named the victim",
	"t1 to t2: until its work was given to others and it was fenced",
	"t2 to t3: until the state was there again",
	"t3 to t4: until a result came that needed an event due after the fault",
	"t4 to t5: until all that waited was answered",
	"t5 to t6: until rate and latency were in band for good",
}

// segment is a part of a bar: one phase, or several that cannot be told apart for want of evidence.
type segment struct {
	first, last int // of phaseNames
	ns          int64
}

// name of a segment; several phases are joined by a plus.
func (s segment) name() string {
	name := phaseNames[s.first]
	for i := s.first + 1; i <= s.last; i++ {
		name += " + " + phaseNames[i]
	}
	return name
}

// bar is a row of the picture of phases.
type bar struct {
	label    string
	segments []segment
	word     string // in place of a bar, or behind one that is not whole
}

const barH = 34.0

// phasePicture stacks the phases of each recovery: length is time, on one axis for all.
func phasePicture(bars []bar) template.HTML {
	const left, head = 300.0, 52.0
	h := head + barH*float64(len(bars)) + 34
	c := newCanvas(pageW, h, "Phases of recovery")
	x := scale{lo: 0, from: left, to: pageW - 170}
	for _, b := range bars {
		x.hi = max(x.hi, float64(b.total()))
	}
	legend(c, left)
	if x.hi > 0 {
		for _, v := range x.ticks(8) {
			c.line(point{x.at(v), head - 8}, point{x.at(v), h - 30}, `stroke="`+gridInk+`"`)
			c.text(point{x.at(v), h - 14}, trimZeros(summary.Format(v, record.Nanoseconds)),
				`text-anchor="middle" fill="`+faint+`"`)
		}
	}
	for i, b := range bars {
		b.draw(c, x, head+barH*float64(i))
	}
	return c.html()
}

func (b *bar) total() (ns int64) {
	for _, s := range b.segments {
		ns += s.ns
	}
	return ns
}

func (b *bar) draw(c *canvas, x scale, top float64) {
	c.text(point{x.from - 10, top + 15}, clipped(b.label, 52), `text-anchor="end"`)
	at := int64(0)
	for _, s := range b.segments {
		from, to := x.at(float64(at)), x.at(float64(at+s.ns))
		at += s.ns
		fill := palette[s.last%len(palette)].colour
		if s.last > s.first { // which phase took it is not known
			fill = noise
		}
		c.rect(box{from, top, max(to-from, 0.6), barH - 12},
			fmt.Sprintf(`fill="%s" stroke="#FFFFFF" stroke-width="0.8"`, fill))
		if text := trimZeros(summary.Format(float64(s.ns), record.Nanoseconds)); to-from >
			7*float64(len(text)) {
			ink := "#FFFFFF"
			if s.last > s.first || s.last >= 3 { // on a light colour
				ink = "#000000"
			}
			c.text(point{(from + to) / 2, top + 15}, text,
				`text-anchor="middle" font-size="11" fill="`+ink+`"`)
		}
	}
	if len(b.segments) > 0 && b.word == "" {
		c.text(point{x.at(float64(at)) + 7, top + 15},
			summary.Format(float64(at), record.Nanoseconds), `font-weight="bold"`)
	}
	if b.word != "" {
		end := point{x.at(float64(at)) + 7, top + 15}
		c.text(end, clipped(b.word, int((pageW-end.x)/6)), `fill="`+markInk+`"`)
	}
}

// clipped cuts a text that has no room.
func clipped(s string, most int) string {
	if r := []rune(s); len(r) > most && most > 1 {
		return string(r[:most-1]) + "…"
	}
	return s
}

// legend names the colours of the phases in the order they come.
func legend(c *canvas, left float64) {
	at := left
	for i, name := range append(phaseNames[:], "not told apart") {
		fill := noise
		if i < len(phaseNames) {
			fill = palette[i].colour
		}
		c.rect(box{at, 16, 12, 12}, `fill="`+fill+`"`)
		c.text(point{at + 17, 26}, name, `font-size="11"`)
		at += 34 + 6.3*float64(len(name))
	}
}
