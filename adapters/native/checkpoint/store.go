// Package checkpoint keeps what slots write down of their state, in a folder of files.
//
//	slot:        Create --pages, state--> Commit: slot-003-…42.part, durable
//	coordinator: parts of all slots --Complete--> manifest-…42.json; what is old goes
//	restart:     Latest: the newest whose manifest and files are whole --Load--> slot
//
// A file holds what changed since the one before it in the slot's chain; each is written under
// another name first and takes its own once it is durable. A checkpoint counts once its manifest
// is durable, which names all the files it needs.
package checkpoint

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

// Store is a folder of checkpoints. Any goroutine may use it.
type Store struct{ disk Disk }

// NewStore makes a store of what lies on a disk.
func NewStore(d Disk) *Store { return &Store{disk: d} }

// kept is how many completed checkpoints stay.
const kept = 2

// Complete makes a checkpoint one that can be restored: it returns when its manifest is durable.
// It then removes what neither the last two completed ones nor later ones need. One process of a
// job calls it.
func (s *Store) Complete(m Manifest) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("complete checkpoint: %w", err)
	}
	raw, err := m.encode()
	if err != nil {
		return fmt.Errorf("complete checkpoint %d: %w", m.ID, err)
	}
	if err := s.write(manifestName(m.ID), raw); err != nil {
		return fmt.Errorf("complete checkpoint %d: %w", m.ID, err)
	}
	s.collect(m.ID)
	return nil
}

// write makes a file durable under its name.
func (s *Store) write(name string, raw []byte) error {
	f, err := s.disk.Create(name + temporary)
	if err != nil {
		return err
	}
	if _, err = f.Write(raw); err == nil {
		err = f.Sync()
	}
	err = cmp.Or(err, f.Close())
	if err != nil {
		_ = s.disk.Remove(name + temporary)
		return err
	}
	return s.disk.Rename(name+temporary, name)
}

// collect removes what is no longer needed once a checkpoint is completed. What cannot be removed
// now will be when the next one is. Files of later checkpoints are being written; those they build
// on belong to the one that was completed, since every slot has a part in it.
func (s *Store) collect(newest uint64) {
	names, ids, err := s.list()
	if err != nil {
		return
	}
	need := map[string]bool{}
	found := 0
	for _, id := range ids {
		if id > newest || found == kept {
			continue
		}
		m, err := s.manifest(id)
		if err != nil {
			continue // it is no use, and the one before it stays in its place
		}
		found++
		need[manifestName(id)] = true
		for _, p := range m.Parts {
			for _, f := range p.Files {
				need[f.Name] = true
			}
		}
	}
	for _, name := range names {
		id, ours := pieceID(name)
		if !ours {
			id, ours = manifestID(name)
		}
		if ours && id <= newest && !need[name] {
			_ = s.disk.Remove(name)
		}
	}
}

// list is what lies in the folder, and the ids of completed checkpoints, newest first.
func (s *Store) list() (names []string, ids []uint64, err error) {
	entries, err := fs.ReadDir(s.disk, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("list checkpoints: %w", err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
		if id, ok := manifestID(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uint64) int { return cmp.Compare(b, a) })
	return names, ids, nil
}

func (s *Store) manifest(id uint64) (Manifest, error) {
	raw, err := fs.ReadFile(s.disk, manifestName(id))
	if err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	m, err := decodeManifest(raw)
	if err == nil && m.ID != id {
		err = fmt.Errorf("%w: it is the manifest of checkpoint %d", errDamaged, m.ID)
	}
	if err != nil {
		return m, fmt.Errorf("read manifest %d: %w", id, err)
	}
	return m, nil
}

// Latest opens the newest completed checkpoint whose manifest and files are all whole, nil if there
// is none, and says which newer ones were torn.
func (s *Store) Latest() (*Opened, []Torn, error) {
	_, ids, err := s.list()
	if err != nil {
		return nil, nil, err
	}
	var torn []Torn
	for _, id := range ids {
		o, err := s.Open(id)
		if err == nil {
			err = o.verify()
		}
		if err == nil {
			return o, torn, nil
		}
		torn = append(torn, Torn{ID: id, Why: err})
	}
	return nil, torn, nil
}

// Open opens a completed checkpoint. Its files are checked when they are read.
func (s *Store) Open(id uint64) (*Opened, error) {
	m, err := s.manifest(id)
	if err != nil {
		return nil, err
	}
	return &Opened{Manifest: m, store: s}, nil
}

// verify reads every file, those of several slots at once.
func (o *Opened) verify() error {
	errs := make([]error, len(o.Parts))
	var wg sync.WaitGroup
	for i, p := range o.Parts {
		wg.Go(func() {
			for n := range p.Files {
				if errs[i] == nil {
					errs[i] = o.scan(p, n, false, func(int, []byte) error { return nil })
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
