package chaos

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Moments hands the milestones of a system to the faults that wait for one. Any goroutine may call
// its methods. It keeps nothing of a milestone that nobody waits for.
type Moments struct {
	mu      sync.Mutex
	waiting []*Wait
}

// Wait waits for the milestone of one fault, and watches whether the phase it opens is over before
// the fault took effect.
type Wait struct {
	of      *Moments
	opens   mark
	closes  mark
	phase   string
	delay   time.Duration
	fromNs  int64
	counted uint64 // of opens, so far
	last    uint64 // checkpoint that was counted last
	opened  *record.Milestone
	closeNs int64 // when the phase was over; 0 = not yet
	due     chan time.Duration
}

// mark is a milestone as a fault names it: of several names the first to come, nth in number.
type mark struct {
	names []string
	nth   uint64
}

// phases are those a fault may land in: what opens and what closes them.
var phases = map[string][2][]string{
	"checkpoint": {{record.MilestoneStarted}, {record.MilestoneCompleted, record.MilestoneAbandoned}},
	"commit":     {{record.MilestoneCompleted}, {record.MilestoneCommit, record.MilestoneAbandoned}},
	"rebalance":  {rebalance, {record.MilestoneReassigned}},
	"restore":    {{record.MilestoneRestoring}, {record.MilestoneResumed}},
}

// rebalance is what begins one. A system that has no word for that begins when it names a victim.
var rebalance = []string{"rebalance.started", record.MilestoneDetected}

// markOf reads a milestone as a scenario writes it. checkpoint.3.started is the third that starts
// where counting begins: numbers of a system's own would depend on how long its warm-up took.
func markOf(name string) mark {
	if rest, ok := strings.CutPrefix(name, "checkpoint."); ok {
		number, what, _ := strings.Cut(rest, ".")
		nth, _ := strconv.ParseUint(number, 10, 64)
		return mark{[]string{what}, max(nth, 1)}
	}
	if name == rebalance[0] {
		return mark{rebalance, 1}
	}
	return mark{[]string{name}, 1}
}

// Wait has a fault wait for its milestone among those from a time since T0 on; nil for a fault that
// has a time and no milestone.
func (m *Moments) Wait(p Planned, fromNs int64) *Wait {
	w := &Wait{of: m, fromNs: fromNs, due: make(chan time.Duration, 1)}
	switch {
	case p.When != "":
		name, delay, _ := strings.Cut(string(p.When), "+")
		w.opens = markOf(name)
		w.delay, _ = time.ParseDuration(delay) // none reads as 0
	case p.During != "":
		w.phase = p.During
		w.opens, w.closes = mark{phases[p.During][0], 1}, mark{phases[p.During][1], 1}
	case len(p.Between) == 2:
		w.phase = strings.Join(p.Between, "..")
		w.opens, w.closes = markOf(p.Between[0]), markOf(p.Between[1])
	default:
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = append(m.waiting, w)
	return w
}

// Add takes a milestone.
func (m *Moments) Add(ms record.Milestone) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.waiting {
		w.add(ms)
	}
}

func (w *Wait) add(ms record.Milestone) {
	switch {
	case ms.AtNs < w.fromNs || w.closeNs > 0:
	case w.opened != nil:
		sameOne := ms.Checkpoint == 0 || w.opened.Checkpoint == 0 ||
			ms.Checkpoint == w.opened.Checkpoint
		if slices.Contains(w.closes.names, ms.Name) && sameOne {
			w.closeNs = max(ms.AtNs, 1)
		}
	case slices.Contains(w.opens.names, ms.Name):
		if ms.Checkpoint > 0 && ms.Checkpoint == w.last {
			return // of another node
		}
		w.last = ms.Checkpoint
		if w.counted++; w.counted < w.opens.nth {
			return
		}
		w.opened = &ms
		w.due <- time.Duration(ms.AtNs) + w.delay
	}
}

// Due gets the time since T0 at which the fault is to happen, once its milestone has come.
func (w *Wait) Due() <-chan time.Duration { return w.due }

// Phase is the phase the fault is to land in; empty where it names a moment alone.
func (w *Wait) Phase() string { return w.phase }

// Landed reports whether the phase was still open at a time since T0.
func (w *Wait) Landed(atNs int64) bool {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	return w.phase != "" && w.opened != nil && atNs >= w.opened.AtNs &&
		(w.closeNs == 0 || atNs <= w.closeNs)
}

// End ends the wait: milestones are not compared with it any more.
func (w *Wait) End() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	w.of.waiting = slices.DeleteFunc(w.of.waiting, func(o *Wait) bool { return o == w })
}
