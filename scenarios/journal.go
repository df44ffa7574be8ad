package scenarios

import (
	"context"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// journal is where a run writes: entries to the sinks, latencies to the log. Any goroutine may add.
type journal struct {
	start   time.Time // zero of the run's clock
	latency *record.Histograms
	cancel  context.CancelCauseFunc // ends the run when its record cannot be written
	alone   *presence

	mu    sync.Mutex
	sinks []record.Sink
	err   error

	spent spent // by repetitions that are over
}

// spent is processor time by role, of all repetitions so far; other is that of instances beside the
// one that is measured.
type spent struct{ driverNs, systemNs, otherNs int64 }

// now is the time on the run's clock.
func (j *journal) now() int64 { return int64(time.Since(j.start)) }

// add stamps an entry and hands it to every sink. The first sink that fails ends the run: what is
// not recorded did not happen.
func (j *journal) add(e record.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.T = j.now()
	for _, s := range j.sinks {
		if err := s.Add(e); err != nil && j.err == nil {
			j.err = notReady("record the run: %w", err)
			j.cancel(j.err)
		}
	}
}
