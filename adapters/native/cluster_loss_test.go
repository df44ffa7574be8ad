package native

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// gone waits until a node has no process.
func (c *crew) gone(node string) {
	c.t.Helper()
	for range 60_000 {
		if _, alive := c.Process(node); !alive {
			return
		}
		time.Sleep(time.Millisecond)
	}
	c.t.Fatalf("%s did not die", node)
}

// owner is a worker that has slots and is alive.
func (c *crew) owner() string {
	c.t.Helper()
	for _, n := range c.Nodes() {
		if _, alive := c.Process(n.Name); alive && len(c.Slots(n.Name)) > 0 {
			return n.Name
		}
	}
	c.t.Fatal("nobody has slots")
	return ""
}

// kill kills a worker that has slots, waits until others have gone on with them, and names it.
func (c *crew) kill() string {
	c.t.Helper()
	victim, resumed := c.owner(), c.count(record.MilestoneResumed)+1
	c.signal(victim, syscall.SIGKILL)
	c.await(record.MilestoneResumed, resumed)
	return victim
}

// goOn waits until results have come again for a while, and has the stream end.
func (c *crew) goOn() {
	c.t.Helper()
	c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+2)
	c.job.Load.LimitHere(1)
}

// Whenever a coordinator dies, the one after it goes on: what was declared complete is visible, what
// was not is not, and an end that was reached stays one.
func TestACoordinatorMayDieAtAnyPoint(t *testing.T) {
	for _, plant := range []string{
		"dies-before-complete", "dies-before-commit", "dies-before-end", "dies-before-final",
	} {
		for _, loseWorker := range []bool{false, true} {
			name := plant
			if loseWorker {
				name += ", and a worker with it"
			}
			t.Run(name, func(t *testing.T) {
				t.Setenv(plantVariable, plant)
				c := exactlyOnceCrew(t).start(t)
				atEnd := plant == "dies-before-end" || plant == "dies-before-final"
				if atEnd {
					c.results(2000)
					c.job.Load.LimitHere(1)
				}
				c.gone("coordinator")
				if loseWorker {
					c.signal("worker-2", syscall.SIGKILL)
				}
				c.restart("coordinator")
				c.await(record.MilestoneTakeover, 1)
				if !atEnd {
					c.goOn()
				}
				right(t, c.end())
			})
		}
	}
}

func TestCoordinatorsKilledAtDrawnMomentsLoseNothing(t *testing.T) {
	draw := rand.New(rand.NewPCG(5, 0))
	c := exactlyOnceCrew(t).start(t)
	for i := range 4 {
		c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+1)
		time.Sleep(time.Duration(draw.IntN(100)) * time.Millisecond)
		c.signal("coordinator", syscall.SIGKILL)
		if i%2 == 1 {
			c.signal("worker-1", syscall.SIGKILL)
		}
		c.restart("coordinator")
		c.await(record.MilestoneTakeover, i+1)
		if i%2 == 1 {
			c.restart("worker-1")
		}
	}
	c.goOn()
	right(t, c.end())
}

func TestAWorkerLostWhileOthersRestoreLosesNothing(t *testing.T) {
	c := exactlyOnceCrew(t).start(t)
	for range 2 {
		c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+3)
		restoring := c.count(record.MilestoneRestoring) + 1
		first := c.owner()
		c.signal(first, syscall.SIGKILL)
		c.await(record.MilestoneRestoring, restoring)
		second := c.owner()
		c.signal(second, syscall.SIGKILL)
		c.until("slots of "+second+" are with others", func() bool {
			return len(c.Slots(second)) == 0
		})
		c.restart(first)
		c.restart(second)
	}
	c.goOn()
	right(t, c.end())
}

func TestSeveralWorkersLostAtOnceLoseNothing(t *testing.T) {
	c := exactlyOnceCrew(t).start(t)
	for _, victims := range [][]string{
		{"worker-2", "worker-3"}, {"worker-1", "worker-2", "worker-3"},
	} {
		c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+3)
		for _, v := range victims {
			c.signal(v, syscall.SIGKILL)
		}
		if len(victims) == 2 {
			c.until("slots of the lost are with others", func() bool {
				return len(c.Slots("worker-2"))+len(c.Slots("worker-3")) == 0
			})
		}
		for _, v := range victims {
			c.restart(v)
		}
	}
	c.goOn()
	right(t, c.end())
}

// A worker may die when the stream has ended and some have finished: what it had is done again.
func TestAWorkerLostAtTheEndLosesNothing(t *testing.T) {
	for _, victim := range []string{"worker-1", "worker-2", "worker-3"} {
		t.Run(victim, func(t *testing.T) {
			c := exactlyOnceCrew(t).start(t)
			c.await(record.MilestoneCommit, 3)
			abandoned := c.count(record.MilestoneAbandoned)
			c.job.Load.LimitHere(1)
			for c.count(record.MilestoneAbandoned) == abandoned && !c.ended() {
				time.Sleep(time.Millisecond / 4)
			}
			if p, alive := c.Process(victim); alive {
				_ = syscall.Kill(p.PID, syscall.SIGKILL)
			}
			right(t, c.end())
		})
	}
}

func (c *crew) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
