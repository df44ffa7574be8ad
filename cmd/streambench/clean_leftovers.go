package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// stillAlive is how long a run folder without an end may have been silent and still be a run that
// is on: the oracle may take minutes between two entries.
const stillAlive = 10 * time.Minute

// runName is the form of the name of a run folder.
var runName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-`)

// leftovers are what runs that were killed left in a folder of runs: run folders without a
// manifest, links that were never renamed, and results spooled for an oracle that never came.
func leftovers(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		link := strings.HasPrefix(e.Name(), "."+latestLink+"-")
		broken := e.IsDir() && runName.MatchString(e.Name()) && !isRun(path)
		if link || (broken && silent(path)) {
			names = append(names, e.Name())
		}
		if !e.IsDir() || !isRun(path) {
			continue
		}
		inside, err := spoolsIn(path)
		if err != nil {
			return nil, err
		}
		if len(inside) > 0 && finished(path) {
			for _, name := range inside {
				names = append(names, filepath.Join(e.Name(), name))
			}
		}
	}
	return names, nil
}

// spoolsIn are the folders in that of a run which are gone when it ends in an orderly way: results
// that wait for the oracle, and what nodes write to. Those of a lease the reaper removes, unless
// the host was switched off.
func spoolsIn(folder string) (names []string, err error) {
	for _, glob := range []string{"spool-*", "streambench-*"} {
		paths, err := filepath.Glob(filepath.Join(folder, glob))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", folder, err)
		}
		for _, path := range paths {
			names = append(names, filepath.Base(path))
		}
	}
	return names, nil
}

// finished reports whether nothing writes to a run folder any more.
func finished(folder string) bool {
	switch record.StateOf(folder) {
	case record.Written:
		return false
	case record.Left:
		return true
	}
	f, err := os.Open(filepath.Join(folder, record.RecordFile))
	if err != nil {
		return silent(folder)
	}
	defer f.Close()
	entries, err := record.Read(f, f.Name())
	if err == nil && len(entries) > 0 {
		if last := entries[len(entries)-1]; last.Kind == record.KindEnd && last.Rep == 0 {
			return true
		}
	}
	return silent(f.Name())
}

// silent reports whether a file or folder has not been written to for a long time.
func silent(path string) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) > stillAlive
}

// dropDanglingLink removes the link to the newest run where that run is gone.
func dropDanglingLink(dir string) error {
	link := filepath.Join(dir, latestLink)
	if _, err := os.Lstat(link); err != nil {
		return nil
	}
	if _, err := os.Stat(link); errors.Is(err, os.ErrNotExist) {
		return os.Remove(link)
	}
	return nil
}
