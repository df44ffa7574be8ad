package scenarios

import (
	"github.com/streambench/streambench/workloads"
)

// firsts tells the first result of an identity from those that refine it later, which allowed
// lateness makes possible: only the first is timed, since nothing in a refinement's line names the
// late event that called for it. It remembers identities as long as their window can be refined.
type firsts struct {
	anchor   int   // column of the window
	identity []int // the other columns of the identity
	horizon  int64 // how far behind the newest window another can still be refined
	newest   int64
	windows  map[int64]map[uint64]struct{}
}

// newFirsts returns nil for a query whose results are never refined.
func newFirsts(q workloads.Query) *firsts {
	anchor, _ := q.Anchor()
	if q.LatenessMs == 0 || anchor < 0 {
		return nil
	}
	f := &firsts{
		anchor: anchor, horizon: q.LatenessMs + 2*q.Window.SizeMs,
		windows: map[int64]map[uint64]struct{}{},
	}
	column := 0
	for _, field := range q.Output.Fields {
		if field.Identity && column != anchor {
			f.identity = append(f.identity, column)
		}
		column += q.FieldWidth(field)
	}
	return f
}

// count is how many of rows lo..hi-1, all of one window, are the first of their identity.
func (f *firsts) count(rs *workloads.Results, lo, hi int) int64 {
	window := rs.Cols[f.anchor][lo]
	seen := f.windows[window]
	if seen == nil {
		f.forget(window)
		seen = map[uint64]struct{}{}
		f.windows[window] = seen
	}
	before := len(seen)
	for i := lo; i < hi; i++ {
		seen[f.key(rs, i)] = struct{}{}
	}
	return int64(len(seen) - before)
}

// key folds the rest of an identity into 64 bits (FNV-1a over words). Two identities of one window
// that collide would leave one sample out of the latencies; the ledger does not depend on it.
func (f *firsts) key(rs *workloads.Results, i int) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range f.identity {
		h = (h ^ uint64(rs.Cols[c][i])) * 1099511628211
	}
	return h
}

// forget drops the windows that can no longer be refined now that a newer one has come.
func (f *firsts) forget(window int64) {
	if window <= f.newest {
		return
	}
	f.newest = window
	for w := range f.windows {
		if w < window-f.horizon {
			delete(f.windows, w)
		}
	}
}
