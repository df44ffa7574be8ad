package engine

import "fmt"

// arena owns the keyed state of a slot and holds it against the slot's limit.
type arena struct {
	tables      []*table
	slabs       []*slab
	used, limit uint64    // bytes; no limit if 0
	batchRows   int       // the most keys a table locates at once
	recorder    *recorder // that writes the state down; nil where nobody does
}

// stateFull is what state panics with when the limit is reached; the slot turns it into an error.
type stateFull struct{ limit uint64 }

func (e stateFull) Error() string {
	return fmt.Sprintf("keyed state exceeds its limit of %d MiB", e.limit>>20)
}

func (a *arena) take(bytes int) {
	a.used += uint64(bytes)
	if a.limit > 0 && a.used > a.limit {
		panic(stateFull{a.limit})
	}
}

func (a *arena) give(bytes int) { a.used -= uint64(bytes) }

// close unmaps all of it.
func (a *arena) close() {
	for _, t := range a.tables {
		release(t.rows)
		releaseIndex(t.index)
		releaseIndex(t.old)
	}
	for _, s := range a.slabs {
		release(s.words)
	}
	*a = arena{}
}
