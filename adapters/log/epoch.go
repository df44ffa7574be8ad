package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
)

// Epoch says which results a file holds: those of a slot after one checkpoint and up to another,
// made in an attempt. Its number is the last checkpoint; the largest one is the end of the stream.
// The epochs of a slot that count are a chain, each beginning where the one before it ends: what
// was made in an attempt that went wrong hangs on none that follows.
type Epoch struct {
	Slot                 int
	After, UpTo, Attempt uint64
}

// String names an epoch.
func (e Epoch) String() string {
	return fmt.Sprintf("%d-%d-%d-%d", e.Slot, e.After, e.UpTo, e.Attempt)
}

// ParseEpoch reads a name, false if it is none.
func ParseEpoch(name string) (e Epoch, ok bool) {
	n, err := fmt.Sscanf(name, "%d-%d-%d-%d", &e.Slot, &e.After, &e.UpTo, &e.Attempt)
	return e, err == nil && n == 4 && e.String() == name
}

// Visible begins the name of a file whose results are visible; the epoch's follows.
const Visible = "visible-"

// Committed is the folder of a job in which the files of epochs become visible.
func Committed(t *adapters.Topics) string { return filepath.Join(t.Folder, "committed") }

// Appended is the folder of the log to which a slot's results of a stream go in an attempt, where
// each is visible as soon as it is durable.
func Appended(t *adapters.Topics, of workloads.Stream, slot int, attempt uint64) string {
	return filepath.Join(t.Folder, t.Output(of), fmt.Sprintf("%d-%d", slot, attempt))
}

// The body of an epoch's file:
//
//	| stream, 1 byte | record batch | stream | record batch | … | CRC32C of all before, 4 |
//
// A batch says itself how long it is.
const sumB = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum ends a body, or whatever else is to be read as a whole or not at all.
func Sum(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
}

// CheckSum takes the sum off again, and tells whether it was right.
func CheckSum(body []byte) ([]byte, bool) {
	n := len(body) - sumB
	if n < 0 || binary.LittleEndian.Uint32(body[n:]) != crc32.Checksum(body[:n], castagnoli) {
		return nil, false
	}
	return body[:n:n], true
}

// EpochWriter gathers the results of an epoch. Its zero value is ready, as it is after Body.
type EpochWriter struct {
	body    []byte
	batches [workloads.DeadLetters + 1]kafka.Batch
}

// Add adds a result of a stream.
func (w *EpochWriter) Add(of workloads.Stream, m kafka.Message) {
	b := &w.batches[of]
	if b.Size() == 0 {
		b.Reset()
	}
	b.Add(m)
	if b.Size() >= fullB {
		w.seal(of)
	}
}

func (w *EpochWriter) seal(of workloads.Stream) {
	b := &w.batches[of]
	if b.Records() > 0 {
		w.body = append(append(w.body, byte(of)), b.Seal(kafka.Identity{}, 0)...)
		b.Reset()
	}
}

// Body is what was added, without the sum, and empties the writer.
func (w *EpochWriter) Body() []byte {
	for s := range w.batches {
		w.seal(workloads.Stream(s))
	}
	body := w.body
	w.body = nil
	return body
}

// readEpoch hands the batches of a body on, each with its stream and how many records it holds.
func readEpoch(body []byte, to func(of workloads.Stream, batch []byte, records int64) error) error {
	body, ok := CheckSum(body)
	if !ok {
		return errors.New("its checksum does not match")
	}
	for len(body) > 0 {
		of := workloads.Stream(body[0])
		size, records, err := kafka.CheckBatch(body[1:], 0)
		if err != nil || size == 0 || of > workloads.DeadLetters {
			return errors.Join(errors.New("it holds something that is no batch of results"), err)
		}
		if err := to(of, body[1:1+size], records); err != nil {
			return err
		}
		body = body[1+size:]
	}
	return nil
}
