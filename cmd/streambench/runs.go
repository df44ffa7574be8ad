package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// latestLink is the link in the folder of runs to the newest one.
const latestLink = "latest"

// runIDs are the ids of the runs in a folder, newest first: an id begins with its UTC time. A
// folder without a manifest is no run; one whose record was cut off is.
func runIDs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && isRun(filepath.Join(dir, e.Name())) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

func isRun(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, record.ManifestFile))
	return err == nil && info.Mode().IsRegular()
}

// findRun turns a run reference into the path of a run folder: a path, an id, the unique beginning
// of one, @latest, or @-2 for the second newest.
func (a *app) findRun(ref string) (string, error) {
	if strings.HasPrefix(ref, "@") {
		return a.findRunBack(ref)
	}
	if isRun(ref) {
		return filepath.Clean(ref), nil
	}
	ids, err := runIDs(a.dir)
	if err != nil {
		return "", err
	}
	var hits []string
	for _, id := range ids {
		if id == ref {
			return filepath.Join(a.dir, id), nil
		}
		if strings.HasPrefix(id, ref) && ref != "" {
			hits = append(hits, id)
		}
	}
	switch len(hits) {
	case 1:
		return filepath.Join(a.dir, hits[0]), nil
	case 0:
		return "", usage("streambench list runs shows what there is; --dir names another folder",
			"run %q: no run folder of that path, id or beginning in %s", ref, a.dir)
	}
	return "", usage("write more of its id", "run %q: %d runs begin so, %s and %s among them",
		ref, len(hits), hits[0], hits[1])
}

func (a *app) findRunBack(ref string) (string, error) {
	back := 0
	switch n, err := strconv.Atoi(strings.TrimPrefix(ref, "@-")); {
	case ref == "@latest":
		back = 1
	case strings.HasPrefix(ref, "@-") && err == nil && n > 0:
		back = n
	default:
		return "", usage("write @latest, or @-2 for the second newest",
			"run %q: no such reference", ref)
	}
	ids, err := runIDs(a.dir)
	if err != nil {
		return "", err
	}
	if back > len(ids) {
		return "", usage("streambench run FILE makes one; --dir names another folder",
			"run %q: there are %d runs in %s", ref, len(ids), a.dir)
	}
	return filepath.Join(a.dir, ids[back-1]), nil
}

// runInfo is a line of `list runs`.
type runInfo struct {
	ID       string    `json:"id"`
	Scenario string    `json:"scenario"`
	Workload string    `json:"workload"`
	Start    time.Time `json:"start"`
	Path     string    `json:"path"`
}

// runInfos reads the manifests of all runs, newest first. A manifest that cannot be read is an
// error: a run must not vanish from the list in silence.
func (a *app) runInfos() ([]runInfo, error) {
	ids, err := runIDs(a.dir)
	if err != nil {
		return nil, err
	}
	infos := make([]runInfo, 0, len(ids))
	for _, id := range ids {
		path := filepath.Join(a.dir, id)
		m, err := record.ReadManifest(filepath.Join(path, record.ManifestFile))
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		infos = append(infos, runInfo{
			ID: id, Scenario: m.Scenario, Workload: m.Conditions.Workload, Start: m.Start, Path: path,
		})
	}
	return infos, nil
}
