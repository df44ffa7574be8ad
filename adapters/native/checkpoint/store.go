// Package checkpoint keeps what slots write down of their state, in a folder of files.
package checkpoint

import "errors"

// Store is a folder of checkpoints.
type Store struct{ disk Disk }

// NewStore makes a store of what lies on a disk.
func NewStore(d Disk) *Store { return &Store{disk: d} }

// Complete makes a checkpoint one that can be restored: it returns when its manifest is durable.
// It then removes what neither the last two completed ones nor later ones need. One process of a
// job calls it.
func (s *Store) Complete(m Manifest) error { return errors.ErrUnsupported }

// Latest opens the newest completed checkpoint whose manifest and files are all whole, nil if there
// is none, and says which newer ones were torn.
func (s *Store) Latest() (*Opened, []Torn, error) { return nil, nil, errors.ErrUnsupported }

// Open opens a completed checkpoint. Its files are checked when they are read.
func (s *Store) Open(id uint64) (*Opened, error) { return nil, errors.ErrUnsupported }

// Opened is a completed checkpoint.
type Opened struct {
	Manifest
	store *Store
}

// Mark is where the source of a slot was, nil if it did not say.
func (o *Opened) Mark(slot int) []byte {
	for _, p := range o.Parts {
		if p.Slot == slot {
			return p.Mark
		}
	}
	return nil
}

// Marks are the marks of all slots.
func (o *Opened) Marks() map[int][]byte {
	all := map[int][]byte{}
	for _, p := range o.Parts {
		all[p.Slot] = p.Mark
	}
	return all
}
