package native

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/checkpoint"
)

// kept are the files in which results wait until they become visible: one an epoch of a slot. Those
// that count lead from a checkpoint back to the one up to which results are visible:
//
//	visible up to 4 <-- kept-0-4-5-1 <-- kept-0-5-7-1 <-- checkpoint 7
//	                \-- kept-0-4-6-0: of an attempt that had to go back to 4, and hangs on none
type kept struct {
	disk    checkpoint.Disk
	attempt uint64
}

const keptPrefix = "kept-"

func keptName(e log.Epoch) string { return keptPrefix + e.String() }

// write writes the file of an epoch, durably and whole or not at all.
func (k kept) write(e log.Epoch, body []byte) error {
	name := keptName(e)
	f, err := k.disk.Create(name + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(log.Sum(body))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = k.disk.Rename(name+".new", name)
	}
	return err
}

// read reads the file of an epoch.
func (k kept) read(e log.Epoch) ([]byte, error) {
	body, err := fs.ReadFile(k.disk, keptName(e))
	if err != nil {
		return nil, err
	}
	body, ok := log.CheckSum(body)
	if !ok {
		return nil, fmt.Errorf("%s is damaged: its checksum does not match", keptName(e))
	}
	return body, nil
}

// list are the epochs of a slot whose files begin with a prefix.
func (k kept) list(slot int, prefix string) (all []log.Epoch, err error) {
	entries, err := fs.ReadDir(k.disk, ".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name, ok := strings.CutPrefix(entry.Name(), prefix)
		if !ok {
			continue
		}
		if e, ok := log.ParseEpoch(name); ok && e.Slot == slot {
			all = append(all, e)
		}
	}
	return all, nil
}

// chain are the epochs of a slot that lead from a checkpoint to another, the oldest first. One that
// is missing is an error. The end of the stream has no number of its own: it is that of this
// attempt.
func (k kept) chain(slot int, from, upTo uint64) ([]log.Epoch, error) {
	all, err := k.list(slot, keptPrefix)
	if err != nil {
		return nil, err
	}
	var chain []log.Epoch
	for at := upTo; at > from; at = chain[len(chain)-1].After {
		i := slices.IndexFunc(all, func(e log.Epoch) bool {
			return e.UpTo == at && (at != math.MaxUint64 || e.Attempt == k.attempt)
		})
		if i < 0 {
			return nil, fmt.Errorf("results of slot %d up to checkpoint %d are gone", slot, at)
		}
		chain = append(chain, all[i])
	}
	slices.Reverse(chain)
	return chain, nil
}

// drop removes what earlier attempts have kept of a slot.
func (k kept) drop(slot int) error {
	all, err := k.list(slot, keptPrefix)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Attempt >= k.attempt {
			continue
		}
		if err := k.disk.Remove(keptName(e)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
