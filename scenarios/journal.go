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

	spent spent // so far; one sampler at a time writes it
	// goneNs is what nodes of repetitions that are over have spent in processes of their own.
	goneNs int64
}

// spent is processor time by role; other is that of instances beside the one that is measured, and
// process is that of all roles in this process, in those of the nodes of the system, and of the
// tool itself.
type spent struct{ driverNs, systemNs, otherNs, processNs int64 }

// since is what was spent after an earlier reading. Roles that share a process take their time by
// the clock, which goes on while the host runs something else: where they claim more than the
// process has used, each is cut by the same share.
func (s spent) since(before spent) spent {
	d := spent{
		max(0, s.driverNs-before.driverNs), max(0, s.systemNs-before.systemNs),
		max(0, s.otherNs-before.otherNs), max(0, s.processNs-before.processNs),
	}
	claimed := d.driverNs + d.systemNs + d.otherNs
	if s.processNs == 0 || claimed <= d.processNs {
		return d
	}
	share := float64(d.processNs) / float64(claimed)
	for _, ns := range []*int64{&d.driverNs, &d.systemNs, &d.otherNs} {
		*ns = int64(float64(*ns) * share)
	}
	return d
}

func (s *spent) add(d spent) {
	s.driverNs += d.driverNs
	s.systemNs += d.systemNs
	s.otherNs += d.otherNs
	s.processNs += d.processNs
}

// toolNs is what no other role has spent.
func (s spent) toolNs() int64 { return max(0, s.processNs-s.driverNs-s.systemNs-s.otherNs) }

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
