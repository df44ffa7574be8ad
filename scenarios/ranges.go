package scenarios

import (
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// ranges follows how far each key range of a job has come: the keys a slot owns. Results tell the
// range by their key; where they have none and answer one event each, by the shard their event was
// taken in; else the job has one range.
//
//	range 0  ----w7----w8----w9           newest trigger of each
//	range 1  ----w7---x                   its worker is gone
//	processed     w7                      of the least advanced, whatever the others answer
//
// Nobody knows while a system runs whether a range owes a result for a window or has none in it.
// One that never left a window out is waited for at once; one that does leave some out is as soon
// as it is silent for longer than it ever was.
type ranges struct {
	n       int
	column  int // of the key in a result; -1: none
	byShard bool

	newest  []uint64 // slot after the newest trigger of a range; 0: none
	dueNs   []int64  // when that trigger was due
	spaceNs []int64  // longest time between the triggers of two results that followed each other
	recent  []recent // nil where no fault is to be watched
	watches []*lookout

	top   uint64 // newest of them all
	topNs int64
	seen  []bool // ranges of the results at hand
}

// newRanges divides the results of a query among the slots of a job.
func newRanges(q workloads.Query, slots int) *ranges {
	r := &ranges{n: max(slots, 1), column: -1}
	switch column := keyColumn(q); {
	case column >= 0 && q.Rank == nil:
		r.column = column
	case q.PerEvent() && q.Key == "":
		r.byShard = true
	default:
		r.n = 1
	}
	r.newest, r.dueNs = make([]uint64, r.n), make([]int64, r.n)
	r.spaceNs, r.seen = make([]int64, r.n), make([]bool, r.n)
	return r
}

// keyColumn is the column of the key in a result, -1 where it is not in it.
func keyColumn(q workloads.Query) int {
	column := 0
	for _, f := range q.Output.Fields {
		if f.Name == q.Key && q.Key != "" {
			return column
		}
		column += q.FieldWidth(f)
	}
	return -1
}

// keep has the ranges remember a little of what came, so that a fault can be watched from an
// instant that is over when it is known.
func (r *ranges) keep() { r.recent = make([]recent, r.n) }

// took takes rows lo..hi-1 of one trigger, which was due at a time since T0.
func (r *ranges) took(rs *workloads.Results, at row, lo, hi int) {
	switch {
	case r.n == 1:
		r.advance(0, at)
	case r.byShard:
		r.advance(int(at.trigger%uint64(r.n)), at)
	default:
		for i := lo; i < hi; i++ {
			r.seen[workloads.SlotOf(rs.Cols[r.column][i], r.n)] = true
		}
		for p, seen := range r.seen {
			if seen {
				r.seen[p] = false
				r.advance(p, at)
			}
		}
	}
}

// row is what the ranges have to know of a result: its trigger, and two times since T0.
type row struct {
	trigger    uint64
	dueNs      int64
	receivedNs int64
}

// advance notes a result of a range.
func (r *ranges) advance(p int, at row) {
	if at.trigger+1 <= r.newest[p] {
		return
	}
	if r.newest[p] > 0 {
		r.spaceNs[p] = max(r.spaceNs[p], at.dueNs-r.dueNs[p])
	}
	r.newest[p], r.dueNs[p] = at.trigger+1, at.dueNs
	if at.trigger+1 > r.top {
		r.top, r.topNs = at.trigger+1, at.dueNs
	}
	if r.recent != nil {
		r.recent[p].add(at)
	}
	for _, w := range r.watches {
		w.took(p, at)
	}
}

// processed is how far the least advanced range that owes results has come: the slot after its
// newest trigger.
func (r *ranges) processed() uint64 {
	least, usual := r.top, r.usual()
	for p, n := range r.newest {
		switch {
		case n == 0 || n >= least:
		case r.spaceNs[p] <= usual, r.topNs-r.dueNs[p] > r.spaceNs[p]:
			least = n
		}
	}
	return least
}

// usual is the longest time between two triggers of a range that leaves none out: that of the most
// regular range, and half of it for what is no more than luck.
func (r *ranges) usual() int64 {
	least := int64(-1)
	for _, ns := range r.spaceNs {
		if ns > 0 && (least < 0 || ns < least) {
			least = ns
		}
	}
	return least + least/2
}

const (
	// recentRows results of a range are remembered, recentEvery apart: a witness needs less time
	// than they span.
	recentRows  = 1024
	recentEvery = int64(1e6)
)

// recent are results of a range in the order they came, the oldest forgotten.
type recent struct {
	rows []row
	next int
}

func (h *recent) add(at row) {
	if n := len(h.rows); n > 0 {
		last := &h.rows[(h.next+n-1)%n]
		if at.receivedNs-last.receivedNs < recentEvery {
			last.trigger, last.dueNs = at.trigger, at.dueNs
			return
		}
	}
	if len(h.rows) < recentRows {
		h.rows = append(h.rows, at)
		return
	}
	h.rows[h.next] = at
	h.next = (h.next + 1) % recentRows
}

// first is when the first result came whose trigger was due at a time since T0 or later.
func (h *recent) first(dueNs int64) (receivedNs int64, ok bool) {
	for i := range h.rows {
		if at := h.rows[(h.next+i)%len(h.rows)]; at.dueNs >= dueNs {
			return at.receivedNs, true
		}
	}
	return 0, false
}

// lookout waits, for every range, for the first result that needs an event due after a fault.
type lookout struct {
	fault int
	t0Ns  int64
	atNs  []int64
	left  int
}

func (w *lookout) took(p int, at row) {
	if w.left > 0 && w.atNs[p] <= 0 && at.dueNs >= w.t0Ns {
		w.atNs[p] = at.receivedNs
		w.left--
	}
}

// watch begins to wait after a fault that took effect at a time since T0, now or a moment ago. What
// came of a range before that tells whether anything is to be expected of it.
func (r *ranges) watch(fault int, t0Ns int64) {
	w := &lookout{fault: fault, t0Ns: t0Ns, atNs: make([]int64, r.n), left: r.n}
	for p := range r.n {
		if r.newest[p] == 0 {
			w.atNs[p] = record.NeverFirst
		}
		if at, ok := r.recent[p].first(t0Ns); ok {
			w.atNs[p] = at
			w.left--
		}
	}
	r.watches = append(r.watches, w)
}

// firsts are the first results after each fault that was watched, as far as they have come.
func (r *ranges) firsts() []record.Firsts {
	var all []record.Firsts
	for _, w := range r.watches {
		all = append(all, record.Firsts{Fault: w.fault, AtNs: append([]int64(nil), w.atNs...)})
	}
	return all
}
