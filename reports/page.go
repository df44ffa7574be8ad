package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

//go:embed page.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what the template prints. All words and pictures are made in Go; the template only
// arranges them.
type page struct {
	Title, Word, Sentence, Sub string
	Colour, Tint               string
	Exit                       int
	Comparison                 *compareSection
	CellHeads                  []cellHead
	Verdicts                   []verdictRow
	Systems                    []string
	Heads                      []systemHead // of the same, in two lines
	Docs                       bool         // there is room beside the figures to say what they are
	FigureFont                 int
	Figures                    []figureRow
	Notes                      []string
	Repetitions                []repetitionRow
	Warnings                   []string
	Scope                      []row
	Noise                      template.HTML
	NoiseTable                 []figureRow
	Time                       []timeSection
	Spectrum                   template.HTML
	SpectrumTable              []figureRow
	NoSpectrum                 string
	Heat                       []heatSection
	Offenders                  []offenderRow
	Searches                   []searchSection
	LedgerOf                   []string // systems that have a ledger
	Ledger                     []figureRow
	Recovery                   recoverySection
	Provenance                 []row
	Settings                   []settings
	Lock                       string
	HasIntervals               bool
}

type verdictRow struct {
	Subject, Question, Word, Colour, Text, Remedy string
	Evidence                                      []summary.Evidence // of what is no pass
}

type figureRow struct {
	Name, Doc string
	Cells     []string
	Intervals []string // beside Cells, empty where there is none
}

type repetitionRow struct {
	System, Rep, Use, Status, Colour, Accepted, P99, Results, Reason string
}

type timeSection struct {
	System, Caption string
	Picture         template.HTML
	Head            []string
	Table           [][]string
}

type heatSection struct {
	Picture template.HTML
	Table   [][]string
}

// searchSection is how the sustainable rate of a system was found.
type searchSection struct {
	System, Text     string
	Title, Head, How string
	Probes           []probeRow
}

type probeRow struct{ Rate, Answer, Colour, Why string }

type offenderRow struct{ System, Class, Identity, Got, Want, Note string }

type settings struct {
	System string
	Rows   []row
}

// looks give each state its word and colours; the word carries the meaning, colour only helps.
var looks = map[summary.State]struct{ word, colour, tint string }{
	summary.Pass:    {"PASS", "#0B6E4F", "#E3F5EC"},
	summary.Fail:    {"FAIL", "#B42318", "#FDECEA"},
	summary.Unknown: {"UNKNOWN", "#8A5A00", "#FFF4DB"},
}

// writePage writes report.html: one page that needs nothing but itself, no script, no style sheet.
func writePage(w io.Writer, run *Run) error {
	if err := pageTemplate.Execute(w, pageOf(run)); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

func pageOf(run *Run) *page {
	r := &run.Result
	look := looks[r.State]
	p := &page{
		Title: r.Scenario, Word: word(r), Sentence: sentenceCase(r.Sentence), Exit: r.Exit,
		Colour: look.colour, Tint: look.tint, Sub: subtitle(run), Lock: string(run.Lock),
		Scope: scopeRows(run), Noise: noisePicture(run), Provenance: provenance(run),
	}
	for _, s := range r.Systems {
		p.Systems = append(p.Systems, s.Name)
	}
	p.Heads = headsOf(p.Systems)
	p.Docs, p.FigureFont = len(p.Systems) <= wideFigures, 3
	if !p.Docs {
		p.FigureFont = 2
	}
	if p.Comparison = comparison(run); p.Comparison != nil {
		p.CellHeads = cellHeads()
	}
	p.verdicts(r)
	p.figures(r)
	p.repetitions(r)
	p.searches(r)
	p.ledger(r)
	p.pictures(run)
	p.recovery(run)
	return p
}

// word is the verdict of the banner: a run that did not measure says so instead of unknown.
func word(r *summary.Result) string {
	switch {
	case r.Exit == 130:
		return "INTERRUPTED"
	case r.Exit == 6 && r.State != summary.Fail:
		for _, v := range r.Verdicts {
			if v.Rule == summary.RuleValidity {
				return "INVALID"
			}
		}
	}
	return looks[r.State].word
}

func sentenceCase(s string) string { return strings.TrimSuffix(s, ".") + "." }

func subtitle(run *Run) string {
	c := run.Manifest.Conditions
	parts := []string{c.Workload}
	if c.Query != "" && c.Query != c.Workload {
		parts = append(parts, c.Query)
	}
	rate := c.Rate + " events"
	if c.RateMax {
		rate = "as fast as taken"
	}
	return strings.Join(append(parts, rate, c.Transport, c.Format, c.Guarantee), " · ")
}

func (p *page) verdicts(r *summary.Result) {
	for _, v := range r.Verdicts {
		look := looks[v.State]
		subject := v.System
		if subject == "" {
			subject = "the run"
		}
		if v.Rep > 0 {
			subject += ", " + record.RepetitionName(v.Rep)
		}
		question := v.Rule
		for _, part := range []string{v.Metric, v.Code} {
			if part != "" && part != question {
				question += " " + part
			}
		}
		word := look.word
		switch {
		case v.Rule == summary.RuleValidity:
			word = string(summary.Invalid)
		case v.Rule == summary.RuleFault && v.State == summary.Unknown:
			word = "n/a"
		}
		line := verdictRow{Subject: subject, Question: question, Word: word, Colour: look.colour,
			Text: v.Text, Remedy: v.Remedy}
		if v.State != summary.Pass && v.Rule != summary.RuleSearch { // its probes have a table below
			line.Evidence = v.Evidence
		}
		p.Verdicts = append(p.Verdicts, line)
	}
	for _, w := range r.Warnings {
		p.Warnings = append(p.Warnings, w.Text)
	}
	for _, s := range r.Systems {
		for _, rep := range s.Repetitions {
			for _, w := range rep.Warnings {
				p.Warnings = append(p.Warnings, fmt.Sprintf("%s %s: %s", s.Name,
					record.RepetitionName(rep.Rep), w.Text))
			}
		}
		if s.Ledger == nil {
			continue
		}
		for _, o := range s.Ledger.Offenders {
			p.Offenders = append(p.Offenders,
				offenderRow{s.Name, o.Class, o.Identity, o.Got, o.Want, o.Note})
		}
	}
}

// systemHead is the name of a system over a column: at one of several rates in two lines.
type systemHead struct{ Name, Rate string }

func headsOf(names []string) (heads []systemHead) {
	for _, name := range names {
		base, rate, _ := strings.Cut(name, "@")
		if rate != "" {
			rate = "@" + rate
		}
		heads = append(heads, systemHead{base, rate})
	}
	return heads
}

// narrow leaves of a figure what its row does not say: there are many columns.
var narrow = strings.NewReplacer(" events/s", "/s", "/event", "", " event-seconds", "",
	" events", "", " results", "")

// wideFigures is how many systems leave room beside the figures.
const wideFigures = 4

// shown are the figures of the first table, in its order.
var shown = []string{
	"sustainable", "capacity", "offered", "accepted", "emitted", "latency.p50", "latency.p90",
	"latency.p99", "latency.p99.9", "latency.p99.99", "latency.max", "latency.mean",
	"latency.area", "calm.latency.p50", "calm.latency.p99", "recovery", "outage", "recovery.tax",
	"dip.area", "replayed", "cost-a-day", "ingest.p50", "ingest.p99", "contributor.p50",
	"contributor.p99",
	"refinement.p50", "refinement.p99", "backlog", "blocked", "lag.p99.9", "cpu", "cpu.system",
	"cpu.driver", "cpu.broker", "memory", "memory.system", "memory.broker", "memory.tool",
	"lost", "duplicated", "wrong", "phantom", "corrupt", "late", "unexplained",
}

func (p *page) figures(r *summary.Result) {
	for _, name := range shown {
		line := figureRow{Name: name}
		if m, ok := record.FindMetric(name); ok {
			line.Doc = m.Doc
		}
		any := false
		for _, s := range r.Systems {
			f, ok := s.Figures[name]
			any = any || ok
			cell, around := p.cell(f, ok), interval(f)
			if name == "emitted" { // counted a second like events, but they are results
				cell = strings.ReplaceAll(cell, " events/s", " results/s")
				around = strings.ReplaceAll(around, "events/s", "results/s")
			}
			line.Cells, line.Intervals = append(line.Cells, cell), append(line.Intervals, around)
			p.HasIntervals = p.HasIntervals || f.Lo != nil
		}
		if any {
			p.Figures = append(p.Figures, line)
		}
	}
}

// interval writes the interval of a figure, or nothing where it has none or is of no width at the
// digits shown.
func interval(f summary.Figure) string {
	if f.Lo == nil {
		return ""
	}
	lo, hi := summary.Format(*f.Lo, f.Unit), summary.Format(*f.Hi, f.Unit)
	if lo == hi {
		return ""
	}
	return lo + " to " + hi
}

// cell writes a figure and refers to the notes that weaken it.
func (p *page) cell(f summary.Figure, ok bool) string {
	if !ok {
		return "–"
	}
	text := summary.Format(f.Median, f.Unit)
	if !p.Docs {
		text = narrow.Replace(text)
	}
	for _, w := range f.Warnings {
		i := slices.Index(p.Notes, w.Text)
		if i < 0 {
			p.Notes = append(p.Notes, w.Text)
			i = len(p.Notes) - 1
		}
		text += fmt.Sprintf(" (%d)", i+1)
	}
	return text
}
