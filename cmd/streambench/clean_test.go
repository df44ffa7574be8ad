package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// TestCleanTellsADeadRunFromOneThatIsOn holds that clean takes away what nobody will finish and
// leaves a run alone that merely has not ended yet.
func TestCleanTellsADeadRunFromOneThatIsOn(t *testing.T) {
	cases := []struct {
		name     string
		folder   string
		manifest bool
		age      time.Duration
		on       bool
		removed  bool
	}{
		{"a folder of a run that was killed at once", "20260101T000000Z-a", false, time.Hour, false, true},
		{"a folder of a run that begins right now", "20260101T000000Z-b", false, 0, false, false},
		{"a run that is on", "20260101T000000Z-c", true, 0, true, false},
		{"a run that is on, and long silent", "20260101T000000Z-d", true, time.Hour, true, false},
		{"a run that was killed right now", "20260101T000000Z-e", true, 0, false, true},
		{"a folder of somebody else", "notes", false, time.Hour, false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			folder := filepath.Join(dir, c.folder)
			files := []string{}
			if c.manifest {
				files = []string{record.ManifestFile, record.RecordFile}
			}
			plant(t, folder, files, time.Now().Add(-c.age))
			if c.on {
				write(t, folder)
			}
			a := &app{out: io.Discard, errs: io.Discard, quiet: true, dir: dir}
			if err := a.clean(0, false); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(folder); os.IsNotExist(err) != c.removed {
				t.Errorf("removed: %v, want %v", os.IsNotExist(err), c.removed)
			}
		})
	}
}

// write begins the record of a run anew, and goes on writing it until the test ends.
func write(t *testing.T, folder string) {
	t.Helper()
	path := filepath.Join(folder, record.RecordFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w, err := record.CreateWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	for _, name := range []string{path, folder} {
		if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCleanRemovesTheMarksOfKilledRuns(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	killed, on := filepath.Join(dir, "streambench-mark-1-a"), filepath.Join(dir, "streambench-mark-2-b")
	for _, name := range []string{killed, on} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(on)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	a := &app{out: io.Discard, errs: io.Discard, dir: filepath.Join(dir, "runs")}
	if err := a.clean(10, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !os.IsNotExist(err) {
		t.Errorf("the mark of a killed run: %v", err)
	}
	if _, err := os.Stat(on); err != nil {
		t.Errorf("the mark of a run that is on: %v", err)
	}
}

func TestNoResultIsReadOfARunThatIsOn(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "20260101T000000Z-a")
	plant(t, folder, []string{record.ManifestFile, record.RecordFile}, time.Now())
	write(t, folder)
	a := &app{out: io.Discard, errs: io.Discard, dir: dir}
	err := a.explainVerdict("@latest")
	if err == nil || !strings.Contains(err.Error(), "still on") {
		t.Errorf("the error is %v, want one that says the run is still on", err)
	}
}

func plant(t *testing.T, folder string, files []string, at time.Time) {
	t.Helper()
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(slices.Clone(files), "") {
		path := filepath.Join(folder, name)
		if name != "" {
			if err := os.WriteFile(path, []byte("{}\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCleanRemovesWhatAKilledRunSpooled keeps the record of a run that was killed long ago and takes
// away the results it had spooled for an oracle that never came.
func TestCleanRemovesWhatAKilledRunSpooled(t *testing.T) {
	dir, hourAgo := t.TempDir(), time.Now().Add(-time.Hour)
	folder := filepath.Join(dir, "20260101T000000Z-a")
	plant(t, folder, []string{record.ManifestFile, record.RecordFile}, hourAgo)
	spool := filepath.Join(folder, "spool-native-1")
	plant(t, spool, []string{"rows"}, hourAgo)
	state := filepath.Join(folder, "streambench-state-20260101T000000Z-a-native-1-abcdefgh")
	plant(t, state, []string{"worker-1.log"}, hourAgo)
	a := &app{out: io.Discard, errs: io.Discard, quiet: true, dir: dir}
	if err := a.clean(1, false); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{spool, state} {
		if _, err := os.Stat(left); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", left, err)
		}
	}
	if !isRun(folder) {
		t.Error("the run is gone")
	}
}
