package reports

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// compareSection sets systems side by side: a row for each at each rate, then what each can do at
// most and why not more.
type compareSection struct {
	Rows    []compareRow
	Most    []mostRow
	Picture template.HTML
	Data    [][]string // of the picture
	Unlike  string
	Notes   []string
}

// compareRow is a system at one rate. What is of the system itself stands in its first row alone,
// and Span is then how many rows it has.
type compareRow struct {
	System, Claim, Capacity string
	Weaker                  bool
	Span                    int
	Rate, Verdict, Colour   string
	Cells                   []string
}

// mostRow is what a system can do at most.
type mostRow struct{ System, Capacity, LimitedBy, Ready, Settings string }

// comparedCells are the cells of a row of the comparison, by their metrics and headings.
var comparedCells = []struct{ metric, over, head string }{
	{"latency.p50", "latency", "p50"}, {"latency.p99", "latency", "p99"},
	{"latency.p99.9", "latency", "p99.9"}, {"cpu.system", "CPU, µs an event", "system"},
	{"cpu.broker", "CPU, µs an event", "brokers"}, {"cpu.driver", "CPU, µs an event", "driver"},
	{"memory.system", "memory", "system"}, {"memory.broker", "memory", "brokers"},
}

// cellHead is a heading over some cells of the comparison.
type cellHead struct {
	Over  string
	Heads []string
}

func cellHeads() (heads []cellHead) {
	for _, c := range comparedCells {
		if n := len(heads); n > 0 && heads[n-1].Over == c.over {
			heads[n-1].Heads = append(heads[n-1].Heads, c.head)
			continue
		}
		heads = append(heads, cellHead{c.over, []string{c.head}})
	}
	return heads
}

// comparison is nil where there is nothing to compare.
func comparison(run *Run) *compareSection {
	c := run.Result.Comparison
	if c == nil {
		return nil
	}
	s := &compareSection{Unlike: c.Unlike, Picture: comparePicture(run, c)}
	own := false
	for _, system := range c.Systems {
		for i, at := range system.Rates {
			row := compareRow{Rate: offeredText(at), Verdict: at.Verdict, Colour: wordColour(at.Verdict)}
			if i == 0 {
				row.System, row.Claim, row.Weaker = system.System, system.Claim, system.Weaker
				row.Span, row.Capacity = len(system.Rates), capacityText(system)
			}
			for _, cell := range comparedCells {
				text, inside := comparedCell(at, cell.metric)
				own = own || inside
				row.Cells = append(row.Cells, text)
			}
			s.Rows = append(s.Rows, row)
			s.Data = append(s.Data, dataOf(system, at))
		}
		s.Most = append(s.Most, mostOf(run, system))
	}
	s.Notes = compareNotes(run, own)
	return s
}

// dataOf is a line of the data under the picture.
func dataOf(c summary.Compared, at summary.AtRate) []string {
	line := []string{at.Name, capacityText(c)}
	for _, metric := range []string{"cpu.system", "cpu.broker", "cpu.driver", "cpu"} {
		text, _ := comparedCell(at, metric)
		line = append(line, text)
	}
	return line
}

// comparedCell writes a figure of a row, and whether it is of a system inside the tool's process.
func comparedCell(at summary.AtRate, metric string) (text string, inside bool) {
	v, ok := at.Figures[metric]
	if !ok && metric == "memory.system" {
		if all, known := at.Figures["memory"]; known {
			return summary.Format(all-at.Figures["memory.broker"], record.Bytes) + " *", true
		}
	}
	if !ok {
		return "–", false
	}
	m, _ := record.FindMetric(metric)
	text = summary.Format(v, m.Unit)
	if m.Unit == record.MicrosEvent {
		text = strings.TrimSuffix(text, " µs/event") // the heading says so
	}
	return text, false
}

func offeredText(at summary.AtRate) string {
	v, ok := at.Figures["offered"]
	if !ok {
		return at.Rate
	}
	text := strings.Replace(summary.Format(v, record.PerSecond), " events/s", "/s", 1)
	if share, of := strings.CutSuffix(at.Rate, " of capacity"); of {
		return share + ": " + text
	}
	return text
}

func capacityText(c summary.Compared) string {
	if c.Capacity == nil {
		return "–"
	}
	text := strings.Replace(summary.Format(*c.Capacity, record.PerSecond), " events/s", "/s", 1)
	if c.Estimated {
		text += " ESTIMATED"
	}
	return text
}

func wordColour(word string) string {
	switch word {
	case "PASS":
		return looks[summary.Pass].colour
	case "FAIL":
		return looks[summary.Fail].colour
	}
	return looks[summary.Unknown].colour
}

func mostOf(run *Run, c summary.Compared) mostRow {
	row := mostRow{System: c.System, Capacity: capacityText(c), LimitedBy: "not known", Ready: "–",
		Settings: fmt.Sprintf("%d read back, in section 7", c.Settings)}
	if c.LimitedBy != "" {
		row.LimitedBy = c.LimitedBy
	}
	if c.DeployNs > 0 {
		row.Ready = summary.Format(float64(c.DeployNs), record.Nanoseconds)
	}
	for _, s := range run.Result.Systems {
		if s.Base() == c.System && s.Search != nil {
			row.Capacity = sentenceCase(s.Search.Text())
		}
	}
	return row
}

func compareNotes(run *Run, own bool) []string {
	c := run.Manifest.Conditions
	notes := []string{fmt.Sprintf("All by the same driver and collector over %s, %s format, "+
		"commit interval %s, %d × %g cores for workers, profile %s.", transportOf(c), c.Format,
		c.Checkpoint, c.Workers, c.WorkerCPUs, c.Profile)}
	if own {
		notes = append(notes, "* inside the tool's own process, with driver, collector and oracle.")
	}
	return notes
}

// comparePicture draws what each system can do at most, and below the processor time an event took
// at each rate, by role.
func comparePicture(run *Run, c *summary.Comparison) template.HTML {
	bars, most, dearest := 0, 0.0, 0.0
	for _, s := range c.Systems {
		if s.Capacity != nil {
			most = max(most, *s.Capacity)
		}
		for _, at := range s.Rates {
			if cpu, ok := at.Figures["cpu"]; ok {
				bars, dearest = bars+1, max(dearest, cpu)
			}
		}
	}
	rows := bars
	if most > 0 {
		rows += len(c.Systems) + 2
	}
	if rows == 0 {
		return ""
	}
	const rowH = 26.0
	h := float64(rows)*rowH + 46
	p := newCanvas(pageW, h, "What each system can do at most, and what an event costs")
	y := 22.0
	if most > 0 {
		y = capacityBars(p, c, scale{lo: 0, hi: most, from: compareLeft, to: pageW - 190}, y) + 24
	}
	if bars > 0 {
		costBars(p, c, scale{lo: 0, hi: dearest, from: compareLeft, to: pageW - 190}, y)
	}
	return p.html()
}

const compareLeft, compareH = 170.0, 26.0

// capacityBars draws a bar a system and returns where the next picture may begin.
func capacityBars(p *canvas, c *summary.Comparison, x scale, y float64) float64 {
	p.text(point{x.from, y}, "Events a second at most", `font-weight="bold"`)
	for i, s := range c.Systems {
		y += compareH
		p.text(point{x.from - 12, y + 4}, s.System, `text-anchor="end"`)
		if s.Capacity == nil {
			p.text(point{x.from + 8, y + 4}, "not known", `fill="`+faint+`"`)
			continue
		}
		fill := `fill="` + palette[i%len(palette)].colour + `"`
		if s.Estimated { // no solid figure
			fill += ` fill-opacity="0.45" stroke="` + palette[i%len(palette)].colour + `"`
		}
		p.rect(box{x.from, y - 8, max(x.at(*s.Capacity)-x.from, 1), 16}, fill)
		p.text(point{x.at(*s.Capacity) + 8, y + 4}, capacityText(s), ``)
	}
	return y + compareH
}

// costRoles are the parts of a bar of the processor time an event takes.
var costRoles = []struct{ metric, name, colour string }{
	{"cpu.system", "system", "#0072B2"}, {"cpu.broker", "brokers", "#E69F00"},
	{"cpu.driver", "driver", "#9AA5B1"},
}

func costBars(p *canvas, c *summary.Comparison, x scale, y float64) {
	p.text(point{x.from, y}, "Processor time an event, µs", `font-weight="bold"`)
	at := x.from + 210
	for _, role := range costRoles {
		p.rect(box{at, y - 10, 12, 12}, `fill="`+role.colour+`"`)
		p.text(point{at + 18, y}, role.name, `fill="`+faint+`"`)
		at += 90
	}
	for _, s := range c.Systems {
		for _, r := range s.Rates {
			cpu, ok := r.Figures["cpu"]
			if !ok {
				continue
			}
			y += compareH
			p.text(point{x.from - 12, y + 4}, r.Name, `text-anchor="end"`)
			from := x.from
			for _, role := range costRoles {
				w := x.at(r.Figures[role.metric]) - x.from
				p.rect(box{from, y - 8, max(w, 0), 16}, `fill="`+role.colour+`"`)
				from += w
			}
			p.text(point{from + 8, y + 4}, summary.Format(cpu, record.MicrosEvent), ``)
		}
	}
}

// markdownComparison writes the table of systems side by side, if there is one.
func markdownComparison(b *strings.Builder, p *page) {
	c := p.Comparison
	if c == nil {
		return
	}
	head, rule := "| system | claim | at most | offered | verdict |", "|---|---|---|---:|---|"
	for _, cell := range comparedCells {
		head += " " + strings.TrimSuffix(cell.over, ", µs an event") + " " + cell.head + " |"
		rule += "---:|"
	}
	b.WriteString(head + "\n" + rule + "\n")
	for _, r := range c.Rows {
		claim := r.Claim
		if r.Weaker {
			claim += " (declared)"
		}
		tableRow(b, append([]string{r.System, claim, r.Capacity, r.Rate, r.Verdict}, r.Cells...)...)
	}
	if c.Unlike != "" {
		fmt.Fprintf(b, "\nUnlike claims: %s.\n", c.Unlike)
	}
	b.WriteString("\nCPU is in µs an event.\n")
	for _, m := range c.Most {
		fmt.Fprintf(b, "\n- `%s` %s Limited by: %s.", m.System, cellText(m.Capacity),
			cellText(m.LimitedBy))
	}
	b.WriteString("\n\n")
}
