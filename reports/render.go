// Package reports renders the record of a run. A page is computed from four files of the run's
// folder alone (record.jsonl, manifest.json, scenario.lock.yaml, latency.hlog), so it can be
// rendered again at any time, on any machine, to the same bytes.
//
//	Load -> Run -> Summarize -> result.json, report.html, summary.md,
//	                            junit.xml, bench.txt, series.csv,
//	                            faults.json, grafana/annotations.json
package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// Names of the renderings in a run's folder.
const (
	ResultFile  = "result.json"
	PageFile    = "report.html"
	SummaryFile = "summary.md"
	SeriesFile  = "series.csv"
	JUnitFile   = "junit.xml"
	BenchFile   = "bench.txt"
	FaultsFile  = "faults.json"
	// AnnotationsFile is in a folder of its own, which Grafana imports.
	AnnotationsFile = "grafana/annotations.json"
)

// Format is a rendering of a run.
type Format struct {
	Name  string // as `report -f` takes it
	File  string // in the run's folder
	Doc   string
	Write func(io.Writer, *Run) error
}

// Formats are all renderings, in the order they are written.
var Formats = []Format{
	{"html", PageFile, "the report: one page that needs nothing but itself", writePage},
	{"md", SummaryFile, "verdict and figures for the page of a continuous-integration server",
		markdown},
	{"csv", SeriesFile, "a row a second: events, results, backlog, latency, processor time and " +
		"memory by role (RFC 4180)", series},
	{"json", ResultFile, "every figure, verdict and ledger (streambench schema result)",
		result},
	{"junit", JUnitFile, "a test case for each verdict: failed limits are failures, what is " +
		"unknown or INVALID is an error", junit},
	{"bench", BenchFile, "a line for each kept repetition in the format of Go's benchmarks, " +
		"for benchstat", bench},
	{"faults", FaultsFile, "every fault as it was planned and as it happened, with who saw it",
		faultsFile},
	{"grafana", AnnotationsFile, "steady phases and faults as annotations for Grafana", annotations},
}

// File is a file of a run's folder.
type File struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// Files are the files of a run's folder: those of the record, then the renderings.
func Files() []File {
	files := []File{
		{record.RecordFile, "the record: an entry a line, as it happened (streambench schema record)"},
		{record.ManifestFile, "what was run, where and from which parts; the host's fingerprint"},
		{record.LockFile, "the scenario with every default written out; run --from takes it"},
		{record.LatencyFile, "every latency: HdrHistogram log 1.3 of 1 s intervals, by system, " +
			"repetition and stage"},
	}
	for _, f := range Formats {
		files = append(files, File{f.File, f.Doc})
	}
	return files
}

// Run is everything a rendering is computed from.
type Run struct {
	Manifest record.Manifest
	Entries  []record.Entry
	Log      *record.HistogramLog
	Lock     []byte // scenario.lock.yaml
	Result   summary.Result

	trails []summary.Trail
}

// Load reads a run's folder and sums it up. A record or a latency log that is cut off is read as
// far as it goes; a foreign or corrupt one is an error that names file and line.
func Load(dir string) (*Run, error) {
	m, err := record.ReadManifest(filepath.Join(dir, record.ManifestFile))
	if err != nil {
		return nil, err
	}
	run := &Run{Manifest: m}
	if run.Lock, err = os.ReadFile(filepath.Join(dir, record.LockFile)); err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	if err := run.read(dir); err != nil {
		return nil, err
	}
	run.trails = summary.Trails(run.Entries)
	if run.Result, err = summary.Summarize(m, run.Entries, run.Log); err != nil {
		return nil, err
	}
	return run, nil
}

func (run *Run) read(dir string) error {
	path := filepath.Join(dir, record.RecordFile)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read record: %w", err)
	}
	defer f.Close()
	var cut *record.CutOff
	if run.Entries, err = record.Read(f, path); err != nil {
		if !errors.As(err, &cut) || len(run.Entries) == 0 {
			return err
		}
	}
	path = filepath.Join(dir, record.LatencyFile)
	h, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read latency log: %w", err)
	}
	defer h.Close()
	if run.Log, err = record.ReadHistograms(h, path); err != nil && !errors.As(err, &cut) {
		return err
	}
	return nil
}

// Render reads a run's folder and writes every rendering into it, each whole or not at all. It
// returns the result, whose Exit is the run's.
func Render(dir string) (summary.Result, error) {
	run, err := Load(dir)
	if err != nil {
		return summary.Result{}, err
	}
	for _, f := range Formats {
		if _, err := f.WriteTo(dir, run); err != nil {
			return run.Result, err
		}
	}
	return run.Result, nil
}

// WriteTo writes the rendering into a run's folder, whole or not at all, and returns its path.
func (f Format) WriteTo(dir string, run *Run) (path string, err error) {
	var b bytes.Buffer
	if err := f.Write(&b, run); err != nil {
		return "", fmt.Errorf("render %s: %w", f.File, err)
	}
	path = filepath.Join(dir, f.File)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("render %s: %w", f.File, err)
	}
	return path, record.WriteFile(path, b.Bytes())
}
