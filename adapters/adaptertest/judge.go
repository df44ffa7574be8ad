package adaptertest

import (
	"sync"
	"sync/atomic"

	"github.com/streambench/streambench/workloads"
)

// judge is a collector that hands everything to the oracle.
type judge struct {
	mu      sync.Mutex
	checker workloads.Checker
}

// Collect adds results to the ledger.
func (j *judge) Collect(rs *workloads.Results, ns int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.checker.Add(rs, ns)
}

// counter is a collector that only counts.
type counter struct{ n atomic.Int64 }

// Collect counts results.
func (c *counter) Collect(rs *workloads.Results, _ int64) error {
	c.n.Add(int64(rs.N))
	return nil
}
