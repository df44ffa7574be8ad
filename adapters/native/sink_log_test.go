package native

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// files is a folder of results that workers of several attempts write to, as the sinks of one slot.
type files struct {
	*testing.T
	job adapters.Job
}

func newFiles(t *testing.T) files {
	t.Helper()
	topics := &adapters.Topics{Folder: t.TempDir(), Partitions: 1, Input: "input"}
	topics.Outputs[workloads.Answers] = "results"
	return files{t, adapters.Job{
		Workload: bound(t, "nexmark", map[string]string{"query": "q1"}), Topics: topics,
		Format: workloads.JSONForm, Guarantee: exactlyOnce,
	}}
}

// attempt is the sink of an attempt that takes the slot over at a checkpoint.
func (f files) attempt(n, from uint64) *logSink {
	f.Helper()
	disk, err := checkpoint.Folder(log.Committed(f.job.Topics))
	if err != nil {
		f.Fatal(err)
	}
	s, err := newLogSink(f.job, n, disk, newGraves())
	if err == nil {
		err = s.Recover(f.Context(), 0, from)
	}
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// seal takes a result of a number and seals it.
func (f files) seal(s *logSink, id uint64, value int64) {
	f.Helper()
	rs := workloads.NewResults(f.job.Workload.Query, 1)
	rs.N = 1
	rs.Cols[0][0] = value
	err := s.Take(0, rs)
	if err == nil {
		err = s.Seal(0, id)
	}
	if err != nil {
		f.Fatal(err)
	}
}

// holds checks which files there are.
func (f files) holds(want ...string) {
	f.Helper()
	entries, err := os.ReadDir(log.Committed(f.job.Topics))
	if err != nil {
		f.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		f.Errorf("files %v, want %v", got, want)
	}
}

// What an attempt had sealed for a checkpoint that was never complete is not shown, not even when a
// later checkpoint is.
func TestResultsOfACheckpointThatWasNotCompleteAreNeverShown(t *testing.T) {
	f := newFiles(t)
	first := f.attempt(1, 0)
	f.seal(first, 4, 1)
	if err := first.Commit(t.Context(), 0, 4); err != nil {
		t.Fatal(err)
	}
	f.seal(first, 5, 2) // and is lost
	second := f.attempt(2, 4)
	f.holds("visible-0-0-4-1")
	f.seal(first, 7, 3) // it goes on as a zombie
	f.seal(second, 6, 2)
	third := f.attempt(3, 6) // checkpoint 6 is complete
	f.holds("visible-0-0-4-1", "visible-0-4-6-2")
	f.seal(third, math.MaxUint64, 3)
	fourth := f.attempt(3, 6) // shows what the third cannot any more
	if err := fourth.Recover(t.Context(), 0, math.MaxUint64); err != nil {
		t.Fatal(err)
	}
	f.holds("visible-0-0-4-1", "visible-0-4-6-2", "visible-0-6-18446744073709551615-3")
}

// A checkpoint that was given up is part of the next one of its attempt.
func TestResultsOfACheckpointThatWasGivenUpAreShownWithTheNext(t *testing.T) {
	f := newFiles(t)
	s := f.attempt(1, 0)
	f.seal(s, 1, 1)
	f.seal(s, 2, 2)
	for range 2 { // again changes nothing
		if err := s.Commit(t.Context(), 0, 2); err != nil {
			t.Fatal(err)
		}
	}
	f.holds("visible-0-0-1-1", "visible-0-1-2-1")
}

// What a completed checkpoint is missing is said, and what is damaged is not shown as if it was not.
func TestMissingResultsAreAnError(t *testing.T) {
	f := newFiles(t)
	f.seal(f.attempt(1, 0), 1, 1)
	if err := os.Remove(filepath.Join(log.Committed(f.job.Topics), "kept-0-0-1-1")); err != nil {
		t.Fatal(err)
	}
	disk, err := checkpoint.Folder(log.Committed(f.job.Topics))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newLogSink(f.job, 2, disk, newGraves())
	if err != nil {
		t.Fatal(err)
	}
	err = s.Recover(t.Context(), 0, 1)
	if err == nil || !strings.Contains(err.Error(), "results of slot 0 up to checkpoint 1 are gone") {
		t.Errorf("%v", err)
	}
}

// A disk without space puts results off, and loses none.
func TestASealThatFailedIsMadeUpForByTheNext(t *testing.T) {
	f := newFiles(t)
	under, err := checkpoint.Folder(log.Committed(f.job.Topics))
	if err != nil {
		t.Fatal(err)
	}
	disk := checkpoint.NewFaulty(under)
	s, err := newLogSink(f.job, 1, disk, newGraves())
	if err == nil {
		err = s.Recover(t.Context(), 0, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Set(checkpoint.Faults{Full: true}); err != nil {
		t.Fatal(err)
	}
	rs := workloads.NewResults(f.job.Workload.Query, 1)
	rs.N, rs.Cols[0][0] = 1, 41
	if err := s.Take(0, rs); err != nil {
		t.Fatal(err)
	}
	if err := s.Seal(0, 1); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("seal on a full disk: %v", err)
	}
	if err := disk.Set(checkpoint.Faults{}); err != nil {
		t.Fatal(err)
	}
	f.seal(s, 2, 42)
	if err := s.Commit(t.Context(), 0, 2); err != nil {
		t.Fatal(err)
	}
	f.holds("visible-0-0-2-1")
	body, err := os.ReadFile(filepath.Join(log.Committed(f.job.Topics), "visible-0-0-2-1"))
	if err != nil || !bytes.Contains(body, []byte(":41")) || !bytes.Contains(body, []byte(":42")) {
		t.Errorf("%q, %v", body, err)
	}
}
