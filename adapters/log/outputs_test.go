package log

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
)

// results are topics with one output, in a folder of the test.
func results(t testing.TB) *adapters.Topics {
	t.Helper()
	topics := &adapters.Topics{Folder: t.TempDir(), Partitions: 1, Input: "input"}
	topics.Outputs[workloads.Answers] = "results"
	if err := os.Mkdir(Committed(topics), 0o755); err != nil {
		t.Fatal(err)
	}
	return topics
}

// keep writes the file of an epoch under a prefix.
func keep(t testing.TB, topics *adapters.Topics, prefix string, e Epoch, values ...string) {
	t.Helper()
	var w EpochWriter
	for _, v := range values {
		w.Add(workloads.Answers, kafka.Message{Value: []byte(v)})
	}
	name := filepath.Join(Committed(topics), prefix+e.String())
	if err := os.WriteFile(name+".new", Sum(w.Body()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// all reads what is visible now.
func (o *outputs) all(t testing.TB) (got []string, offset int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ends := make(chan int64, 1)
	errs := make(chan error, 1)
	go func() {
		_, visible, err := o.Ends(ctx)
		if err != nil {
			errs <- err
			return
		}
		ends <- visible[0]
	}()
	for end := int64(-1); ; {
		select {
		case f := <-o.C():
			var r kafka.Reader
			for r.Reset(f.Bytes, f.From, nil); r.Next(); {
				got = append(got, string(r.Record().Value))
			}
			if r.Err() != nil {
				t.Fatal(r.Err())
			}
			offset = r.NextOffset()
		case end = <-ends:
		case err := <-errs:
			t.Fatal(err)
		}
		if end >= 0 && end <= offset && len(o.out) == 0 {
			return got, offset
		}
	}
}

// Files of epochs are read once each, in the order of their chain, and only those that are
// committed and hang on what was read.
func TestOnlyCommittedFilesAreReadAndInOrder(t *testing.T) {
	topics := results(t)
	keep(t, topics, Visible, Epoch{Slot: 0, After: 4, UpTo: 6, Attempt: 2}, "second")
	keep(t, topics, Visible, Epoch{Slot: 0, After: 0, UpTo: 4, Attempt: 1}, "first", "of two")
	keep(t, topics, "kept-", Epoch{Slot: 0, After: 6, UpTo: 7, Attempt: 2}, "not committed")
	keep(t, topics, Visible, Epoch{Slot: 0, After: 5, UpTo: 8, Attempt: 1}, "hangs on none")
	o := newOutputs(topics)
	defer o.close()
	got, _ := o.all(t)
	if strings.Join(got, ", ") != "first, of two, second" {
		t.Errorf("%q", got)
	}
	keep(t, topics, Visible, Epoch{Slot: 0, After: 6, UpTo: 7, Attempt: 2}, "third")
	keep(t, topics, Visible, Epoch{Slot: 1, After: 0, UpTo: 7, Attempt: 2}, "of another slot")
	got, offset := o.all(t)
	if len(got) != 2 || offset != 5 {
		t.Errorf("%q up to %d", got, offset)
	}
}

// What was read does not pile up; the newest file of a slot stays, for whoever takes it over.
func TestFilesThatWereReadAreRemoved(t *testing.T) {
	topics := results(t)
	o := newOutputs(topics)
	defer o.close()
	for id := range uint64(5) {
		keep(t, topics, Visible, Epoch{Slot: 3, After: id, UpTo: id + 1}, "one")
	}
	if got, _ := o.all(t); len(got) != 5 {
		t.Errorf("%q", got)
	}
	left, err := filepath.Glob(filepath.Join(Committed(topics), "*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != Visible+"3-4-5-0" {
		t.Errorf("%v left, %v", left, err)
	}
}

// Logs of earlier attempts are read before those of later ones, to their ends.
func TestLogsAreReadByAttempt(t *testing.T) {
	topics := results(t)
	for _, l := range []struct {
		slot    int
		attempt uint64
		value   string
	}{{0, 10, "last"}, {1, 9, "second"}, {12, 1, "first"}} {
		opened(t, Appended(topics, workloads.Answers, l.slot, l.attempt)).append(t, l.value)
	}
	o := newOutputs(topics)
	defer o.close()
	if got, _ := o.all(t); strings.Join(got, ", ") != "first, second, last" {
		t.Errorf("%q", got)
	}
}

// A visible file that is damaged ends the reading, and the error names it.
func TestADamagedFileIsNamed(t *testing.T) {
	topics := results(t)
	e := Epoch{Slot: 2, UpTo: 1}
	name := filepath.Join(Committed(topics), Visible+e.String())
	keep(t, topics, "kept-", e, "right")
	body, err := os.ReadFile(filepath.Join(Committed(topics), "kept-"+e.String()))
	if err != nil {
		t.Fatal(err)
	}
	for at := range body {
		body[at] ^= 4
		if err := os.WriteFile(name, body, 0o644); err != nil {
			t.Fatal(err)
		}
		body[at] ^= 4
		o := newOutputs(topics)
		for range o.C() {
			t.Fatalf("byte %d: it was handed on", at)
		}
		named(t, o.Err(), name)
		o.close()
	}
}

func TestEpochsAreNamed(t *testing.T) {
	e := Epoch{Slot: 3, After: 7, UpTo: 1<<64 - 1, Attempt: 2}
	if got, ok := ParseEpoch(e.String()); !ok || got != e {
		t.Errorf("%s: %+v", e, got)
	}
	for _, none := range []string{"", "1-2-3", "1-2-3-4-5", "1-2-3-4.new", "a-2-3-4", "01-2-3-4"} {
		if e, ok := ParseEpoch(none); ok {
			t.Errorf("%s: %+v", none, e)
		}
	}
}
