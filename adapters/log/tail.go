package log

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/streambench/streambench/adapters/kafka"
)

// readB is how much of a log is read at a time.
const readB = 1 << 20

// tail reads one log from an offset on, as it grows. One goroutine calls it.
type tail struct {
	folder string
	end    *os.File // nil until the log is there
	file   *os.File // the segment at hand, nil before the first
	at     int64    // byte in it
	base   int64    // offset of the batch there
	next   int64    // offset to hand on next: further than base where reading began in the middle
}

func newTail(folder string, from int64) *tail { return &tail{folder: folder, next: from} }

// durable is up to where the log may be read.
func (t *tail) durable() (int64, error) {
	if t.end == nil {
		f, err := os.Open(filepath.Join(t.folder, endFile))
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, broken("open log: %w", err)
		}
		t.end = f
	}
	return readEnd(t.end)
}

// read reads whole batches from the one that holds offset from, the next to hand on, up to an end;
// none if that is reached.
func (t *tail) read(end int64) (batches []byte, from int64, err error) {
	for t.next < end {
		if t.file == nil {
			if err := t.open(); err != nil {
				return nil, 0, err
			}
		}
		b, err := t.chunk(end)
		if err != nil {
			return nil, 0, err
		}
		if len(b) == 0 {
			if err := t.turn(end); err != nil {
				return nil, 0, err
			}
			continue
		}
		if t.base > t.next {
			from, t.next = t.next, t.base
			return b, from, nil
		}
	}
	return nil, t.next, nil
}

// open opens the segment that holds the next offset.
func (t *tail) open() error {
	bases, err := segments(t.folder)
	if err != nil {
		return err
	}
	found := false
	for _, b := range bases {
		if b <= t.next {
			t.base, found = b, true
		}
	}
	if !found {
		return broken("read log %s: no segment holds offset %d", t.folder, t.next)
	}
	t.at = 0
	if t.file, err = os.Open(filepath.Join(t.folder, segmentName(t.base))); err != nil {
		return broken("read log: %w", err)
	}
	return nil
}

// chunk reads what whole batches there are at hand, and looks at every byte of them.
func (t *tail) chunk(end int64) ([]byte, error) {
	info, err := t.file.Stat()
	if err != nil {
		return nil, broken("read log: %w", err)
	}
	room := min(readB, info.Size()-t.at)
	for room > 0 {
		b := make([]byte, room)
		n, err := t.file.ReadAt(b, t.at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, broken("read log: %s, byte %d: %w", t.file.Name(), t.at, err)
		}
		b = b[:n]
		if whole, err := t.check(b, end); whole > 0 || err != nil {
			return b[:whole], err
		}
		size := kafka.BatchSize(b)
		if size <= room || size > info.Size()-t.at {
			break // the rest of the segment holds no whole batch
		}
		room = size
	}
	return nil, nil
}

// check is how many bytes whole batches take, up to an end.
func (t *tail) check(b []byte, end int64) (whole int, err error) {
	for t.base < end {
		size, next, err := kafka.CheckBatch(b[whole:], t.base)
		if err == nil && kafka.BatchSize(b[whole:]) > largestB {
			err = errors.New("a batch is too large")
		}
		if err != nil {
			return 0, broken("read log: %s, byte %d, offset %d: %w", t.file.Name(), t.at, t.base, err)
		}
		if size == 0 {
			break
		}
		whole, t.at, t.base = whole+size, t.at+int64(size), next
	}
	return whole, nil
}

// turn goes to the next segment, where the one at hand is at its end.
func (t *tail) turn(end int64) error {
	info, err := t.file.Stat()
	if err != nil {
		return broken("read log: %w", err)
	}
	next := filepath.Join(t.folder, segmentName(t.base))
	if _, err := os.Stat(next); err != nil || next == t.file.Name() || t.at != info.Size() {
		return broken("read log: %s, byte %d: it ends at offset %d, and %d is durable",
			t.file.Name(), t.at, t.base, end)
	}
	name := t.file.Name()
	if err := t.file.Close(); err != nil {
		return broken("read log: close %s: %w", name, err)
	}
	if t.file, err = os.Open(next); err != nil {
		return broken("read log: %w", err)
	}
	t.at = 0
	return nil
}

func (t *tail) close() {
	for _, f := range []*os.File{t.end, t.file} {
		if f != nil {
			f.Close()
		}
	}
}
