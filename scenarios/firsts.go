package scenarios

import (
	"github.com/streambench/streambench/workloads"
)

// firsts tells the first result of an identity from those that refine it later, which allowed
// lateness makes possible: only the first is timed from the window's trigger. It remembers what was
// told of each identity as long as its window can be refined.
type firsts struct {
	anchor   int   // column of the window
	identity []int // the other columns of the identity
	counts   int   // column of the count of events, their sum follows; -1: results have none
	horizon  int64 // how far behind the newest window another can still be refined
	newest   int64
	windows  map[int64]map[uint64]inside
	caused   []caused
}

// inside is what went into the newest result of an identity: a count of events and the sum of their
// numbers.
type inside struct{ count, seqSum int64 }

// caused is a result that a single late event called for: one that refines another, or the first of
// a window that had closed without its key.
type caused struct {
	event   int64 // -1: not known, because more than one event was taken in, or none
	refines bool
}

// newFirsts returns nil for a query whose results are never refined.
func newFirsts(q workloads.Query) *firsts {
	anchor, _ := q.Anchor()
	if q.LatenessMs == 0 || anchor < 0 {
		return nil
	}
	f := &firsts{
		anchor: anchor, horizon: q.LatenessMs + 2*q.Window.SizeMs, counts: -1,
		windows: map[int64]map[uint64]inside{},
	}
	if q.SingleLevel() {
		f.counts = q.LineWidth()
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

// split is how many of rows lo..hi-1, all of one window, are the first of their identity and hold
// more than one event; caused then are the others.
func (f *firsts) split(rs *workloads.Results, lo, hi int) (first int64) {
	window := rs.Cols[f.anchor][lo]
	told := f.windows[window]
	if told == nil {
		f.forget(window)
		told = map[uint64]inside{}
		f.windows[window] = told
	}
	f.caused = f.caused[:0]
	for i := lo; i < hi; i++ {
		key, now := f.key(rs, i), f.inside(rs, i)
		before, refines := told[key]
		told[key] = now
		switch {
		case refines:
			f.caused = append(f.caused, caused{now.since(before), true})
		case now.count == 1:
			f.caused = append(f.caused, caused{now.seqSum, false})
		default:
			first++
		}
	}
	return first
}

// inside reads what went into a result; nothing where results do not say.
func (f *firsts) inside(rs *workloads.Results, i int) inside {
	if f.counts < 0 {
		return inside{}
	}
	return inside{rs.Cols[f.counts][i], rs.Cols[f.counts+1][i]}
}

// since is the one event that went in since before; -1 where it is not one.
func (now inside) since(before inside) int64 {
	if now.count != before.count+1 || now.seqSum < before.seqSum {
		return -1
	}
	return now.seqSum - before.seqSum
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
