package reports

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// markdown writes summary.md: verdict, figures and a line of text for each series, for a
// continuous-integration page.
func markdown(w io.Writer, run *Run) error {
	p := pageOf(run)
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n**%s** %s (exit %d)\n\n%s\n\n", cellText(p.Title), p.Word, p.Word,
		cellText(p.Sentence), p.Exit, cellText(p.Sub))
	markdownComparison(&b, p)
	b.WriteString("| of | question | verdict | answer |\n|---|---|---|---|\n")
	for _, v := range p.Verdicts {
		answer := v.Text
		if v.Remedy != "" {
			answer += " Fix: " + v.Remedy
		}
		tableRow(&b, v.Subject, v.Question, v.Word, answer)
	}
	markdownFigures(&b, p)
	markdownSettings(&b, p)
	markdownLedger(&b, p)
	markdownRecovery(&b, run)
	for _, s := range p.Searches {
		fmt.Fprintf(&b, "\n`%s`%s.\n\n| %s | answer | why |\n|---:|---|---|\n", s.System,
			cellText(s.Text), strings.ToLower(s.Head))
		for _, probe := range s.Probes {
			tableRow(&b, probe.Rate, probe.Answer, probe.Why)
		}
	}
	for i := range run.Result.Systems {
		sparklines(&b, run, &run.Result.Systems[i])
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(&b, "\n- %s", cellText(warning))
	}
	h := run.Manifest.Host
	fmt.Fprintf(&b, "\nHost: %s, %d cores, %s, %s\n", cellText(h.CPU), h.Cores,
		summary.Format(float64(h.MemoryB), record.Bytes), cellText(hostNote(run)))
	fmt.Fprintf(&b, "\nFull report: `%s`. Repeat: `%s`\n", PageFile,
		commandLine(run.Manifest.Command))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

func markdownFigures(b *strings.Builder, p *page) {
	if len(p.Figures) == 0 {
		b.WriteString("\nNo figures: no kept repetition is valid.\n")
		return
	}
	b.WriteString("\n| figure | " + strings.Join(p.Systems, " | ") + " |\n|---|" +
		strings.Repeat("---:|", len(p.Systems)) + "\n")
	for _, f := range p.Figures {
		cells := []string{f.Name}
		for i, c := range f.Cells {
			if f.Intervals[i] != "" {
				c += " (" + f.Intervals[i] + ")"
			}
			cells = append(cells, c)
		}
		tableRow(b, cells...)
	}
	for i, n := range p.Notes {
		fmt.Fprintf(b, "\n(%d) %s\n", i+1, cellText(n))
	}
}

// markdownSettings writes what was in force, folded away below the figures.
func markdownSettings(b *strings.Builder, p *page) {
	for _, in := range p.Settings {
		fmt.Fprintf(b, "\n<details><summary>Settings of %s in force</summary>\n\n"+
			"| setting | value |\n|---|---|\n", cellText(in.System))
		for _, r := range in.Rows {
			tableRow(b, r.Name, r.Value)
		}
		b.WriteString("\n</details>\n")
	}
}

// markdownLedger writes the accounts as one line a system.
func markdownLedger(b *strings.Builder, p *page) {
	for i, system := range p.LedgerOf {
		var parts []string
		for _, line := range p.Ledger {
			if line.Cells[i] != "–" {
				parts = append(parts, line.Name+" "+line.Cells[i])
			}
		}
		fmt.Fprintf(b, "\nLedger of `%s`: %s\n", system, strings.Join(parts, ", "))
	}
}

func tableRow(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + cellText(c) + " ")
	}
	b.WriteString("|\n")
}

// cellText keeps a text inside its cell of a table.
func cellText(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}

// sparklines draws accepted events and p99 a second as text.
func sparklines(b *strings.Builder, run *Run, s *summary.System) {
	o := timeOf(run, s)
	fmt.Fprintf(b, "\n`%s`\n\n```\n", s.Name)
	for _, line := range []struct {
		name    string
		samples []sample
	}{
		{"accepted", perSecond(o.accepted, 0)},
		{"results", perSecond(o.results, o.reps)},
		{"p99", o.p99},
	} {
		if len(line.samples) > 0 {
			fmt.Fprintf(b, "%-9s %s\n", line.name, spark(line.samples))
		}
	}
	b.WriteString("```\n")
}

// spark draws at most 60 values from 0 to their maximum in eight heights.
func spark(samples []sample) string {
	heights := []rune("▁▂▃▄▅▆▇█")
	width := max(1, (len(samples)+59)/60)
	most := 0.0
	for _, s := range samples {
		most = max(most, s.v)
	}
	var b strings.Builder
	for from := 0; from < len(samples); from += width {
		top := 0.0
		for _, s := range samples[from:min(from+width, len(samples))] {
			top = max(top, s.v)
		}
		i := 0
		if most > 0 {
			i = int(math.Round(top / most * float64(len(heights)-1)))
		}
		b.WriteRune(heights[i])
	}
	return b.String()
}
