package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// page is memory that says which page it is.
func page(n byte) []byte { return bytes.Repeat([]byte{n}, PageB) }

// write makes slot's part of a checkpoint that builds on base: it holds the pages given of region 7,
// filled with the id.
func write(t *testing.T, s *Store, chain []Piece, id, base uint64, pages ...uint32) []Piece {
	t.Helper()
	w, err := s.Create(0, id, base)
	if err != nil {
		t.Fatal(err)
	}
	var records []byte
	for _, n := range pages {
		records = AppendPage(records, Page{Region: 7, Number: n, Generation: 1}, page(byte(id)))
	}
	if err := errors.Join(w.Pages(records), w.State(0, fmt.Append(nil, "state ", id))); err != nil {
		t.Fatal(err)
	}
	p, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Clone(chain), p)
}

func complete(t *testing.T, s *Store, id uint64, files []Piece) {
	t.Helper()
	m := Manifest{ID: id, Slots: 1, Parts: []Part{{Mark: []byte{byte(id)}, Files: files}}}
	if err := s.Complete(m); err != nil {
		t.Fatal(err)
	}
}

func folderStore(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	d, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return NewStore(d), dir
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestAChainIsReadFromItsFullFileOn(t *testing.T) {
	s, _ := folderStore(t)
	chain := write(t, s, nil, 1, 0, 0, 1, 2)
	chain = write(t, s, chain, 2, 1, 1)
	chain = write(t, s, chain, 3, 2, 2)
	complete(t, s, 3, chain)
	o, torn, err := s.Latest()
	if err != nil || len(torn) > 0 || o.ID != 3 || string(o.Mark(0)) != "\x03" {
		t.Fatal(o, torn, err)
	}
	l, err := o.Load(0)
	if err != nil {
		t.Fatal(err)
	}
	if string(l.State(0)) != "state 3" || l.State(1) != nil {
		t.Errorf("state %q, %q", l.State(0), l.State(1))
	}
	words, err := l.Region(7, 1, 3*PageWords-5)
	if err != nil {
		t.Fatal(err)
	}
	got := []int64{words[0] & 0xff, words[PageWords] & 0xff, words[2*PageWords] & 0xff}
	if !slices.Equal(got, []int64{1, 2, 3}) || len(words) != 3*PageWords-5 {
		t.Errorf("pages of checkpoints %v", got)
	}
	if _, err := l.Region(7, 2, 1); err == nil {
		t.Error("a generation that was not written was read")
	}
	if _, err := l.Region(7, 1, 4*PageWords); err == nil {
		t.Error("a page that was not written was read")
	}
}

func TestTheLastTwoStayWithWhatTheyNeedAndLaterOnesToo(t *testing.T) {
	s, dir := folderStore(t)
	first := write(t, s, nil, 1, 0, 0)
	complete(t, s, 1, first)
	second := write(t, s, first, 2, 1, 0)
	complete(t, s, 2, second)
	write(t, s, nil, 3, 0, 0) // given up
	full := write(t, s, nil, 4, 0, 0)
	fifth := write(t, s, full, 5, 4, 0)
	complete(t, s, 4, full)
	want := []string{
		manifestName(2), manifestName(4),
		pieceName(0, 1), pieceName(0, 2), pieceName(0, 4), pieceName(0, 5),
	}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	complete(t, s, 5, fifth)
	want = []string{manifestName(4), manifestName(5), pieceName(0, 4), pieceName(0, 5)}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Wherever a file is cut off, and whichever of its bytes is another, the checkpoint before is used
// and this one is told to be torn.
func TestATornCheckpointIsNeverUsed(t *testing.T) {
	s, dir := folderStore(t)
	chain := write(t, s, nil, 1, 0, 0)
	complete(t, s, 1, chain)
	complete(t, s, 2, write(t, s, nil, 2, 0, 0, 1))
	for _, name := range []string{manifestName(2), pieceName(0, 2)} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(whole)/150)
		for at := 0; at < len(whole); at += step {
			flipped := slices.Clone(whole)
			flipped[at] ^= 0x10
			for how, raw := range map[string][]byte{
				"cut off": whole[:at], "flipped": flipped, "longer": append(slices.Clone(whole), 0),
			} {
				if err := os.WriteFile(path, raw, 0o644); err != nil {
					t.Fatal(err)
				}
				o, torn, err := s.Latest()
				if err != nil || o == nil || o.ID != 1 || len(torn) != 1 || torn[0].ID != 2 {
					t.Fatalf("%s, %s at %d: %+v %+v %v", name, how, at, o, torn, err)
				}
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		o, torn, err := s.Latest()
		if err != nil || o.ID != 1 || (len(torn) == 1) != strings.HasPrefix(name, "slot") {
			t.Fatalf("without %s: %+v %v %v", name, o, torn, err)
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if o, torn, err := s.Latest(); err != nil || o.ID != 2 || len(torn) > 0 {
		t.Fatalf("whole again: %+v %v %v", o, torn, err)
	}
}

func TestAFileOfAnotherSlotOrChainIsTorn(t *testing.T) {
	s, dir := folderStore(t)
	chain := write(t, s, nil, 1, 0, 0)
	complete(t, s, 2, write(t, s, chain, 2, 1, 0))
	complete(t, s, 3, write(t, s, nil, 3, 0, 0))
	raw, err := os.ReadFile(filepath.Join(dir, pieceName(0, 3)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, pieceName(0, 2)), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, manifestName(3))); err != nil {
		t.Fatal(err)
	}
	if o, torn, err := s.Latest(); err != nil || o != nil || len(torn) != 1 {
		t.Errorf("%+v %v %v", o, torn, err)
	}
}

func TestAManifestOfSomeSlotsIsRefused(t *testing.T) {
	s, _ := folderStore(t)
	for _, m := range []Manifest{
		{ID: 1, Slots: 2, Parts: []Part{{Slot: 0}}},
		{ID: 1, Slots: 2, Parts: []Part{{Slot: 1}, {Slot: 1}}},
		{ID: 0, Slots: 1, Parts: []Part{{Slot: 0}}},
		{ID: 1, Slots: 1, Parts: []Part{{Slot: 0, Files: []Piece{{Name: "../../etc/passwd"}}}}},
	} {
		if err := s.Complete(m); err == nil {
			t.Errorf("%+v was completed", m)
		}
	}
}

// A lying disk reads back what it has not written, and a process that dies takes it along. Healed,
// it has written all of it.
func TestALyingDiskForgetsWithTheProcess(t *testing.T) {
	real, dir := folderStore(t)
	complete(t, real, 1, write(t, real, nil, 1, 0, 0))
	lying := NewFaulty(real.disk)
	s := NewStore(lying)
	if err := lying.Set(Faults{Lie: true}); err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	complete(t, s, 2, write(t, s, nil, 2, 0, 0))
	complete(t, s, 3, write(t, s, nil, 3, 0, 0))
	if o, torn, err := s.Latest(); err != nil || o.ID != 3 || len(torn) > 0 {
		t.Errorf("the disk does not stand by its lie: %+v %v %v", o, torn, err)
	}
	if got := names(t, dir); !slices.Equal(got, before) {
		t.Errorf("the disk has %v, want %v", got, before)
	}
	if o, _, err := real.Latest(); err != nil || o.ID != 1 {
		t.Errorf("after a kill there is %+v, %v", o, err)
	}
	if err := lying.Set(Faults{}); err != nil {
		t.Fatal(err)
	}
	if o, torn, err := real.Latest(); err != nil || o.ID != 3 || len(torn) > 0 {
		t.Errorf("healed: %+v %v %v", o, torn, err)
	}
	if _, err := real.Open(1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was removed meanwhile is still there: %v", err)
	}
}

func TestAFullDiskSaysSo(t *testing.T) {
	real, dir := folderStore(t)
	full := NewFaulty(real.disk)
	s := NewStore(full)
	w, err := s.Create(0, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := full.Set(Faults{Full: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Create(0, 2, 0); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("create: %v", err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

// memory is a disk that takes no time.
type memory struct{ fstest.MapFS }

type memoryFile struct {
	bytes.Buffer
	to   memory
	name string
}

func (m memory) Create(name string) (File, error) { return &memoryFile{to: m, name: name}, nil }
func (m memory) Remove(name string) error         { delete(m.MapFS, name); return nil }
func (m memory) Rename(from, to string) error {
	m.MapFS[to] = m.MapFS[from]
	delete(m.MapFS, from)
	return nil
}
func (f *memoryFile) Sync() error { return nil }
func (f *memoryFile) Close() error {
	f.to.MapFS[f.name] = &fstest.MapFile{Data: f.Bytes()}
	return nil
}

func TestASlowDiskTakesItsTimeUntilItIsHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := NewFaulty(memory{fstest.MapFS{}})
		s := NewStore(slow)
		if err := slow.Set(Faults{Delay: time.Second, RateBps: 4096}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		files := write(t, s, nil, 1, 0, 0)
		// A page and a little at a page a second, a sync and a rename.
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("writing took %v", took)
		}
		if err := slow.Set(Faults{Delay: time.Hour}); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() { _ = slow.Set(Faults{}) })
		began = time.Now()
		complete(t, s, 1, files)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("completing took %v, healed after a minute", took)
		}
	})
}

// FuzzScan reads any bytes as the file of a slot: they are refused or whole, and nothing else.
func FuzzScan(f *testing.F) {
	m := memory{fstest.MapFS{}}
	w, err := NewStore(m).Create(0, 1, 0)
	if err != nil {
		f.Fatal(err)
	}
	_ = w.Pages(AppendPage(nil, Page{Region: 7, Generation: 1}, page(3)))
	_ = w.State(0, []byte("state"))
	p, err := w.Commit()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.MapFS[p.Name].Data)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := memory{fstest.MapFS{pieceName(0, 1): &fstest.MapFile{Data: raw}}}
		o := &Opened{store: NewStore(m), Manifest: Manifest{
			ID: 1, Slots: 1, Parts: []Part{{Files: []Piece{{pieceName(0, 1), int64(len(raw))}}}},
		}}
		l, err := o.Load(0)
		if (err == nil) != (o.verify() == nil) && l == nil {
			t.Fatalf("read and verify do not agree: %v", err)
		}
		if err != nil {
			return
		}
		for of := range l.pages {
			_, _ = l.Region(of.id, of.generation, 3*PageWords)
		}
	})
}

// FuzzManifest reads any bytes as a manifest.
func FuzzManifest(f *testing.F) {
	raw, err := Manifest{ID: 3, Slots: 1, Parts: []Part{{Files: []Piece{{pieceName(0, 3), 9}}}}}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := decodeManifest(raw); err == nil && m.check() != nil {
			t.Fatalf("%+v: %v", m, m.check())
		}
	})
}
