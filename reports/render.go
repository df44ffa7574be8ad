// Package reports renders the record of a run. A page is computed from four files of the run's
// folder alone (record.jsonl, manifest.json, scenario.lock.yaml, latency.hlog), so it can be
// rendered again at any time, on any machine, to the same bytes.
//
//	Load -> Run -> Summarize -> result.json, report.html, summary.md
package reports

import (
	"bytes"
	"errors"
	"fmt"
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
)

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

// Render reads a run's folder and writes result.json, report.html and summary.md into it, each
// whole or not at all. It returns the result, whose Exit is the run's.
func Render(dir string) (summary.Result, error) {
	run, err := Load(dir)
	if err != nil {
		return summary.Result{}, err
	}
	for _, f := range []struct {
		name  string
		write func(b *bytes.Buffer) error
	}{
		{ResultFile, func(b *bytes.Buffer) error { return JSON(b, run.Result) }},
		{PageFile, func(b *bytes.Buffer) error { return HTML(b, run) }},
		{SummaryFile, func(b *bytes.Buffer) error { return Markdown(b, run) }},
	} {
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return run.Result, fmt.Errorf("render %s: %w", f.name, err)
		}
		if err := record.WriteFile(filepath.Join(dir, f.name), b.Bytes()); err != nil {
			return run.Result, err
		}
	}
	return run.Result, nil
}
