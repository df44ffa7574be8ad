package scenarios

import (
	"bufio"
	"bytes"
	"container/heap"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// sortedB is how many bytes of lines are sorted in memory; more go through files, so that memory
// does not grow with the length of a run.
const sortedB = 32 << 20

// lineSorter sorts lines of any number into a file.
//
//	add --> chunk --sorted, when full--> run files --merged--> file
type lineSorter struct {
	dir    string // for the files in between
	limit  int    // bytes of a chunk
	chunk  [][]byte
	bytes  int
	sorted []string // paths of the chunks written
}

func newLineSorter(dir string) *lineSorter { return &lineSorter{dir: dir, limit: sortedB} }

// add takes a copy of a line.
func (s *lineSorter) add(line []byte) error {
	s.chunk = append(s.chunk, bytes.Clone(line))
	// A slice header costs memory too, the more the shorter lines are.
	if s.bytes += len(line) + 24; s.bytes < s.limit {
		return nil
	}
	return s.spill()
}

func (s *lineSorter) spill() error {
	path := filepath.Join(s.dir, fmt.Sprintf("lines-%d", len(s.sorted)))
	w, err := createLines(path)
	if err != nil {
		return err
	}
	s.sorted = append(s.sorted, path)
	slices.SortFunc(s.chunk, bytes.Compare)
	for _, line := range s.chunk {
		w.write(line)
	}
	s.chunk, s.bytes = s.chunk[:0], 0
	return w.close()
}

// finish writes all lines, sorted, and tells how many they are and their SHA-256.
func (s *lineSorter) finish(path string) (n uint64, sum string, err error) {
	if err := s.spill(); err != nil {
		return 0, "", err
	}
	w, err := createLines(path)
	if err != nil {
		return 0, "", err
	}
	err = errors.Join(s.merge(w), w.close())
	for _, p := range s.sorted {
		err = errors.Join(err, os.Remove(p))
	}
	return w.n, hex.EncodeToString(w.sum.Sum(nil)), err
}

// merge reads all chunks at once, always the least line.
func (s *lineSorter) merge(w *lineWriter) error {
	var heads lineHeap
	for _, path := range s.sorted {
		r, err := openLines(path)
		if err != nil {
			return err
		}
		defer r.close()
		if r.next() {
			heads = append(heads, r)
		} else if r.err != nil {
			return r.err
		}
	}
	heap.Init(&heads)
	for len(heads) > 0 {
		w.write(heads[0].line)
		switch {
		case heads[0].next():
			heap.Fix(&heads, 0)
		case heads[0].err != nil:
			return heads[0].err
		default:
			heap.Pop(&heads)
		}
	}
	return nil
}

// lineHeap orders readers by the line they stand at.
type lineHeap []*lineReader

func (h lineHeap) Len() int           { return len(h) }
func (h lineHeap) Less(i, j int) bool { return bytes.Compare(h[i].line, h[j].line) < 0 }
func (h lineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is never called: readers only leave.
func (h *lineHeap) Push(any) { panic("BUG: a chunk of lines came late") }

// Pop takes the last reader off.
func (h *lineHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// lineWriter writes lines to a file and hashes them. The first error is kept for close.
type lineWriter struct {
	file *os.File
	out  *bufio.Writer
	sum  hash.Hash
	n    uint64
}

func createLines(path string) (*lineWriter, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &lineWriter{file: f, sum: sha256.New()}
	w.out = bufio.NewWriterSize(io.MultiWriter(f, w.sum), 1<<18)
	return w, nil
}

func (w *lineWriter) write(line []byte) {
	w.n++
	w.out.Write(line)
	w.out.WriteByte('\n')
}

func (w *lineWriter) close() error { return errors.Join(w.out.Flush(), w.file.Close()) }

// lineReader reads lines from a file.
type lineReader struct {
	file *os.File
	in   *bufio.Reader
	line []byte // the newest read
	err  error  // why there are no more, but the end of the file
}

func openLines(path string) (*lineReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &lineReader{file: f, in: bufio.NewReaderSize(f, 1<<18)}, nil
}

func (r *lineReader) next() bool {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			r.line = r.line[:len(r.line)-1]
			return true
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(r.line) == 0:
			return false
		default:
			r.err = fmt.Errorf("read lines of %s: %w", r.file.Name(), err)
			return false
		}
	}
}

func (r *lineReader) close() { r.file.Close() }

// firstDifference is the first of two files' sorted lines that only one of them has; ok is false
// where they are equal.
func firstDifference(a, b string) (line string, inFirst, ok bool, err error) {
	ra, err := openLines(a)
	if err != nil {
		return "", false, false, err
	}
	defer ra.close()
	rb, err := openLines(b)
	if err != nil {
		return "", false, false, err
	}
	defer rb.close()
	for {
		moreA, moreB := ra.next(), rb.next()
		if err := errors.Join(ra.err, rb.err); err != nil {
			return "", false, false, err
		}
		switch {
		case !moreA && !moreB:
			return "", false, false, nil
		case !moreB || moreA && bytes.Compare(ra.line, rb.line) < 0:
			return string(ra.line), true, true, nil
		case !moreA || !bytes.Equal(ra.line, rb.line):
			return string(rb.line), false, true, nil
		}
	}
}
