package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
	"golang.org/x/perf/benchproc"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

// suites is junit.xml as a continuous-integration server reads it, written down apart from the
// structs that write it.
type suites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
	Suite    []struct {
		Name      string  `xml:"name,attr"`
		Tests     int     `xml:"tests,attr"`
		Time      float64 `xml:"time,attr"`
		Timestamp string  `xml:"timestamp,attr"`
		Case      []struct {
			Name    string  `xml:"name,attr"`
			Class   string  `xml:"classname,attr"`
			Time    float64 `xml:"time,attr"`
			Failure []out   `xml:"failure"`
			Error   []out   `xml:"error"`
			Skipped []out   `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type out struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func junitOf(t *testing.T, data []byte) suites {
	t.Helper()
	var s suites
	d := xml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		if tok, _ := d.Token(); tok != nil {
			t.Errorf("something follows the suites: %v", tok)
		}
	}
	return s
}

func TestJUnitHasACaseForEachVerdictAndCountsWhatFailed(t *testing.T) {
	cases := []struct {
		run                     string
		failures, errs, skipped int
		says                    string
	}{
		{"good", 0, 0, 0, ""},
		{"failed", 1, 0, 0, "exactly-once claimed, 0 lost, 1 204 duplicated"},
		{"invalid", 0, 4, 0, "limit: ≥ 99.9%"},
		{"interrupted", 0, 4, 0, "the run was interrupted"},
	}
	for _, c := range cases {
		dir := standard(t, c.run)
		res, err := Render(dir)
		if err != nil {
			t.Fatal(err)
		}
		data := rendered(t, dir)[JUnitFile]
		s := junitOf(t, data)
		suite := s.Suite[0]
		if len(s.Suite) != 1 || suite.Name != "demo" || suite.Time <= 0 || suite.Timestamp == "" ||
			suite.Tests != len(res.Verdicts) || len(suite.Case) != len(res.Verdicts) {
			t.Errorf("%s: suite %+v of %d verdicts", c.run, suite, len(res.Verdicts))
		}
		if s.Tests != suite.Tests || s.Failures != c.failures || s.Errors != c.errs ||
			s.Skipped != c.skipped {
			t.Errorf("%s: %d failures, %d errors, %d skipped", c.run, s.Failures, s.Errors, s.Skipped)
		}
		if !strings.Contains(string(data), c.says) {
			t.Errorf("%s: nothing says %q", c.run, c.says)
		}
		failures, errs := 0, 0
		for _, k := range suite.Case {
			failures, errs = failures+len(k.Failure), errs+len(k.Error)
			if k.Name == "" || k.Class != "demo.native" || k.Time <= 0 {
				t.Errorf("%s: case %+v", c.run, k)
			}
		}
		if failures != c.failures || errs != c.errs {
			t.Errorf("%s: %d and %d outcomes", c.run, failures, errs)
		}
	}
}

func TestTheCasesOfASystemWhoseTurnNeverCameAreSkipped(t *testing.T) {
	dir := folder(t, recordtest.Options{Systems: []string{"native", "flink"}},
		func(r *recordtest.Run) {
			stopped(r)
			r.Change(func(e *record.Entry) bool { return e.System != "flink" })
		})
	for _, k := range junitOf(t, rendered(t, dir)[JUnitFile]).Suite[0].Case {
		if skipped := len(k.Skipped) == 1; skipped != (k.Class == "demo.flink") {
			t.Errorf("case %+v", k)
		}
	}
}

// benchmarks reads bench.txt as benchstat does: values by system and unit.
func benchmarks(t *testing.T, data []byte) (map[[2]string][]float64, benchfmt.UnitMetadataMap) {
	t.Helper()
	var parser benchproc.ProjectionParser
	bySystem, err := parser.Parse("/system", nil)
	if err != nil {
		t.Fatal(err)
	}
	byConfig, err := parser.Parse("workload,rate,seed", nil)
	if err != nil {
		t.Fatal(err)
	}
	values := map[[2]string][]float64{}
	r := benchfmt.NewReader(bytes.NewReader(data), BenchFile)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Errorf("%v", rec)
		case *benchfmt.Result:
			if got := byConfig.Project(rec).String(); got !=
				"workload:iot-telemetry rate:1.5M/s seed:1" {
				t.Errorf("configuration %q", got)
			}
			system := strings.TrimPrefix(bySystem.Project(rec).String(), "/system:")
			for _, v := range rec.Values {
				id := [2]string{system, v.Unit}
				values[id] = append(values[id], v.Value)
			}
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return values, r.Units()
}

func TestBenchIsReadByBenchstatRepetitionByRepetition(t *testing.T) {
	values, units := benchmarks(t, rendered(t, standard(t, "two-systems"))[BenchFile])
	for _, system := range []string{"native", "native-slow"} {
		rate, p99 := values[[2]string{system, "events/s"}], values[[2]string{system, "p99-ms"}]
		if len(rate) != 6 || len(p99) != 6 {
			t.Fatalf("%s: %d rates and %d percentiles of 6 kept repetitions", system, len(rate), len(p99))
		}
		if rate[0] < 1.49e6 || rate[0] > 1.51e6 || p99[0] < 1 || p99[0] > 10 {
			t.Errorf("%s: %v events/s, p99 %v ms", system, rate[0], p99[0])
		}
	}
	if units.GetBetter("events/s") != 1 || units.GetBetter("p99-ms") != -1 {
		t.Errorf("better: %d and %d", units.GetBetter("events/s"), units.GetBetter("p99-ms"))
	}
	sample := func(system string) *benchmath.Sample {
		return benchmath.NewSample(values[[2]string{system, "p99-ms"}], &benchmath.DefaultThresholds)
	}
	c := benchmath.AssumeNothing.Compare(sample("native"), sample("native-slow"))
	if c.P >= 0.05 || c.N1 != 6 || c.N2 != 6 {
		t.Errorf("benchstat finds no difference between a system and one half as fast: %+v", c)
	}
	if s := benchmath.AssumeNothing.Summary(sample("native"), 0.95); len(s.Warnings) > 0 {
		t.Errorf("benchstat warns: %v", s.Warnings)
	}
}

// TestEveryLatencySeriesIsAFigureOfItsOwn gives each series another latency, and leaves results out
// of two of them.
func TestEveryLatencySeriesIsAFigureOfItsOwn(t *testing.T) {
	dir := folder(t, recordtest.Options{}, func(r *recordtest.Run) {
		r.Latencies(t, map[string]time.Duration{record.StageResult: 40 * time.Millisecond,
			record.StageIngest: 30 * time.Millisecond, record.StageContributor: 2 * time.Second,
			record.StageRefinement: 50 * time.Millisecond, record.StageDriver: time.Millisecond / 2,
			record.StageCanary: time.Millisecond / 20})
		r.Change(func(e *record.Entry) bool {
			if e.End != nil && e.Rep > 0 {
				e.End.Untimed = map[string]uint64{record.StageRefinement: 1234}
			}
			return true
		})
	})
	files := rendered(t, dir)
	values, _ := benchmarks(t, files[BenchFile])
	for unit, want := range map[string]float64{
		"p99-ms": 40, "ingest-p99-ms": 30, "contributor-p50-ms": 2000, "refinement-p99-ms": 50,
	} {
		got := values[[2]string{"native", unit}]
		if len(got) != 1 || got[0] < want*0.998 || got[0] > want*1.002 {
			t.Errorf("%s: %v, want %v", unit, got, want)
		}
	}
	for file, text := range map[string]string{
		SummaryFile: "refinement latency leaves out 1 234 results", PageFile: "contributor.p99",
		ResultFile: `"ingest.p99.9"`,
	} {
		if !bytes.Contains(files[file], []byte(text)) {
			t.Errorf("%s does not say %q", file, text)
		}
	}
	res, err := Render(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range res.Systems[0].Figures {
		weak := slices.ContainsFunc(f.Warnings, func(w record.Warning) bool {
			return w.Code == "untimed-"+record.StageRefinement
		})
		if weak != strings.HasPrefix(name, "refinement.") {
			t.Errorf("%s: warnings %+v", name, f.Warnings)
		}
	}
}

func TestBenchHoldsNoFigureOfARepetitionThatIsNotValid(t *testing.T) {
	data := rendered(t, standard(t, "invalid"))[BenchFile]
	if values, _ := benchmarks(t, data); len(values) != 0 {
		t.Errorf("values %v", values)
	}
	if !strings.Contains(string(data), "# native run 1 is INVALID") {
		t.Errorf("the gap is not named:\n%s", data)
	}
}

func TestBenchNamesAreThoseOfTheFormat(t *testing.T) {
	cases := []struct {
		workload, query, system, want string
	}{
		{"nexmark", "q5", "flink", "BenchmarkNexmark/q=5/system=flink"},
		{"iot-telemetry", "iot-telemetry", "native", "BenchmarkIotTelemetry/system=native"},
		{"ysb", "", "a b/c", "BenchmarkYsb/system=a_b_c"},
		{"karimov", "join", "flink-2", "BenchmarkKarimov/query=join/system=flink_2"},
	}
	for _, c := range cases {
		got := benchName(record.Conditions{Workload: c.workload, Query: c.query}, c.system)
		if got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
		base, parts := benchfmt.Name(got).Parts()
		if "Benchmark"+string(base)+string(bytes.Join(parts, nil)) != got &&
			string(base)+string(bytes.Join(parts, nil)) != got {
			t.Errorf("%s reads back as %s %s", got, base, parts)
		}
	}
}

func rowsOf(t *testing.T, data []byte) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, cell := range line {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func number(t *testing.T, cell string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSeriesHasARowASecondThatAddsUpToTheRun(t *testing.T) {
	data := rendered(t, standard(t, "good"))[SeriesFile]
	if !bytes.Contains(data, []byte("\r\n")) || !strings.HasPrefix(string(data), "t_s,phase,system,") {
		t.Error("not RFC 4180, or without its head")
	}
	rows := rowsOf(t, data)
	if len(rows) != 15 {
		t.Fatalf("%d rows of 3 s warm-up and 12 s steady", len(rows))
	}
	var offered, results float64
	timed := 0
	for i, r := range rows {
		offered += number(t, r["offered"])
		results += number(t, r["results"])
		phase := map[bool]string{true: record.PhaseWarmup, false: record.PhaseSteady}[i < 3]
		if r["phase"] != phase || number(t, r["t_s"]) != float64(i+1) || r["system"] != "native" ||
			r["rep"] != "1" {
			t.Errorf("row %d: %v", i, r)
		}
		if r["p99_ns"] != "" {
			timed++
		}
		if v := number(t, r["cpu_system"]); v < 0.61 || v > 0.63 {
			t.Errorf("row %d: the system used %v cores, want 0.62", i, v)
		}
		if number(t, r["memory_tool_bytes"]) < 200<<20 || r["memory_broker_bytes"] != "" {
			t.Errorf("row %d: memory %v", i, r)
		}
	}
	if offered != 22.5e6 || results < 600_000 || timed < 6 {
		t.Errorf("%v events, %v results, %d rows with a latency", offered, results, timed)
	}
}

func TestSeriesHoldsNoLatencyOfARepetitionThatIsNotValid(t *testing.T) {
	for _, name := range []string{"invalid", "interrupted", "rate-max"} {
		for _, r := range rowsOf(t, rendered(t, standard(t, name))[SeriesFile]) {
			if r["p50_ns"]+r["p99_ns"]+r["p99.9_ns"] != "" {
				t.Errorf("%s: %v", name, r)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestEveryRenderingReportsAWriterThatFails(t *testing.T) {
	run, err := Load(standard(t, "good"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats {
		if err := f.Write(brokenWriter{}, run); err == nil {
			t.Errorf("%s: no error", f.Name)
		}
	}
}

func TestASearchStandsInEveryRendering(t *testing.T) {
	files := rendered(t, standard(t, "searched"))
	for file, want := range map[string][]string{
		PageFile: {"Search for the sustainable rate: native", "1.62M events/s", "pass, to confirm",
			"backlog grew by 611 000 events a second", "DRIVER-LIMITED"},
		SummaryFile: {"| 2.25M events/s | fail | backlog grew", "DRIVER-LIMITED", "| sustainable |"},
		ResultFile:  {`"passed": 1620000`, `"driverLimited": true`, `"answer": "invalid"`},
		BenchFile:   {"1620000 sustainable-events/s"},
		JUnitFile:   {`name="search sustainable"`},
	} {
		for _, text := range want {
			if !bytes.Contains(files[file], []byte(text)) {
				t.Errorf("%s does not say %q", file, text)
			}
		}
	}
}
