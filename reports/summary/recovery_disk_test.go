package summary_test

import (
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// A disk that is slow for ten seconds moves no work: nothing is restored and nothing answered
// twice, but checkpoints take longer.
func TestASlowDiskShowsInCheckpointsAlone(t *testing.T) {
	f := fluid{offered: 100e3, capacity: 400e3, steady: 40 * time.Second,
		stops: []stop{{at: 14 * time.Second, first: msec, silentT1: true, silentT2: true, silentT3: true}}}
	m, entries, log := f.run(t)
	healed := int64(24e9)
	for _, e := range entries {
		switch {
		case e.Fault != nil:
			e.Fault.Verb, e.Fault.Text, e.Fault.HealedNs = "disk", "disk worker-2 slow 50ms", healed
		case e.Milestone != nil && e.Milestone.Name == record.MilestoneCompleted &&
			e.Milestone.AtNs > 14e9 && e.Milestone.AtNs < healed:
			e.Milestone.AtNs += 160e6
		}
	}
	deployed := record.Entry{Kind: record.KindMilestone, System: "native", Rep: 1,
		Milestone: &record.Milestone{Name: record.MilestoneRestored, Slots: []int{2, 3}}}
	r, err := summary.Summarize(m, append(entries, deployed), log)
	if err != nil {
		t.Fatal(err)
	}
	x := r.Systems[0].Recoveries[0]
	if c := x.Checkpoints; c == nil || c.BeforeNs != 40e6 || c.DuringNs != 200e6 || c.During != 10 {
		t.Errorf("checkpoints %+v", c)
	}
	if x.Replay == nil || !x.Replay.Nothing || x.Replay.Events != 0 {
		t.Errorf("replayed %+v", x.Replay)
	}
	if !strings.Contains(r.Sentence, "; it recovered from disk worker-2 slow 50ms in ") {
		t.Errorf("sentence %q", r.Sentence)
	}
}
