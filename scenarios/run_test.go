package scenarios_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
)

// load reads a scenario that must be sound.
func load(t testing.TB, yaml string, sets ...string) *scenarios.Scenario {
	t.Helper()
	s, problems := scenarios.Load("test.yaml", []byte(yaml), sets)
	if len(problems) > 0 {
		t.Fatalf("scenario: %v", problems)
	}
	return s
}

// recorded is a run read back from its folder.
type recorded struct {
	dir      string
	manifest record.Manifest
	entries  []record.Entry
	log      *record.HistogramLog
	result   summary.Result
}

// carryOut runs a scenario with one adapter for every system and reads the record back.
func carryOut(t testing.TB, ctx context.Context, req scenarios.RunRequest) (*recorded, error) {
	t.Helper()
	if req.Dir == "" {
		req.Dir = t.TempDir()
	}
	out, err := scenarios.Run(ctx, req)
	if out.Dir == "" {
		return nil, err
	}
	return readBack(t, out.Dir), err
}

func readBack(t testing.TB, dir string) *recorded {
	t.Helper()
	r := &recorded{dir: dir}
	body, err := os.ReadFile(filepath.Join(dir, record.ManifestFile))
	if err == nil {
		err = json.Unmarshal(body, &r.manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, record.RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if r.entries, err = record.Read(f, record.RecordFile); err != nil {
		t.Fatal(err)
	}
	h, err := os.Open(filepath.Join(dir, record.LatencyFile))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if r.log, err = record.ReadHistograms(h, record.LatencyFile); err != nil {
		t.Fatal(err)
	}
	if r.result, err = summary.Summarize(r.manifest, r.entries, r.log); err != nil {
		t.Fatal(err)
	}
	return r
}

// only finds the adapter a whole test uses.
func only(a adapters.Adapter) func(string) (adapters.Adapter, bool) {
	return func(string) (adapters.Adapter, bool) { return a, true }
}

// ledgers are the accounts of all repetitions.
func (r *recorded) ledgers() (all []*record.Ledger) {
	for _, e := range r.entries {
		if e.Ledger != nil {
			all = append(all, e.Ledger)
		}
	}
	return all
}

// phases are the names of the phases entered, in order.
func (r *recorded) phases() (names []string) {
	for _, e := range r.entries {
		if e.Phase != nil {
			names = append(names, e.Phase.Name)
		}
	}
	return names
}

// failures are the errors recorded.
func (r *recorded) failures() (all []*record.Failure) {
	for _, e := range r.entries {
		if e.Error != nil {
			all = append(all, e.Error)
		}
	}
	return all
}

// ends are the ends of the repetitions.
func (r *recorded) ends() (all []*record.End) {
	for _, e := range r.entries {
		if e.End != nil && e.Rep > 0 {
			all = append(all, e.End)
		}
	}
	return all
}
