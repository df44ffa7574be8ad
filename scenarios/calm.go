package scenarios

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// calmEvery is how often the baseline is read, and calmLeast the least of it that a fault is held
// against: it is looked at a little before its fault is due.
const (
	calmEvery = 100 * time.Millisecond
	calmLeast = chaos.Baseline - 2*readiness
)

// calm watches the baseline: the ten seconds before something breaks. What recovers is held against
// it, so nothing is broken where the system does not keep up, or its backlog grows. Later faults of
// a schedule may hit a system that has not recovered from the one before; their baseline is that of
// the first.
type calm struct {
	of   *repetition
	quit context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	readings []summary.Reading // of the last ten seconds, the newest last
	passed   *record.Gate
}

func newCalm(of *repetition) *calm { return &calm{of: of, done: make(chan struct{})} }

// start reads on until the gate was passed, or stop.
func (c *calm) start(ctx context.Context) {
	ctx, c.quit = context.WithCancel(ctx)
	c.readings = append(c.readings, c.read())
	go func() {
		defer close(c.done)
		look := time.NewTicker(calmEvery)
		defer look.Stop()
		for {
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
			c.mu.Lock()
			now := c.read()
			old := func(r summary.Reading) bool { return r.AtNs < now.AtNs-int64(chaos.Baseline) }
			c.readings = append(slices.DeleteFunc(c.readings, old), now)
			over := c.passed != nil
			c.mu.Unlock()
			if over {
				return
			}
		}
	}()
}

// read is how far the system has come by now.
func (c *calm) read() summary.Reading {
	answered := c.of.collector.processed.Load() // first, or more could be answered than was due
	now := c.of.load.NowNs()
	return summary.Reading{
		AtNs: now, Due: float64(c.of.load.DueBy(now)), Answered: float64(answered),
	}
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

// judge looks at the readings there are.
func (c *calm) judge() (open bool, why string) {
	first, last := c.readings[0], c.readings[len(c.readings)-1]
	seen := time.Duration(last.AtNs - first.AtNs)
	if seen < calmLeast {
		return false, fmt.Sprintf("only %.1f s of a baseline of %.0f s were seen", seen.Seconds(),
			chaos.Baseline.Seconds())
	}
	if !c.of.load.Paced() {
		return last.Answered > first.Answered, "at rate max there is no schedule to be behind"
	}
	was := summary.CalmOf(c.readings, int64(c.closing()))
	if why := was.Broken(); why != "" {
		return false, fmt.Sprintf("the baseline is not calm: in %.1f s %s", seen.Seconds(), why)
	}
	return true, fmt.Sprintf("%.1f s of baseline: %s", seen.Seconds(), was.Text())
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
	due := c.of.load.DueBy(now) - c.of.load.DueBy(now-int64(time.Second))
	if due == 0 {
		return step
	}
	return time.Duration(float64(step) * rate / float64(due))
}
