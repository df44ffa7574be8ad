package log

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
)

// batchOf makes a sealed batch of some records.
func batchOf(values ...string) []byte {
	var b kafka.Batch
	b.Reset()
	for _, v := range values {
		b.Add(kafka.Message{Value: []byte(v)})
	}
	return bytes.Clone(b.Seal(kafka.Identity{}, 0))
}

// opened opens a log, which the end of the test closes.
func opened(t testing.TB, folder string) *appender {
	t.Helper()
	a, err := openAppender(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.close() })
	return a
}

// append makes a batch durable.
func (a *appender) append(t testing.TB, values ...string) {
	t.Helper()
	err := a.write(batchOf(values...), len(values))
	if err := errors.Join(err, a.sync(), a.publish()); err != nil {
		t.Fatal(err)
	}
}

// values are those of a log from an offset on.
func values(folder string, from int64) (all []string, err error) {
	tail := newTail(folder, from)
	defer tail.close()
	for {
		end, err := tail.durable()
		if err != nil {
			return all, err
		}
		b, at, err := tail.read(end)
		if err != nil || len(b) == 0 {
			return all, err
		}
		var r kafka.Reader
		for r.Reset(b, at, nil); r.Next(); {
			all = append(all, string(r.Record().Value))
		}
		if r.Err() != nil {
			return all, r.Err()
		}
	}
}

// numbered are values of some size that tell their offsets.
func numbered(from, n, size int) (all []string) {
	for i := range n {
		v := fmt.Sprintf("%d ", from+i)
		all = append(all, v+strings.Repeat("x", size))
	}
	return all
}

// What was appended is read, whatever the sizes of records and batches, wherever reading begins,
// and however often the log was closed and opened between.
func TestALogHoldsWhatWasAppended(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	folder := t.TempDir()
	var want []string
	for range 8 {
		a, err := openAppender(folder)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + rng.IntN(12) {
			size := []int{1, 100, 10_000, 700_000}[rng.IntN(4)]
			batch := numbered(len(want), 1+rng.IntN(5), rng.IntN(size))
			a.append(t, batch...)
			want = append(want, batch...)
		}
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
	}
	if bases, err := segments(folder); err != nil || len(bases) < 2 {
		t.Fatalf("%d segments, %v: the log is too short for this test", len(bases), err)
	}
	for range 20 {
		from := rng.IntN(len(want) + 1)
		got, err := values(folder, int64(from))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want)-from {
			t.Fatalf("from %d: %d of %d records", from, len(got), len(want)-from)
		}
		for i := range got {
			if got[i] != want[from+i] {
				t.Fatalf("offset %d: %.20q, not %.20q", from+i, got[i], want[from+i])
			}
		}
	}
}

// What is written is not read before it is durable.
func TestNothingIsReadBeforeItIsDurable(t *testing.T) {
	folder := t.TempDir()
	a := opened(t, folder)
	a.append(t, "durable")
	if err := a.write(batchOf("not yet"), 1); err != nil {
		t.Fatal(err)
	}
	if got, err := values(folder, 0); err != nil || len(got) != 1 || got[0] != "durable" {
		t.Errorf("%q, %v", got, err)
	}
	if err := errors.Join(a.sync(), a.publish()); err != nil {
		t.Fatal(err)
	}
	if got, err := values(folder, 0); err != nil || len(got) != 2 {
		t.Errorf("%q, %v", got, err)
	}
}

// A writer that was killed has left any part of its last batch, or rubbish: the log goes on before
// it.
func TestATornTailIsCut(t *testing.T) {
	next := batchOf("torn")
	kafka.PlaceBatch(next, 2)
	flipped := bytes.Clone(next)
	flipped[len(flipped)-1] ^= 1
	tails := [][]byte{flipped, make([]byte, 100), []byte("rubbish")}
	for n := 1; n < len(next); n += 7 {
		tails = append(tails, next[:n])
	}
	for _, torn := range tails {
		folder := t.TempDir()
		a := opened(t, folder)
		a.append(t, "a", "b")
		if _, err := a.file.WriteAt(torn, a.sizeB); err != nil {
			t.Fatal(err)
		}
		a = opened(t, folder)
		a.append(t, "c")
		got, err := values(folder, 0)
		if err != nil || strings.Join(got, "") != "abc" {
			t.Fatalf("%d bytes left behind: %q, %v", len(torn), got, err)
		}
	}
}

// A whole batch that was written and not published yet counts: its writer may have been about to.
func TestAWholeBatchAtTheEndCounts(t *testing.T) {
	folder := t.TempDir()
	a := opened(t, folder)
	a.append(t, "a")
	if err := a.write(batchOf("b", "c"), 2); err != nil {
		t.Fatal(err)
	}
	if b := opened(t, folder); b.next != 3 {
		t.Errorf("the log goes on at offset %d", b.next)
	}
	if got, err := values(folder, 0); err != nil || strings.Join(got, "") != "abc" {
		t.Errorf("%q, %v", got, err)
	}
}

// Whichever byte of what is durable is damaged, reading and opening say in which file and at which
// offset, and nothing that is damaged is handed on.
func TestDamageIsNamed(t *testing.T) {
	folder := t.TempDir()
	a := opened(t, folder)
	a.append(t, "first")
	a.append(t, "second", "third")
	a.append(t, "fourth")
	name := filepath.Join(folder, segmentName(0))
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	second := kafka.BatchSize(sound)
	third := second + kafka.BatchSize(sound[second:])
	for at := second; at < third; at++ {
		body := bytes.Clone(sound)
		body[at] ^= 0x10
		if err := os.WriteFile(name, body, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := values(folder, 0)
		named(t, err, name, "offset 1")
		if len(got) > 1 {
			t.Fatalf("byte %d: %q was read", at, got)
		}
		_, err = openAppender(folder)
		named(t, err, name, "offset 1")
	}
	for _, n := range []int64{0, 10, second, third - 1} {
		if err := os.WriteFile(name, sound[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = values(folder, 0)
		named(t, err, name, "offset")
		_, err = openAppender(folder)
		named(t, err, name, "offset")
	}
}

// named checks that an error says where, and that it is not the system's.
func named(t *testing.T, err error, says ...string) {
	t.Helper()
	if !errors.Is(err, adapters.ErrNotReady) {
		t.Fatalf("error %v", err)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Fatalf("%v: it does not say %s", err, s)
		}
	}
}

// A published end that is torn is no end.
func TestADamagedEndIsAnError(t *testing.T) {
	folder := t.TempDir()
	a := opened(t, folder)
	a.append(t, "a")
	if _, err := a.end.WriteAt([]byte{7}, 3); err != nil {
		t.Fatal(err)
	}
	_, err := values(folder, 0)
	named(t, err, filepath.Join(folder, endFile))
}

// full has the next segment of a log lie on a disk without space.
func full(t *testing.T, folder string, next int64) {
	t.Helper()
	if err := os.Symlink("/dev/full", filepath.Join(folder, segmentName(next))); err != nil {
		t.Skip(err)
	}
}

func TestAFullDiskIsAnError(t *testing.T) {
	folder := t.TempDir()
	accepted := 0
	w, err := NewWriter(WriterConfig{
		Folders: []string{folder}, Accepted: func(n int) { accepted += n },
	})
	if err != nil {
		t.Fatal(err)
	}
	full(t, folder, 0)
	if err := w.Append(0, kafka.Message{Value: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	err = w.Flush(t.Context())
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("flush: %v", err)
	}
	named(t, err, folder, "append to log", "no space left on device")
	if again := w.Append(0, kafka.Message{}); !errors.Is(again, syscall.ENOSPC) {
		t.Errorf("append after that: %v", again)
	}
	if err := w.Close(); err != nil || accepted > 0 {
		t.Errorf("close: %v; %d records were acknowledged", err, accepted)
	}
	if got, err := values(folder, 0); err != nil || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzTail reads any bytes as a segment: it may refuse them, and never hands on records that its
// checksums do not vouch for.
func FuzzTail(f *testing.F) {
	two := append(batchOf("a", "b"), batchOf("c")...)
	kafka.PlaceBatch(two[kafka.BatchSize(two):], 2)
	f.Add(two, int64(3), int64(0))
	f.Add(two, int64(3), int64(1))
	f.Add(two[:70], int64(3), int64(0))
	f.Add([]byte{}, int64(1), int64(0))
	f.Fuzz(func(t *testing.T, body []byte, end, from int64) {
		folder := t.TempDir()
		if end < 0 || from < 0 {
			return
		}
		if err := os.WriteFile(filepath.Join(folder, segmentName(0)), body, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(folder, endFile))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := writeEnd(f, end); err != nil {
			t.Fatal(err)
		}
		tail := newTail(folder, from)
		defer tail.close()
		for {
			b, at, err := tail.read(end)
			if err != nil || len(b) == 0 {
				return
			}
			if at != from || tail.next <= from {
				t.Fatalf("offset %d after %d, next %d", at, from, tail.next)
			}
			from = tail.next
		}
	})
}
