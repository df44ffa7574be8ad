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

	mu       sync.Mutex
	newest   uint64 // slots up to the newest trigger whose results are here
	last     pace
	caughtNs int64 // read after caught
}

// pace is how far an instance was at a time since T0, while it was behind. atLeast says that it was
// behind no more: its first results came when it had caught up, and it may have waited for them, or
// for the schedule.
type pace struct {
	slots   uint64
	ns      int64
	atLeast bool
}

func newShadow(w *workloads.Workload, l *adapters.Load, c workloads.Checker) *shadow {
	column, _ := w.Query.Anchor()
	return &shadow{
		load: l, checker: c, finder: workloads.NewTriggerFinder(w), column: column,
		row: make([]int64, w.Query.Width()), caught: make(chan struct{}),
	}
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
	if newest := s.newestOf(rs, receivedNs); newest > s.newest {
		s.newest = newest
		s.advance(receivedNs)
	}
	return nil
}

// newestOf is the end of the newest trigger of a batch. Where results do not tell, it is as far as
// the instance has taken its input: the result of an event follows on it.
func (s *shadow) newestOf(rs *workloads.Results, receivedNs int64) (newest uint64) {
	if s.column < 0 {
		return s.load.Account(receivedNs).Accepted
	}
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
	caught := s.newest > s.load.DueBy(receivedNs-caughtUpNs)
	if !caught || s.last.slots == 0 {
		s.last = pace{slots: s.newest, ns: receivedNs, atLeast: caught}
	}
	if caught {
		s.caughtNs = receivedNs
		close(s.caught)
	}
}
