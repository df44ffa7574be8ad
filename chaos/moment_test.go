package chaos

import (
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

const second = int64(time.Second)

// told is a milestone of a checkpoint, or of none, at a second.
func told(name string, at int64, checkpoint uint64) record.Milestone {
	return record.Milestone{Name: name, AtNs: at * second, Checkpoint: checkpoint}
}

// dueOf is when a wait has come due, in ns; -1 where it has not.
func dueOf(w *Wait) int64 {
	select {
	case at := <-w.Due():
		return int64(at)
	default:
		return -1
	}
}

func TestFaultsWaitForTheirMilestone(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault Planned
		told  []record.Milestone
		due   int64
	}{
		{"the third checkpoint from when counting begins", Planned{When: "checkpoint.3.started+200ms"},
			[]record.Milestone{told("started", 9, 9), told("started", 10, 10), told("completed", 10, 10),
				told("started", 11, 11), told("started", 11, 11), told("started", 12, 12)},
			12*second + 200e6},
		{"the first that is detected", Planned{When: "detected"},
			[]record.Milestone{told("detected", 3, 0), told("detected", 15, 0), told("detected", 16, 0)},
			15 * second},
		{"a rebalance by any name", Planned{When: "rebalance.started"},
			[]record.Milestone{told("started", 11, 1), told("detected", 15, 0)}, 15 * second},
		{"a phase", Planned{During: "restore"},
			[]record.Milestone{told("restore.started", 14, 0)}, 14 * second},
		{"between two", Planned{Between: []string{"precommit", "commit"}},
			[]record.Milestone{told("commit", 11, 1), told("precommit", 12, 2)}, 12 * second},
		{"what never comes", Planned{When: "commit"},
			[]record.Milestone{told("commit", 3, 1), told("precommit", 12, 2)}, -1},
	} {
		m := &Moments{}
		w := m.Wait(c.fault, 10*second)
		for _, ms := range c.told {
			m.Add(ms)
		}
		if got := dueOf(w); got != c.due {
			t.Errorf("%s: due at %d, want %d", c.name, got, c.due)
		}
	}
	if w := (&Moments{}).Wait(Planned{At: 5}, 0); w != nil {
		t.Error("a fault with a time waits for a milestone")
	}
}

// TestAShotLandsInItsPhaseOrDoesNot is decided by the milestones, however late they are told.
func TestAShotLandsInItsPhaseOrDoesNot(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  Planned
		closes record.Milestone
		at     int64
		landed bool
	}{
		{"before the end", Planned{During: "checkpoint"}, told("completed", 14, 7), 13, true},
		{"after the end", Planned{During: "checkpoint"}, told("completed", 14, 7), 15, false},
		{"the end is another checkpoint's", Planned{During: "checkpoint"}, told("completed", 14, 6), 15,
			true},
		{"it was given up", Planned{During: "checkpoint"}, told("abandoned", 13, 7), 14, false},
		{"the second came", Planned{Between: []string{"checkpoint.1.started", "commit"}},
			told("commit", 14, 7), 15, false},
	} {
		m := &Moments{}
		w := m.Wait(c.fault, 10*second)
		m.Add(told("started", 12, 7))
		if dueOf(w) != 12*second {
			t.Errorf("%s: not due", c.name)
		}
		m.Add(c.closes)
		if got := w.Landed(c.at * second); got != c.landed {
			t.Errorf("%s: landed %v", c.name, got)
		}
		w.End()
		if len(m.waiting) > 0 {
			t.Errorf("%s: still waiting", c.name)
		}
	}
}
