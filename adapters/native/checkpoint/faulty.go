package checkpoint

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Faults is what is wrong with a disk. The zero value is nothing.
type Faults struct {
	// Delay is added to each sync and each reading of a file.
	Delay time.Duration
	// RateBps is the most bytes a second written and read; 0 for no limit.
	RateBps uint64
	// Full refuses to write, as a disk without space does.
	Full bool
	// Lie says that syncs return at once and nothing is durable: what is written stays in the memory
	// of the process, where it is read from too, and dies with it. Healing writes it.
	Lie bool
}

// Faulty is a disk with faults that may be set while it is in use.
//
//	store --> Faulty --held while it lies--> memory of the process, lost by a kill
//	             \-----slow, full----------> disk
//
// A lie cannot be told of files: what a process has written stays in the kernel's cache when it is
// killed, whether it was synced or not. So a lying disk keeps them to itself.
type Faulty struct {
	under   Disk
	mu      sync.Mutex
	faults  Faults
	changed chan struct{}     // closed when faults are set
	free    time.Time         // when the bytes so far are through, at RateBps
	held    map[string][]byte // files that are not on the disk, by name
	gone    map[string]bool   // files that are, though they were removed since
}

// NewFaulty puts a layer of faults over a disk, none to begin with.
func NewFaulty(under Disk) *Faulty {
	return &Faulty{
		under: under, changed: make(chan struct{}), held: map[string][]byte{}, gone: map[string]bool{},
	}
}

// Set replaces the faults. Who waits for one that is gone goes on at once. The error is that of
// writing what was held back, once the disk no longer lies.
func (d *Faulty) Set(f Faults) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = f
	close(d.changed)
	d.changed = make(chan struct{})
	d.free = time.Time{}
	if f.Lie {
		return nil
	}
	return d.tell()
}

// tell brings the disk to what it has told of itself.
func (d *Faulty) tell() error {
	var first error
	for name, raw := range d.held {
		err := d.put(name, raw)
		if first = cmp.Or(first, err); err == nil {
			delete(d.held, name)
		}
	}
	for name := range d.gone {
		first = cmp.Or(first, d.under.Remove(name))
		delete(d.gone, name)
	}
	return first
}

// put writes a file that was held back, whole or not at all: others look for it by its name.
func (d *Faulty) put(name string, raw []byte) error {
	f, err := d.under.Create(name + ".healed")
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = cmp.Or(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return d.under.Rename(name+".healed", name)
}

// wait lets pass the time that a delay and so many bytes take, or until the faults change.
func (d *Faulty) wait(bytes int, delay bool) {
	d.mu.Lock()
	var until time.Time
	now := time.Now()
	if d.faults.RateBps > 0 && bytes > 0 {
		took := time.Duration(float64(bytes) / float64(d.faults.RateBps) * float64(time.Second))
		if d.free.Before(now) {
			d.free = now
		}
		d.free = d.free.Add(took)
		until = d.free
	}
	if delay {
		if end := now.Add(d.faults.Delay); end.After(until) {
			until = end
		}
	}
	changed := d.changed
	d.mu.Unlock()
	if !until.After(now) {
		return
	}
	timer := time.NewTimer(until.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	}
}

func (d *Faulty) now() Faults {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.faults
}

// Create makes a file, in memory while the disk lies.
func (d *Faulty) Create(name string) (File, error) {
	f := d.now()
	switch {
	case f.Full:
		return nil, &fs.PathError{Op: "create", Path: name, Err: syscall.ENOSPC}
	case f.Lie:
		return &faultyFile{disk: d, name: name, lies: true}, nil
	}
	under, err := d.under.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{disk: d, name: name, under: under}, nil
}

// Rename renames a file where it is.
func (d *Faulty) Rename(from, to string) error {
	d.wait(0, true)
	d.mu.Lock()
	defer d.mu.Unlock()
	raw, held := d.held[from]
	switch {
	case held:
		delete(d.held, from)
		d.held[to] = raw
		delete(d.gone, to)
		return nil
	case d.faults.Lie: // the file was written before the disk lied
		raw, err := fs.ReadFile(d.under, from)
		if err != nil {
			return err
		}
		d.held[to], d.gone[from] = raw, true
		return nil
	}
	return d.under.Rename(from, to)
}

// Remove removes a file; a lying disk only seems to.
func (d *Faulty) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, held := d.held[name]; held {
		delete(d.held, name)
		return nil
	}
	if d.faults.Lie {
		d.gone[name] = true
		return nil
	}
	return d.under.Remove(name)
}

// Open reads what the disk has, or says it has.
func (d *Faulty) Open(name string) (fs.File, error) {
	d.wait(0, true)
	d.mu.Lock()
	raw, held := d.held[name]
	gone := d.gone[name]
	d.mu.Unlock()
	switch {
	case held:
		return &heldFile{name: name, size: int64(len(raw)), Reader: bytes.NewReader(raw)}, nil
	case gone:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := d.under.Open(name)
	if err != nil {
		return nil, err
	}
	return &slowFile{File: f, disk: d}, nil
}

// ReadDir lists what the disk has, or says it has.
func (d *Faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(d.under, name)
	d.mu.Lock()
	defer d.mu.Unlock()
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return d.gone[e.Name()] || d.held[e.Name()] != nil
	})
	for held, raw := range d.held {
		f := &heldFile{name: held, size: int64(len(raw))}
		entries = append(entries, fs.FileInfoToDirEntry(f))
	}
	return entries, err
}

// faultyFile is a file being written.
type faultyFile struct {
	disk  *Faulty
	name  string
	under File
	lies  bool
	raw   []byte
}

func (f *faultyFile) Write(b []byte) (int, error) {
	f.disk.wait(len(b), false)
	switch now := f.disk.now(); {
	case now.Full:
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	case f.lies:
		f.raw = append(f.raw, b...)
		return len(b), nil
	}
	return f.under.Write(b)
}

func (f *faultyFile) Sync() error {
	f.disk.wait(0, true)
	if f.lies || f.disk.now().Lie {
		return nil
	}
	return f.under.Sync()
}

// Close leaves a file of a lying disk in memory, or writes it if the disk was healed since.
func (f *faultyFile) Close() error {
	if !f.lies {
		return f.under.Close()
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.faults.Lie {
		if err := f.disk.put(f.name, f.raw); err != nil {
			return fmt.Errorf("write %s once healed: %w", f.name, err)
		}
		return nil
	}
	f.disk.held[f.name] = f.raw
	delete(f.disk.gone, f.name)
	return nil
}

// slowFile reads at the rate of its disk.
type slowFile struct {
	fs.File
	disk *Faulty
}

func (f *slowFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.disk.wait(n, false)
	return n, err
}

// heldFile is a file in memory, and what is said of it.
type heldFile struct {
	name string
	size int64
	*bytes.Reader
}

func (f *heldFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *heldFile) Close() error               { return nil }
func (f *heldFile) Name() string               { return f.name }
func (f *heldFile) Size() int64                { return f.size }
func (f *heldFile) Mode() fs.FileMode          { return 0o644 }
func (f *heldFile) ModTime() time.Time         { return time.Time{} }
func (f *heldFile) IsDir() bool                { return false }
func (f *heldFile) Sys() any                   { return nil }
