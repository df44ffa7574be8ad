package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// maxRows bounds a table of seconds: a longer run is thinned, as its pictures are.
const maxRows = 300

// timeTable is the data under the time picture, a line a second.
func timeTable(o *overTime) (head []string, table [][]string) {
	head = []string{"second", "phase", "offered", "accepted", "results", "backlog",
		"p50", "p99", "p99.9"}
	for _, i := range thinned(o) {
		s := o.seconds[i]
		line := []string{fmt.Sprint(i), o.phaseAt(float64(i) - .5), summary.Count(s.offered),
			summary.Count(s.accepted), summary.Count(s.results), dash(s.backlog), "–", "–", "–"}
		if v := s.latency; v != nil {
			for j, ns := range []int64{v.P50Ns, v.P99Ns, v.P999Ns} {
				line[6+j] = summary.Format(float64(ns), record.Nanoseconds)
			}
		}
		table = append(table, line)
	}
	return head, table
}

func dash(v float64) string {
	if v == 0 {
		return "–"
	}
	return summary.Count(v)
}

func thinned(o *overTime) []int {
	all := slices.Sorted(maps.Keys(o.seconds))
	step := (len(all) + maxRows - 1) / maxRows
	var kept []int
	for i := 0; i < len(all); i += max(step, 1) {
		kept = append(kept, all[i])
	}
	return kept
}

func (o *overTime) phaseAt(t float64) string {
	switch {
	case o.endS <= o.steadyS:
		return "–"
	case t < o.steadyS:
		return record.PhaseWarmup
	case t < o.endS:
		return record.PhaseSteady
	}
	return record.PhaseDrain
}

// heatTable is the data under the heat map: what each second received.
func heatTable(o *overTime) [][]string {
	var table [][]string
	for _, i := range thinned(o) {
		v := o.seconds[i].latency
		if v == nil {
			continue
		}
		line := []string{fmt.Sprint(i), summary.Count(float64(v.N))}
		for _, ns := range []int64{v.P50Ns, v.P99Ns, v.P999Ns, v.MaxNs} {
			line = append(line, summary.Format(float64(ns), record.Nanoseconds))
		}
		table = append(table, line)
	}
	return table
}

// spectrumTable is the data under the spectrum, a line a percentile.
func spectrumTable(systems []spectra) []figureRow {
	var rows []figureRow
	line := func(name, doc string, of func(s spectra) float64) {
		r := figureRow{Name: name, Doc: doc}
		for _, s := range systems {
			r.Cells = append(r.Cells, summary.Format(of(s), record.Nanoseconds))
		}
		rows = append(rows, r)
	}
	for _, x := range []float64{0.30103, 1, 2, 3, 4, 5, 6} {
		if x > depth(systems[0].all) {
			break
		}
		p := percentAt(x)
		line(fmt.Sprintf("p%.6g", p), "1 in "+summary.Count(math.Pow(10, x)),
			func(s spectra) float64 { return float64(s.all.ValueAtPercentile(p)) })
	}
	line("max", "", func(s spectra) float64 { return float64(s.all.Max()) })
	return rows
}

// noiseTable is the data under the noise picture.
func noiseTable(run *Run) []figureRow {
	var rows []figureRow
	for _, stage := range []struct{ name, label string }{
		{record.StageResult, "result latency"}, {record.StageDriver, "driver lag"},
		{record.StageCanary, "canary: late wake-ups of a sleeping thread"},
	} {
		for _, s := range spectraOf(run, stage.name) {
			r := figureRow{Name: s.system + ": " + stage.label}
			for _, p := range []float64{50, 99, 99.9} {
				r.Cells = append(r.Cells,
					summary.Format(float64(s.all.ValueAtPercentile(p)), record.Nanoseconds))
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// settingsOf are the settings each system had in force, read back from its first repetition.
func settingsOf(run *Run) []settings {
	var all []settings
	for _, s := range run.Result.Systems {
		if len(all) > 0 && all[len(all)-1].System == s.Base() {
			continue // at another rate
		}
		in := settings{System: s.Base()}
		for _, rep := range s.Repetitions {
			if len(in.Rows) > 0 {
				break
			}
			for _, k := range slices.Sorted(maps.Keys(rep.Config)) {
				in.Rows = append(in.Rows, row{k, rep.Config[k], ""})
			}
		}
		if len(in.Rows) > 0 {
			all = append(all, in)
		}
	}
	return all
}

// line is all settings as one line.
func (s settings) line() string {
	parts := make([]string, len(s.Rows))
	for i, r := range s.Rows {
		parts[i] = r.Name + "=" + strings.Join(strings.Fields(r.Value), " ")
	}
	return strings.Join(parts, "; ")
}
