package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/streambench/streambench/adapters"
)

// A log is a folder. Its segments are named after the offset of their first record, and hold record
// batches one after another; an offset is the number of a record. The file end says up to where
// records are durable, and is written after they are:
//
//	00000000000000000000.segment  00000000000000073112.segment  …
//	end: | offset, 8 bytes | its complement, 8 |
//
// A log has one writer and any number of readers, in any process.
const (
	segmentSuffix = ".segment"
	endFile       = "end"
	endB          = 16
	// segmentB is the size from which on a segment takes no more batches. Who begins to read in the
	// middle reads the segment from its beginning, so that it is not larger.
	segmentB = 16 << 20
	// largestB bounds a batch: a length beyond it is none.
	largestB = 16 << 20
)

// brokenError is what is wrong with a log, with nothing to blame the system for.
type brokenError struct{ err error }

func (e *brokenError) Error() string   { return e.err.Error() }
func (e *brokenError) Unwrap() []error { return []error{e.err, adapters.ErrNotReady} }

// broken marks an error as one of the log.
func broken(format string, args ...any) error { return &brokenError{fmt.Errorf(format, args...)} }

func segmentName(base int64) string { return fmt.Sprintf("%020d%s", base, segmentSuffix) }

// segments are the first offsets of a log's segments, ascending; none where there is no log yet.
func segments(folder string) (bases []int64, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, broken("look at log: %w", err)
	}
	for _, e := range entries {
		number, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok {
			continue
		}
		base, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, broken("look at log: %s is no segment", filepath.Join(folder, e.Name()))
		}
		bases = append(bases, base)
	}
	slices.Sort(bases)
	return bases, nil
}

// readEnd reads up to where a log is durable; 0 of one that holds nothing. What is torn is read
// again: its writer is just writing it.
func readEnd(f *os.File) (int64, error) {
	var b [endB]byte
	for range 1000 {
		n, err := f.ReadAt(b[:], 0)
		if n == 0 {
			return 0, nil // nothing was published
		}
		end, check := binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
		if n == endB && end == ^check && end <= math.MaxInt64 {
			return int64(end), nil
		}
		if n < endB && err == nil {
			break
		}
	}
	return 0, broken("read %s: it is damaged", f.Name())
}

func writeEnd(f *os.File, end int64) error {
	var b [endB]byte
	binary.LittleEndian.PutUint64(b[:], uint64(end))
	binary.LittleEndian.PutUint64(b[8:], ^uint64(end))
	_, err := f.WriteAt(b[:], 0)
	return err
}

// syncFolder makes the names in a folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
