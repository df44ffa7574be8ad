package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Names of the files of a run folder that every report is computed from.
const (
	RecordFile   = "record.jsonl"
	ManifestFile = "manifest.json"
	LockFile     = "scenario.lock.yaml"
	LatencyFile  = "latency.hlog"
)

// maxLineB bounds a line of the record: a ledger with its offenders is the longest one.
const maxLineB = 4 << 20

// Writer appends entries to a record, one JSON object a line. Each line is one write to the
// operating system, so that a crash of the tool keeps every entry added before it. Any goroutine
// may add.
type Writer struct {
	mu   sync.Mutex
	file *os.File
	err  error
}

// CreateWriter makes the record file of a run; a file of that name must not exist yet.
func CreateWriter(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	hold(f)
	return &Writer{file: f}, nil
}

// Add writes an entry. After a failed write (a full disk, say) the file may end in half a line, so
// every later call returns the first error and writes nothing.
func (w *Writer) Add(e Entry) error {
	if err := e.check(); err != nil {
		panic("BUG: add to record: " + err.Error())
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode %s entry: %w", e.Kind, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if _, err := w.file.Write(append(line, '\n')); err != nil {
		w.err = fmt.Errorf("write record: %w: free some space or choose another output folder",
			err)
	}
	return w.err
}

// Close closes the file and returns the first error of its life.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.file.Close()
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("close record: %w", err)
	}
	return w.err
}

// CutOff says that a file of a run ends before it should: the tool was killed, or the disk was
// full. What precedes the cut is good.
type CutOff struct {
	File string
	Line int // the last line, counted from 1; 0 where the file has none
}

// Error says where the file ends.
func (c *CutOff) Error() string {
	return fmt.Sprintf("%s:%d: cut off: the run was killed before it ended", c.File, c.Line)
}

// Read decodes a record; name is for its errors. A last line without its newline gives the entries
// before it and a *CutOff; any other line that is not an entry of this schema is an error
// "name:line: …" and no entries.
func Read(r io.Reader, name string) ([]Entry, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var entries []Entry
	for n := 1; ; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if errors.Is(err, io.EOF) {
			return entries, &CutOff{File: name, Line: n}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: read line: %w", name, n, err)
		}
		e, err := decode(line, n == 1)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, &CutOff{File: name}
	}
	return entries, nil
}

// readLine returns a line with its newline, or what is left and io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxLineB {
			return nil, fmt.Errorf("longer than %d bytes: not a record", maxLineB)
		}
	}
}

func decode(line []byte, first bool) (Entry, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("not an entry of %s: %w", Schema, err)
	}
	if rest, err := io.ReadAll(d.Buffered()); err != nil ||
		len(bytes.TrimSpace(rest)) > 0 {
		return e, fmt.Errorf("not an entry of %s: more than one value in a line", Schema)
	}
	if err := e.check(); err != nil {
		return e, err
	}
	if first && (e.Plan == nil || e.Plan.Schema != Schema) {
		return e, fmt.Errorf("not a record of %s: the first entry must be its plan", Schema)
	}
	return e, nil
}

// check holds the promise of Entry: the kind is known and the one member set is the one it names.
func (e Entry) check() error {
	set := map[string]bool{
		// A system without settings of its own has an empty config, which JSON leaves out.
		KindPlan: e.Plan != nil, KindConfig: e.Kind == KindConfig || len(e.Config) > 0,
		KindPhase: e.Phase != nil, KindTick: e.Tick != nil, KindLedger: e.Ledger != nil,
		KindProbe: e.Probe != nil, KindBracket: e.Bracket != nil,
		KindMode: e.Mode != nil, KindRepair: e.Repair != nil,
		KindMilestone: e.Milestone != nil, KindFault: e.Fault != nil, KindGate: e.Gate != nil,
		KindFirsts: e.Firsts != nil, KindResidue: e.Residue != nil,
		KindSchedule:  len(e.Schedule) > 0,
		KindStretches: e.Kind == KindStretches || len(e.Stretches) > 0,
		KindWarning:   e.Warning != nil, KindError: e.Error != nil, KindEnd: e.End != nil,
	}
	has, known := set[e.Kind]
	if !known {
		return fmt.Errorf("unknown kind %q: written by a newer streambench, or foreign", e.Kind)
	}
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	if !has || n != 1 {
		return fmt.Errorf("entry of kind %q does not hold exactly its %[1]s", e.Kind)
	}
	return nil
}

// WriteFile writes a file under a temporary name in the same folder, flushes it to disk and renames
// it, so that no reader ever sees half of it. On an error nothing is left behind.
func WriteFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// WriteManifest writes a manifest as indented JSON.
func WriteManifest(path string, m Manifest) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	return WriteFile(path, append(data, '\n'))
}

// ReadManifest reads a manifest of this schema; anything else is an error that names the file.
func ReadManifest(path string) (Manifest, error) {
	var m Manifest
	data, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: not a manifest of %s: %w", path, ManifestSchema, err)
	}
	if m.Schema != ManifestSchema {
		return m, fmt.Errorf("%s: schema %q: want %s", path, m.Schema, ManifestSchema)
	}
	return m, nil
}
