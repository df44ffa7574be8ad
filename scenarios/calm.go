package scenarios

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

const (
	calmSlice  = time.Second
	calmSlices = int(chaos.Baseline / calmSlice)
	calmEvery  = 100 * time.Millisecond
	// calmRate is the share of the events due in the baseline that must have been answered in it.
	calmRate = 0.95
	// calmSlack is the time of load by which a calm backlog may exceed what it was before.
	calmSlack = 100 * time.Millisecond
)

// calm watches the baseline: the ten slices of a second before something breaks. What recovers is
// held against it, so nothing is broken where the system does not keep up, or its backlog grows.
// Later faults of a schedule may hit a system that has not recovered from the one before; their
// baseline is that of the first.
type calm struct {
	of   *repetition
	quit context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	slices []calmReading // complete ones, the newest last
	passed *record.Gate
}

// calmReading is what was seen in a slice: slots due and answered in it, and by how many slots
// those answered were behind those due at the worst and at the best time of it.
type calmReading struct{ due, answered, worst, best uint64 }

func newCalm(of *repetition) *calm { return &calm{of: of, done: make(chan struct{})} }

// start reads on until the gate was passed, or stop.
func (c *calm) start(ctx context.Context) {
	ctx, c.quit = context.WithCancel(ctx)
	go func() {
		defer close(c.done)
		look := time.NewTicker(calmEvery)
		defer look.Stop()
		for {
			slice, ok := c.read(ctx, look.C)
			if !ok {
				return
			}
			c.mu.Lock()
			c.slices = append(c.slices, slice)
			if n := len(c.slices) - calmSlices; n > 0 {
				c.slices = slices.Delete(c.slices, 0, n)
			}
			over := c.passed != nil
			c.mu.Unlock()
			if over {
				return
			}
		}
	}()
}

// read watches for one slice.
func (c *calm) read(ctx context.Context, look <-chan time.Time) (s calmReading, ok bool) {
	due0, answered0 := c.now()
	s.best = ^uint64(0)
	for range int(calmSlice / calmEvery) {
		select {
		case <-look:
		case <-ctx.Done():
			return s, false
		}
		due, answered := c.now()
		behind := due - min(due, answered)
		s.worst, s.best = max(s.worst, behind), min(s.best, behind)
		s.due, s.answered = due-due0, answered-answered0
	}
	return s, true
}

// now are the slots due and those answered.
func (c *calm) now() (due, answered uint64) {
	answered = c.of.collector.processed.Load()
	return c.of.load.DueBy(c.of.load.NowNs()), answered
}

func (c *calm) stop() {
	c.quit()
	<-c.done
}

// open says whether a fault may be injected.
func (c *calm) open(fault int) record.Gate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.passed != nil {
		return record.Gate{Fault: fault, Open: true, Why: "its baseline is that of fault " +
			fmt.Sprint(c.passed.Fault)}
	}
	g := record.Gate{Fault: fault}
	g.Open, g.Why = c.judge()
	if g.Open {
		c.passed = &g
	}
	return g
}

// judge looks at the slices there are. A slice is still under way when a fault is due, so one may
// be missing.
func (c *calm) judge() (open bool, why string) {
	if n := len(c.slices); n < calmSlices-1 {
		return false, fmt.Sprintf("only %d s of a baseline of %d s were seen", n, calmSlices)
	}
	var due, answered uint64
	for _, s := range c.slices {
		due += s.due
		answered += s.answered
	}
	if !c.of.load.Paced() {
		return answered > 0, "at rate max there is no schedule to be behind"
	}
	// Windows answer for all their events at once, and a result of an exactly-once system is seen with
	// its checkpoint: what the last ones hold may still be to come.
	perSecond := float64(due) / (float64(len(c.slices)) * calmSlice.Seconds())
	held := uint64(perSecond * (c.closing() + c.of.holding()).Seconds())
	if float64(answered+held) < calmRate*float64(due) {
		return false, fmt.Sprintf("the baseline is not calm: %d of %d events due in %d s were answered, "+
			"which is less than 95 %%", answered, due, len(c.slices))
	}
	slack := uint64(perSecond * calmSlack.Seconds())
	cut := len(c.slices) * 2 / 3
	before, after := uint64(0), ^uint64(0)
	for i, s := range c.slices {
		if i < cut {
			before = max(before, s.worst)
		} else {
			after = min(after, s.best)
		}
	}
	if after > before+held+slack {
		return false, fmt.Sprintf("the baseline is not calm: the backlog grew from at most %d to no "+
			"less than %d events within %d s", before, after, len(c.slices))
	}
	return true, fmt.Sprintf("%d s of baseline: %d of %d events due were answered, the backlog did "+
		"not grow", len(c.slices), answered, due)
}

// holding is how long the results of a system may be held back until the checkpoint they are of.
func (r *repetition) holding() time.Duration {
	if r.plane == "" || r.job.Guarantee != "exactly-once" {
		return 0
	}
	return r.job.Checkpoint
}

// closing is the time between two windows that close.
func (c *calm) closing() time.Duration {
	w := c.of.job.Workload
	step := windowStep(w)
	rate := float64(w.Timeline.EventRate)
	if step == 0 || w.Query.Window.Processing || rate == 0 {
		return step
	}
	now := c.of.load.NowNs()
	due := c.of.load.DueBy(now) - c.of.load.DueBy(now-int64(calmSlice))
	if due == 0 {
		return step
	}
	return time.Duration(float64(step) * rate / float64(due))
}
