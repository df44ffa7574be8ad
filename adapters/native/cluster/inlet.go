package cluster

import (
	"fmt"
	"sync"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// inlet is where the results of all workers come together, in the runner. Under exactly-once an
// epoch stays aside until the coordinator commits it: then it is visible, and stamped. A newer
// attempt drops what was not committed, and whatever the older one still sends.
//
// It never removes duplicates by identity: that would hide what the ledger is there to find. A
// result that is sent again under a new attempt is taken again.
type inlet struct {
	query     workloads.Query
	collector adapters.Collector
	nowNs     func() int64 // since T0
	holds     bool
	unfenced  bool // a planted mistake: older attempts are taken too

	mu       sync.Mutex
	attempt  uint64
	visible  uint64 // epochs below are
	held     []held // in the order they came
	heldB    uint64
	free     []*workloads.Results
	fencedOf map[string]bool
}

// held is a batch that is not visible yet.
type held struct {
	epoch uint64
	slot  int
	rs    *workloads.Results
}

// maxHeldB bounds what is kept aside.
const maxHeldB = 4 << 30

// rowsOf is the room of a batch that is kept for reuse.
const rowsOf = batchRows

func newInlet(job adapters.Job, j *job) *inlet {
	return &inlet{
		query: job.Workload.Query, collector: job.Collector, nowNs: job.Load.NowNs,
		holds: j.holds(), unfenced: j.Plant == plantUnfenced, fencedOf: map[string]bool{},
	}
}

// room makes room for a batch.
func (in *inlet) room(of workloads.Stream, rows int) *workloads.Results {
	if of == workloads.Answers && rows <= rowsOf {
		in.mu.Lock()
		defer in.mu.Unlock()
		if last := len(in.free) - 1; last >= 0 {
			rs := in.free[last]
			in.free = in.free[:last]
			return rs
		}
		return workloads.NewResultsOf(in.query, of, rowsOf)
	}
	return workloads.NewResultsOf(in.query, of, max(rows, 1))
}

// take takes a batch, or drops it as it is of an attempt that was fenced; first says that it is the
// first such batch of a node's attempt.
func (in *inlet) take(node string, r results) (first bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if r.attempt < in.attempt && !in.unfenced {
		in.recycle(r.rs)
		key := fmt.Sprintf("%s/%d", node, r.attempt)
		first = !in.fencedOf[key]
		in.fencedOf[key] = true
		return first, nil
	}
	if !in.holds || r.epoch < in.visible {
		return false, in.show(r.rs)
	}
	in.heldB += size(r.rs)
	if in.heldB > maxHeldB {
		return false, fmt.Errorf("keep results until they are committed: %d MiB wait for "+
			"checkpoint %d: make checkpoints more often", in.heldB>>20, r.epoch+1)
	}
	in.held = append(in.held, held{r.epoch, r.slot, r.rs})
	return false, nil
}

// current is the attempt whose results are taken.
func (in *inlet) current() uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.attempt
}

func size(rs *workloads.Results) uint64 { return uint64(rs.N * len(rs.Cols) * 8) }

// show makes a batch visible.
func (in *inlet) show(rs *workloads.Results) error {
	err := in.collector.Collect(rs, in.nowNs())
	in.recycle(rs)
	return err
}

func (in *inlet) recycle(rs *workloads.Results) {
	if rs.Stream == workloads.Answers && rs.Cap() == rowsOf && len(in.free) < 1<<14 {
		rs.N = 0
		in.free = append(in.free, rs)
	}
}

// commit makes the epochs below a checkpoint visible, those of all for math.MaxUint64. Doing it
// again changes nothing.
func (in *inlet) commit(attempt, id uint64) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if attempt < in.attempt && !in.unfenced {
		return nil
	}
	return in.release(id)
}

func (in *inlet) release(id uint64) error {
	in.visible = max(in.visible, id)
	kept := in.held[:0]
	for _, h := range in.held {
		if h.epoch >= id {
			kept = append(kept, h)
			continue
		}
		in.heldB -= size(h.rs)
		if err := in.show(h.rs); err != nil {
			return err
		}
	}
	clear(in.held[len(kept):])
	in.held = kept
	return nil
}

// fence begins a new attempt: what the old one had completed is visible, the rest of it is dropped.
func (in *inlet) fence(f fence) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if f.Attempt <= in.attempt {
		return nil
	}
	if err := in.release(f.Done); err != nil {
		return err
	}
	for _, h := range in.held {
		in.recycle(h.rs)
	}
	in.held, in.heldB = nil, 0
	in.attempt = f.Attempt
	return nil
}
