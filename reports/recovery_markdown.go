package reports

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// markdownRecovery writes a line for each fault, then the twins; nothing where nothing was broken.
func markdownRecovery(b *strings.Builder, run *Run) {
	all := breakages(run)
	if len(all) == 0 {
		return
	}
	b.WriteString("\n| recovery from | recovery | outage | tax | dip area | catch-up (law) |\n" +
		"|---|---:|---:|---:|---:|---:|\n")
	for _, one := range all {
		for i := range one.faults {
			r := recoveryOf(run, one, &one.faults[i])
			if word := r.word(); word != "" {
				tableRow(b, r.name(), word, "", "", "", "")
				continue
			}
			tableRow(b, append([]string{r.name()}, r.brief()...)...)
		}
	}
	for _, t := range twinTables(run) {
		fmt.Fprintf(b, "\n%s: results %s", cellText(t.Title), cellText(t.Same))
		for _, line := range t.Rows {
			fmt.Fprintf(b, "; %s %s → %s (%s)", line[0], line[1], line[2], line[3])
		}
		b.WriteString("\n")
	}
}

// brief are the figures of a recovery in a row: recovery, outage, tax, dip area, catch-up.
func (r *recovery) brief() []string {
	c := r.cost
	cells := []string{orUnresolved(c.TotalNs), longest(c.Outage), longest(c.Tax), unresolved,
		unresolved}
	if c.Dip != nil {
		cells[3] = summary.Format(c.Dip.Area, record.Events)
	}
	if l := c.Law; l != nil {
		cells[4] = fmt.Sprintf("%s (%s, %+.0f%%)", duration(l.MeasuredNs), duration(l.LawNs),
			100*l.Residual)
	}
	return cells
}

func longest(s *summary.Spread) string {
	if s == nil {
		return unresolved
	}
	return duration(s.MaxNs)
}
