package summary

import (
	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

// Checkpoints are how long they took while a fault lasted, beside the time before it: a disk that
// has become slow shows there first.
type Checkpoints struct {
	BeforeNs int64 `json:"beforeNs"` // median
	DuringNs int64 `json:"duringNs"` // median
	During   int   `json:"during"`   // completed while it lasted
}

// checkpoints are those before a fault and while it lasted; nil where there is nothing to compare.
func (b *breakage) checkpoints() *Checkpoints {
	to := b.untilNs()
	if b.fault.HealedNs > b.t0 {
		to = min(to, b.fault.HealedNs)
	}
	before := b.trail.checkpointsTook(b.band.FromNs, b.band.ToNs)
	during := b.trail.checkpointsTook(b.t0, to)
	if len(before) == 0 || len(during) == 0 {
		return nil
	}
	return &Checkpoints{int64(stats.Median(before).Median), int64(stats.Median(during).Median),
		len(during)}
}

// checkpointsTook are how long the checkpoints took that were completed between two times, in ns.
func (t *Trail) checkpointsTook(from, to int64) (took []float64) {
	started := map[uint64]int64{}
	for i := range t.Milestones {
		m := &t.Milestones[i]
		if word(m, record.MilestoneStarted) {
			started[m.Checkpoint] = m.AtNs
		}
		if !word(m, record.MilestoneCompleted) || m.AtNs < from || m.AtNs >= to {
			continue
		}
		since, known := started[m.Checkpoint]
		switch {
		case m.TookNs > 0:
			took = append(took, float64(m.TookNs))
		case known && m.AtNs >= since:
			took = append(took, float64(m.AtNs-since))
		}
	}
	return took
}

// checkpointDuration is the median time of the checkpoints that were completed in steady.
func checkpointDuration(f map[string]float64, t *Trail) {
	from, to, ok := t.Steady()
	if !ok {
		return
	}
	if took := t.checkpointsTook(from, to); len(took) > 0 {
		f["checkpoint.duration"] = stats.Median(took).Median
	}
}
