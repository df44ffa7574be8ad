package reports

import (
	"fmt"
	"html/template"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// lawBar is a row of the picture that holds the catch-up law against what was measured.
type lawBar struct {
	label string
	law   *summary.Law
}

// lawPicture draws, for each recovery, how long catching up took and how long the law gives it.
func lawPicture(bars []lawBar) template.HTML {
	const left, head, rowH = 300.0, 44.0, 34.0
	h := head + rowH*float64(len(bars)) + 34
	c := newCanvas(pageW, h, "Catch-up against the law")
	x := scale{lo: 0, from: left, to: pageW - 170}
	for _, b := range bars {
		x.hi = max(x.hi, float64(max(b.law.LawNs, b.law.MeasuredNs)))
	}
	for i, name := range []string{"the law: D·ρ/(1−ρ)", "measured"} {
		at := left + 160*float64(i)
		c.rect(box{at, 12, 12, 10}, `fill="`+lawInk(i)+`"`)
		c.text(point{at + 17, 21}, name, `font-size="11"`)
	}
	for _, v := range x.ticks(8) {
		c.line(point{x.at(v), head - 8}, point{x.at(v), h - 30}, `stroke="`+gridInk+`"`)
		c.text(point{x.at(v), h - 14}, trimZeros(duration(int64(v))),
			`text-anchor="middle" fill="`+faint+`"`)
	}
	for i, b := range bars {
		top := head + rowH*float64(i)
		c.text(point{left - 10, top + 15}, clipped(b.label, 52), `text-anchor="end"`)
		for k, ns := range []int64{b.law.LawNs, b.law.MeasuredNs} {
			c.rect(box{left, top + 11*float64(k), max(x.at(float64(ns))-left, 0.6), 10},
				`fill="`+lawInk(k)+`"`)
		}
		end := x.at(float64(max(b.law.LawNs, b.law.MeasuredNs)))
		c.text(point{end + 7, top + 15}, fmt.Sprintf("residual %+.0f%%, ρ %.2f",
			100*b.law.Residual, b.law.Share), "")
	}
	return c.html()
}

func lawInk(i int) string {
	if i == 0 {
		return "#9AA5B1"
	}
	return palette[0].colour
}

// lawTable is the data of the picture.
func lawTable(bars []lawBar) [][]string {
	var rows [][]string
	for _, b := range bars {
		from := b.law.From
		if b.law.Estimate {
			from += " (an estimate)"
		}
		rows = append(rows, []string{b.label, duration(b.law.MeasuredNs), duration(b.law.LawNs),
			fmt.Sprintf("%+.1f%%", 100*b.law.Residual), fmt.Sprintf("%.3f", b.law.Share),
			summary.Format(b.law.Capacity, record.PerSecond), from})
	}
	return rows
}
