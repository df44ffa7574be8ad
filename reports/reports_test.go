package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

var update = flag.Bool("update", false, "write golden files and schemas anew")

// golden compares bytes with a file of the repository, or writes it under -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is made today: look at the difference, then run with -update", path)
	}
}

// folder writes a simulated run, edited, into a folder of its own.
func folder(t *testing.T, o recordtest.Options, edit func(r *recordtest.Run)) string {
	t.Helper()
	r := recordtest.New(t, o)
	if edit != nil {
		edit(r)
	}
	dir := t.TempDir()
	r.Write(t, dir)
	return dir
}

// simulated are the files of each of runs, made once: a long run takes a second to simulate.
var simulated = map[string]map[string][]byte{}

// standard copies one of runs into a folder of its own.
func standard(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if files, ok := simulated[name]; ok {
		for file, data := range files {
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	made := folder(t, runs[name].options, runs[name].edit)
	simulated[name] = map[string][]byte{}
	for _, file := range []string{record.RecordFile, record.ManifestFile, record.LockFile,
		record.LatencyFile} {
		data, err := os.ReadFile(filepath.Join(made, file))
		if err != nil {
			t.Fatal(err)
		}
		simulated[name][file] = data
	}
	return made
}

func rendered(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	if _, err := Render(dir); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range Formats {
		data, err := os.ReadFile(filepath.Join(dir, f.File))
		if err != nil {
			t.Fatal(err)
		}
		out[f.File] = data
	}
	return out
}

// behind plants a driver that could not keep up.
func behind(r *recordtest.Run) {
	r.Change(func(e *record.Entry) bool {
		if e.End != nil && e.Rep > 0 {
			e.End.AcceptedAtSteadyEnd = e.End.DueAtSteadyEnd * 87 / 100
		}
		if e.Tick != nil {
			e.Tick.Accepted = e.Tick.Offered * 87 / 100
		}
		return true
	})
}

// stopped plants a Ctrl-C in the fifth second of steady.
func stopped(r *recordtest.Run) {
	r.Change(func(e *record.Entry) bool {
		switch {
		case e.Tick != nil:
			return e.Tick.ScheduleNs <= 8e9
		case e.Ledger != nil, e.Phase != nil && e.Phase.Name == record.PhaseDrain:
			return false
		case e.End != nil:
			*e.End = record.End{Interrupted: true}
		}
		return true
	})
}

func failing(r *recordtest.Run) {
	r.Change(func(e *record.Entry) bool {
		if e.Ledger != nil {
			e.Ledger.Duplicated = 1204
			e.Ledger.Offenders = []record.Offender{{Class: "duplicated",
				Identity: "4711|1767225610000", Got: "sum 98123, count 14", Want: "sum 98123, count 14",
				Note: "two more copies <same bytes>"}}
		}
		return true
	})
}

func searched(r *recordtest.Run) {
	r.Search(recordtest.Probes, &recordtest.Bracket, 2.1e6)
}

func rateMax(r *recordtest.Run) {
	r.Manifest.Conditions.RateMax, r.Manifest.Conditions.Rate = true, "max"
	r.Manifest.Limits = nil
}

// runs are the kinds of run every rendering must cope with.
var runs = map[string]struct {
	options recordtest.Options
	edit    func(r *recordtest.Run)
}{
	"good":         {},
	"three-second": {options: recordtest.Options{Steady: 3 * time.Second}},
	"invalid":      {edit: behind},
	"interrupted":  {edit: stopped},
	"failed":       {edit: failing},
	"rate-max":     {edit: rateMax},
	"searched":     {edit: searched},
	"two-systems": {options: recordtest.Options{
		Systems: []string{"native", "native-slow"}, Kept: 6, Steady: 6 * time.Second}},
	"compared":    {options: fourAtTwoRates, edit: estimates},
	"killed":      {options: killed},
	"broken":      {options: broken, edit: differ},
	"too-early":   {options: tooEarly},
	"often":       {options: often()},
	"two-minutes": {options: recordtest.Options{Steady: 2 * time.Minute}},
}

func TestGoldenRecordsRenderToTheirGoldenFiles(t *testing.T) {
	for dir, name := range map[string]string{
		"testdata/golden": "good", "testdata/golden_faults": "broken",
	} {
		if *update {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			copyRecord(t, standard(t, name), dir)
		}
		copied := t.TempDir()
		copyRecord(t, dir, copied)
		for name, data := range rendered(t, copied) {
			golden(t, filepath.Join(dir, name), data)
		}
	}
}

// copyRecord copies the four files every rendering is computed from.
func copyRecord(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{record.RecordFile, record.ManifestFile, record.LockFile,
		record.LatencyFile} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRenderingTwiceGivesTheSameBytesAndLeavesNothingElse(t *testing.T) {
	dir := standard(t, "two-systems")
	first := rendered(t, dir)
	for name, data := range rendered(t, dir) {
		if !bytes.Equal(first[name], data) {
			t.Errorf("%s differs the second time", name)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4+len(Formats) /* grafana is a folder */ {
		t.Errorf("folder holds %v, %v", left, err)
	}
}

// forbidden are the things that die under a strict content policy, or reach outside the page.
var forbidden = regexp.MustCompile(
	`(?i)<script|\sstyle=|\son[a-z]+=|data:|javascript:|src=|<link|@import|url\(|<iframe|https?://[^w]`)

func TestThePageIsWholeOnItsOwn(t *testing.T) {
	sections := []string{"1. Verdict", "2. What this run can and cannot say", "3. Over time",
		"4. Percentile spectrum", "5. Latency heat map", "6. Recovery", "7. Provenance"}
	for name := range runs {
		t.Run(name, func(t *testing.T) {
			html := string(rendered(t, standard(t, name))[PageFile])
			if m := forbidden.FindString(html); m != "" {
				t.Errorf("the page holds %q", m)
			}
			if len(html) > 2<<20 {
				t.Errorf("the page has %d bytes", len(html))
			}
			at := 0
			for _, s := range sections {
				i := strings.Index(html[at:], "<h2>"+s+"</h2>")
				if i < 0 {
					t.Fatalf("section %q is missing or out of order", s)
				}
				at += i
			}
			if n := strings.Count(html, "How to read this:"); n < len(sections) {
				t.Errorf("%d lines on how to read it", n)
			}
			pictures := strings.SplitAfter(html, "<svg ")[1:]
			for _, p := range pictures {
				if !strings.Contains(p[:min(len(p), 800)], `fill="#FFFFFF"/>`) {
					t.Error("a picture has no white background")
				}
			}
			if d := strings.Count(html, "Data of this picture"); d != len(pictures) {
				t.Errorf("%d pictures, %d tables of data", len(pictures), d)
			}
			for _, bad := range []string{"NaN", "Inf", "ZgotmplZ", "%!"} {
				if strings.Contains(html, bad) {
					t.Errorf("the page prints %s", bad)
				}
			}
		})
	}
}

func TestLatencyOfARepetitionThatIsNotValidIsPrintedNowhere(t *testing.T) {
	for name, want := range map[string]string{"invalid": "INVALID", "interrupted": "INTERRUPTED"} {
		files := rendered(t, standard(t, name))
		for _, file := range []string{PageFile, SummaryFile} {
			text := string(files[file])
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s does not say %s", name, file, want)
			}
			if m := regexp.MustCompile(`[0-9] (ms|µs)\b`).FindString(text); m != "" {
				t.Errorf("%s: %s prints a latency: %q", name, file, m)
			}
		}
		if bytes.Contains(files[ResultFile], []byte("latency.p50")) {
			t.Errorf("%s: result.json holds a latency", name)
		}
	}
}

func TestAtRateMaxNoLatencyIsShown(t *testing.T) {
	html := string(rendered(t, standard(t, "rate-max"))[PageFile])
	for _, shown := range []string{"<b>latency.", "<b>lag.", "<b>offered", "Percentile spectrum of",
		"latency heat map"} {
		if strings.Contains(html, shown) {
			t.Errorf("%s is shown", shown)
		}
	}
	if !strings.Contains(html, "<b>accepted") {
		t.Error("throughput is not shown")
	}
}

func TestWhatComesFromTheRecordIsEscaped(t *testing.T) {
	files := rendered(t, folder(t, recordtest.Options{}, func(r *recordtest.Run) {
		failing(r)
		r.Manifest.Command = []string{"streambench", "<script>alert(1)</script>"}
		r.Lock = "</pre><script>alert(2)</script>"
	}))
	if strings.Contains(string(files[PageFile]), "<script") {
		t.Error("a script of the record reached the page")
	}
}

func TestResultMeetsItsSchemaAndSoDoesEveryEntry(t *testing.T) {
	resultSchema, err := ResultSchema()
	if err != nil {
		t.Fatal(err)
	}
	recordSchema, err := RecordSchema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "schema/result.v1.json", resultSchema)
	golden(t, "schema/record.v1.json", recordSchema)
	result, entry := compile(t, resultSchema), compile(t, recordSchema)
	for name := range runs {
		dir := standard(t, name)
		validate(t, name, result, rendered(t, dir)[ResultFile])
		lines, err := os.ReadFile(filepath.Join(dir, record.RecordFile))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(lines) {
			validate(t, name, entry, line)
		}
	}
	if err := result.Validate(map[string]any{"schema": "streambench/result/v1"}); err == nil {
		t.Error("a result without anything meets the schema")
	}
}

func compile(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("schema.json")
}

func validate(t *testing.T, name string, s *jsonschema.Schema, data []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func TestAFolderThatIsNotWholeIsAnErrorThatNamesTheFile(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		record.ManifestFile: os.Remove,
		record.LockFile:     os.Remove,
		record.LatencyFile:  os.Remove,
		record.RecordFile: func(path string) error {
			return os.WriteFile(path, []byte("{}\n"), 0o644)
		},
	} {
		dir := folder(t, recordtest.Options{Steady: 2 * time.Second}, nil)
		if err := plant(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := Render(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, PageFile)); err == nil {
			t.Errorf("%s: a page was written", name)
		}
	}
}

func TestARecordCutOffInItsLastLineStillRendersAndSaysSo(t *testing.T) {
	dir := folder(t, recordtest.Options{}, nil)
	path := filepath.Join(dir, record.RecordFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)*2/3], 0o644); err != nil {
		t.Fatal(err)
	}
	res, err := Render(dir)
	if err != nil || res.Exit != 6 || !strings.Contains(res.Sentence, "cut off") {
		t.Errorf("exit %d, %s, %v", res.Exit, res.Sentence, err)
	}
}

func TestColumnsKeepTheLeastAndTheLargestOfALongSeries(t *testing.T) {
	var samples []sample
	for i := range 100_000 {
		samples = append(samples, sample{float64(i) / 4, 5})
	}
	samples[40_001].v, samples[70_002].v = 900, 1
	cols := columns(samples, 0.25, 25_000)
	if len(cols) > maxColumns+1 {
		t.Errorf("%d columns", len(cols))
	}
	lo, hi := cols[0].lo, cols[0].hi
	for _, c := range cols {
		lo, hi = min(lo, c.lo), max(hi, c.hi)
	}
	if lo != 1 || hi != 900 {
		t.Errorf("range %v..%v, want the planted 1..900", lo, hi)
	}
}

func TestAxesHaveFewRoundTicksInsideTheirRange(t *testing.T) {
	cases := []struct {
		s    scale
		want []float64
	}{
		{scale{lo: 0, hi: 2e6}, []float64{0, 5e5, 1e6, 1.5e6, 2e6}},
		{scale{lo: 0, hi: 15}, []float64{0, 5, 10, 15}},
		{scale{lo: 1e6, hi: 9e6, log: true}, []float64{1e6, 2e6, 5e6}},
		{scale{lo: 1.1e6, hi: 6e6, log: true}, []float64{1.5e6, 2e6, 3e6, 5e6}},
		{scale{lo: 9e3, hi: 2e9, log: true}, []float64{1e4, 1e5, 1e6, 1e7, 1e8, 1e9}},
	}
	for _, c := range cases {
		if got := c.s.ticks(5); !slices.EqualFunc(got, c.want, func(a, b float64) bool {
			return a > b*.999999 && a < b*1.000001 || a == b
		}) {
			t.Errorf("%+v: %v, want %v", c.s, got, c.want)
		}
	}
}
