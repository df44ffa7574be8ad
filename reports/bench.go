package reports

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// benchUnit is a column of bench.txt: a figure in the unit that benchmark tools read it in.
type benchUnit struct {
	metric, unit string
	per          float64 // of the figure's own unit
}

var benchUnits = []benchUnit{
	{"accepted", "events/s", 1}, {"emitted", "results/s", 1},
	{"sustainable", "sustainable-events/s", 1}, {"capacity", "capacity-events/s", 1},
	{"latency.p50", "p50-ms", 1e6}, {"latency.p90", "p90-ms", 1e6}, {"latency.p99", "p99-ms", 1e6},
	{"latency.p99.9", "p99.9-ms", 1e6}, {"latency.p99.99", "p99.99-ms", 1e6},
	{"latency.max", "max-ms", 1e6}, {"latency.mean", "mean-ms", 1e6},
	{"ingest.p50", "ingest-p50-ms", 1e6}, {"ingest.p99", "ingest-p99-ms", 1e6},
	{"contributor.p50", "contributor-p50-ms", 1e6}, {"contributor.p99", "contributor-p99-ms", 1e6},
	{"refinement.p50", "refinement-p50-ms", 1e6}, {"refinement.p99", "refinement-p99-ms", 1e6},
	{"backlog", "backlog-events", 1}, {"blocked", "blocked-ms", 1e6},
	{"cpu", "cpu-us/event", 1}, {"cpu.driver", "cpu-driver-us/event", 1},
	{"cpu.broker", "cpu-broker-us/event", 1}, {"cpu.system", "cpu-system-us/event", 1},
	{"memory", "memory-bytes", 1},
	{"recovery", "recovery-s", 1e9}, {"outage", "outage-s", 1e9},
	{"recovery.tax", "recovery-tax-s", 1e9}, {"dip.area", "dip-events", 1},
	{"replayed", "replayed-events", 1},
	{"cost-a-day", "cost-a-day-s", 1e9},
	{"lost", "lost", 1}, {"duplicated", "duplicated", 1}, {"wrong", "wrong", 1},
}

// bench writes bench.txt in the format of Go's benchmarks: what was run as configuration lines,
// then one line for each kept, valid repetition, so that the statistics of the reader see
// repetitions. What differs from run to run and is no condition (the run's id, its version) stands
// in comments: a reader keeps results of unlike configuration apart.
func bench(w io.Writer, run *Run) error {
	var b strings.Builder
	m := run.Manifest
	fmt.Fprintf(&b, "# streambench %s, run %s, commit %s\n", m.Version, m.ID, m.Commit)
	for _, line := range benchConfig(run) {
		fmt.Fprintf(&b, "%s: %s\n", line[0], line[1])
	}
	used := benchUsed(run)
	for _, u := range used {
		metric, ok := record.FindMetric(u.metric)
		if !ok {
			panic("BUG: bench column of no metric: " + u.metric)
		}
		fmt.Fprintf(&b, "Unit %s better=%s\n", u.unit, metric.Better)
	}
	for _, s := range run.Result.Systems {
		for _, in := range settingsOf(run) {
			if in.System == s.Name {
				fmt.Fprintf(&b, "# %s in force: %s\n", s.Name, in.line())
			}
		}
		name := benchName(m.Conditions, s.Name)
		for _, found := range []string{"sustainable", "capacity"} { // of no repetition
			if f, ok := s.Figures[found]; ok {
				benchLine(&b, name, map[string]float64{found: f.Median}, used)
			}
		}
		for _, r := range s.Repetitions {
			switch {
			case !r.Kept:
			case r.Status != summary.Valid:
				fmt.Fprintf(&b, "# %s run %d is %s and has no figures\n", s.Name, r.Rep, r.Status)
			default:
				benchLine(&b, name, r.Figures, used)
			}
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write bench: %w", err)
	}
	return nil
}

func benchConfig(run *Run) [][2]string {
	m, c := run.Manifest, run.Manifest.Conditions
	lines := [][2]string{
		{"goos", m.Host.OS}, {"goarch", m.Host.Arch}, {"cpu", m.Host.CPU}, {"host", m.Host.Hash},
		{"cores", strconv.Itoa(m.Host.Cores)}, {"scenario", m.Scenario}, {"workload", c.Workload},
		{"rate", c.Rate}, {"transport", c.Transport}, {"broker", c.Broker}, {"format", c.Format},
		{"guarantee", c.Guarantee}, {"checkpoint", c.Checkpoint}, {"profile", c.Profile},
		{"workers", strconv.Itoa(c.Workers)}, {"worker-cpus", fmt.Sprint(c.WorkerCPUs)},
		{"seed", strconv.FormatUint(c.Seed, 10)},
	}
	for _, k := range slices.Sorted(maps.Keys(c.Params)) {
		lines = append(lines, [2]string{"param-" + strings.ToLower(k), c.Params[k]})
	}
	kept := lines[:0]
	for _, l := range lines {
		l[1] = strings.Join(strings.Fields(l[1]), " ") // a value is one line
		if l[1] != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

// benchUsed are the columns that at least one repetition fills.
func benchUsed(run *Run) []benchUnit {
	return slices.DeleteFunc(slices.Clone(benchUnits), func(u benchUnit) bool {
		for _, s := range run.Result.Systems {
			if _, ok := s.Figures[u.metric]; ok {
				return false
			}
		}
		return true
	})
}

func benchLine(b *strings.Builder, name string, figures map[string]float64, used []benchUnit) {
	fmt.Fprintf(b, "%s 1", name)
	for _, u := range used {
		if v, ok := figures[u.metric]; ok {
			fmt.Fprintf(b, " %s %s", strconv.FormatFloat(v/u.per, 'f', -1, 64), u.unit)
		}
	}
	b.WriteByte('\n')
}

// numbered ends in what a reader would take for a number of processors.
var numbered = regexp.MustCompile(`-(\d+)$`)

// benchName is as in BenchmarkNexmark/q=5/system=flink.
func benchName(c record.Conditions, system string) string {
	name := "Benchmark"
	for _, part := range strings.FieldsFunc(c.Workload, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	if n, ok := strings.CutPrefix(c.Query, "q"); ok && c.Query != c.Workload {
		name += "/q=" + benchWord(n)
	} else if c.Query != "" && c.Query != c.Workload {
		name += "/query=" + benchWord(c.Query)
	}
	return name + "/system=" + numbered.ReplaceAllString(benchWord(system), "_$1")
}

// benchWord keeps a word inside its place in a name.
func benchWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '/' || r == '=' {
			return '_'
		}
		return r
	}, s)
}
