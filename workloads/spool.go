package workloads

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// A spool keeps rows on disk in buckets, so that a bucket can be read back on its own: memory holds
// a chunk of the few buckets written last, and where the chunks of each lie.
//
//	rows --bucket--> chunk in memory --full--> file: | chunk of 7 | chunk of 8 | chunk of 7 | …
//
// A bucket covers a range of numbers. Where there come to be too many buckets, which rows of
// garbage can bring about, the ranges double and neighbours fall together.
type spool struct {
	file    *os.File
	size    int64 // of the file
	rowB    int
	width   int64 // numbers a bucket covers
	buckets map[int64]*bucket
	hot     []*bucket // those with a chunk in memory, the one used last at the end
	last    *bucket
	buf     []byte
	err     error // the first error of writing; the spool is void after it
}

type bucket struct {
	number int64
	chunk  []byte
	stored []chunk
}

// chunk is a run of rows in the file.
type chunk struct {
	at int64
	n  int // bytes
}

// spoolLimits are the sizes of a spool's memory.
const (
	chunkB     = 64 << 10
	hotBuckets = 32
	maxBuckets = 1 << 16
)

// newSpool makes a spool of rows of columns integers whose file lies in dir.
func newSpool(dir string, columns int, width int64) (*spool, error) {
	f, err := os.CreateTemp(dir, "results-*.spool")
	if err != nil {
		return nil, fmt.Errorf("create result spool in %s (is it writable?): %w", dir, err)
	}
	return &spool{file: f, rowB: 8 * columns, width: width, buckets: map[int64]*bucket{}}, nil
}

// bucketOf is the bucket a number lies in.
func (s *spool) bucketOf(x int64) int64 { return floorTo(x, s.width) / s.width }

// room makes place for one row of the bucket that holds number x; the caller fills it.
func (s *spool) room(x int64) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	b := s.last
	if n := s.bucketOf(x); b == nil || b.number != n || b.chunk == nil {
		b = s.find(n, x)
		if s.err != nil {
			return nil, s.err
		}
	}
	if len(b.chunk)+s.rowB > cap(b.chunk) {
		if s.store(b); s.err != nil {
			return nil, s.err
		}
	}
	n := len(b.chunk)
	b.chunk = b.chunk[:n+s.rowB]
	return b.chunk[n:], nil
}

// add appends a row to the bucket that holds number x.
func (s *spool) add(x int64, row []int64) error {
	dst, err := s.room(x)
	if err != nil {
		return err
	}
	for i, v := range row {
		binary.LittleEndian.PutUint64(dst[8*i:], uint64(v))
	}
	return nil
}

// find makes bucket n the one used last and gives it a chunk in memory.
func (s *spool) find(n, x int64) *bucket {
	b := s.buckets[n]
	if b == nil {
		for len(s.buckets) >= maxBuckets && s.err == nil {
			s.widen()
			n = s.bucketOf(x)
			b = s.buckets[n]
		}
		if b == nil {
			b = &bucket{number: n}
			s.buckets[n] = b
		}
	}
	if i := slices.Index(s.hot, b); i >= 0 {
		s.hot = append(slices.Delete(s.hot, i, i+1), b)
	} else {
		s.warm(b)
	}
	s.last = b
	return b
}

// warm gives a bucket a chunk: that of the bucket unused longest if all are taken.
func (s *spool) warm(b *bucket) {
	if len(s.hot) < hotBuckets {
		b.chunk = make([]byte, 0, max(chunkB, s.rowB))
	} else {
		old := s.hot[0]
		s.store(old)
		b.chunk, old.chunk = old.chunk, nil
		s.hot = slices.Delete(s.hot, 0, 1)
	}
	s.hot = append(s.hot, b)
}

// store writes a bucket's chunk to the file and empties it.
func (s *spool) store(b *bucket) {
	if len(b.chunk) == 0 || s.err != nil {
		return
	}
	if _, err := s.file.WriteAt(b.chunk, s.size); err != nil {
		s.err = fmt.Errorf("write result spool %s (is the disk full?): %w", s.file.Name(), err)
		return
	}
	b.stored = append(b.stored, chunk{s.size, len(b.chunk)})
	s.size += int64(len(b.chunk))
	b.chunk = b.chunk[:0]
}

// flush writes every chunk in memory.
func (s *spool) flush() error {
	for _, b := range s.hot {
		s.store(b)
	}
	return s.err
}

// widen doubles the range of the buckets.
func (s *spool) widen() {
	if s.flush() != nil {
		return
	}
	for _, b := range s.hot {
		b.chunk = nil
	}
	s.hot, s.last = nil, nil
	s.width *= 2
	wide := map[int64]*bucket{}
	for n, b := range s.buckets {
		b.number = floorTo(n, 2) / 2
		if other := wide[b.number]; other != nil {
			other.stored = append(other.stored, b.stored...)
			continue
		}
		wide[b.number] = b
	}
	for _, b := range wide {
		slices.SortFunc(b.stored, func(x, y chunk) int { return int(x.at - y.at) })
	}
	s.buckets = wide
}

// count is the number of rows of a bucket.
func (s *spool) count(number int64) int64 {
	b := s.buckets[number]
	if b == nil {
		return 0
	}
	bytes := int64(len(b.chunk))
	for _, c := range b.stored {
		bytes += int64(c.n)
	}
	return bytes / int64(s.rowB)
}

// numbers are the buckets there are, ascending.
func (s *spool) numbers() []int64 { return slices.Sorted(maps.Keys(s.buckets)) }

// read calls fn with every row of a bucket in the order they were added. The row is valid until fn
// returns.
func (s *spool) read(number int64, fn func(row []int64) error) error {
	if err := s.flush(); err != nil {
		return err
	}
	b := s.buckets[number]
	if b == nil {
		return nil
	}
	return s.readChunks(b.stored, fn)
}

// readAll calls fn with every row there is, chunk by chunk as they were written.
func (s *spool) readAll(fn func(row []int64) error) error {
	if err := s.flush(); err != nil {
		return err
	}
	var all []chunk
	for _, b := range s.buckets {
		all = append(all, b.stored...)
	}
	slices.SortFunc(all, func(x, y chunk) int { return int(x.at - y.at) })
	return s.readChunks(all, fn)
}

func (s *spool) readChunks(chunks []chunk, fn func(row []int64) error) error {
	row := make([]int64, s.rowB/8)
	for _, c := range chunks {
		s.buf = slices.Grow(s.buf[:0], c.n)[:c.n]
		if _, err := s.file.ReadAt(s.buf, c.at); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("read result spool %s: %w", s.file.Name(), err)
		}
		for at := 0; at < c.n; at += s.rowB {
			for i := range row {
				row[i] = int64(binary.LittleEndian.Uint64(s.buf[at+8*i:]))
			}
			if err := fn(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// close removes the file; twice is harmless.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := errors.Join(s.file.Close(), os.Remove(name))
	s.file, s.err = nil, os.ErrClosed
	if err != nil {
		return fmt.Errorf("remove result spool: %w", err)
	}
	return nil
}
