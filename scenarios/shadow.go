package scenarios

import (
	"sync"
	"sync/atomic"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// caughtUpNs is how far behind its schedule a second instance may be to have caught up with it.
const caughtUpNs = int64(1e9)

// shadow takes the results of a second instance. Nobody waits for them, so it times none; it reads
// from them how far the instance is, and notices when that is less than a second of the load
// behind.
type shadow struct {
	load    *adapters.Load
	checker workloads.Checker
	finder  *workloads.TriggerFinder
	column  int
	row     []int64
	taken   atomic.Uint64
	caught  chan struct{} // closed when it has caught up

	mu          sync.Mutex
	newest      uint64 // slots up to the newest trigger whose results are here
	first, last progress
	caughtNs    int64 // read after caught
}

// progress is how far an instance was and when.
type progress struct {
	ns    int64 // since T0
	slots uint64
	seen  bool
}

func newShadow(w *workloads.Workload, l *adapters.Load, c workloads.Checker) *shadow {
	column, _ := w.Query.Anchor()
	return &shadow{
		load: l, checker: c, finder: workloads.NewTriggerFinder(w), column: column,
		row: make([]int64, w.Query.Width()), caught: make(chan struct{}),
	}
}

// begin says that the instance has processed nothing by ns. Where nobody can say so, as it may read
// while it is still being deployed, its pace counts from its first results.
func (s *shadow) begin(ns int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = progress{ns: ns, seen: true}
	s.last = s.first
}

// Collect takes a batch of results received at a time since T0.
func (s *shadow) Collect(rs *workloads.Results, receivedNs int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checker.Add(rs, receivedNs); err != nil {
		return err
	}
	s.taken.Add(uint64(rs.N))
	if rs.Stream != workloads.Answers || rs.N == 0 {
		return nil
	}
	if newest := s.newestOf(rs); newest > s.newest {
		s.newest = newest
		s.advance(receivedNs)
	}
	return nil
}

// newestOf is the end of the newest trigger of a batch.
func (s *shadow) newestOf(rs *workloads.Results) (newest uint64) {
	anchor := rs.Cols[s.column][:rs.N]
	for i := range anchor {
		if i > 0 && anchor[i] == anchor[i-1] {
			continue
		}
		if slot, ok := s.finder.Of(rs.Row(s.row, i)); ok && s.load.Has(slot) {
			newest = max(newest, slot+1)
		}
	}
	return newest
}

// advance keeps the pace while the instance is behind, and notices when it no longer is. Once the
// whole stream has been due there is nothing left to catch up with.
func (s *shadow) advance(receivedNs int64) {
	if s.caughtNs != 0 || !s.load.Has(s.load.DueBy(receivedNs)) {
		return
	}
	now := progress{ns: receivedNs, slots: s.newest, seen: true}
	caught := s.newest > s.load.DueBy(receivedNs-caughtUpNs)
	if !s.first.seen {
		s.first = now
	}
	// Once it has caught up it waits for the schedule. If these are its first results, their time
	// is a lower bound of its pace, and all there is.
	if !caught || s.last == s.first {
		s.last = now
	}
	if caught {
		s.caughtNs = receivedNs
		close(s.caught)
	}
}

// pace are two times between which the instance was behind, with how far it was.
func (s *shadow) pace() (from, to progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first, s.last
}
