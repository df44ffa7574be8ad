package native

import (
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// plantVariable plants a mistake in the protocol of the nodes a test deploys.
const plantVariable = "STREAMBENCH_PLANT"

// tries bounds how often a mistake that shows by chance is given the chance to.
const tries = 8

// mistakes are those that can be planted, with a fault under which each must show.
var mistakes = []struct {
	plant string
	crew  func(*testing.T) crewOf
	fault func(*crew)
}{
	{"commit-before-flush", exactlyOnceCrew, killed},
	{"lost-rewind", exactlyOnceCrew, killed},
	{"double-restore", exactlyOnceCrew, killed},
	{"early-barrier", exactlyOnceCrew, killed},
	{"replayed-epoch", exactlyOnceCrew, killed},
	{"unfenced-zombie", pair, awoken},
}

// killed kills a worker between a checkpoint's first durable part and its commit, or as close to it
// as signals come.
func killed(c *crew) {
	c.await(record.MilestoneCommit, 4)
	c.await(record.MilestonePrecommit, c.count(record.MilestonePrecommit)+1)
	c.signal("worker-2", syscall.SIGKILL)
	c.await(record.MilestoneResumed, 1)
}

// awoken stops one worker after the other until its slots are with others and their results are
// visible, and wakes it.
func awoken(c *crew) {
	for range 2 {
		c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+3)
		victim := c.owner()
		c.signal(victim, syscall.SIGSTOP)
		c.until("slots of "+victim+" are with others", func() bool {
			return len(c.Slots(victim)) == 0
		})
		c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+2)
		back := c.count(record.MilestoneRejoined) + 1
		c.signal(victim, syscall.SIGCONT)
		c.await(record.MilestoneRejoined, back)
	}
}

// underFault runs a crew, breaks it, and ends it when results have come again for a while.
func underFault(t *testing.T, o crewOf, fault func(*crew)) workloads.Ledger {
	t.Helper()
	c := o.start(t)
	defer c.Close()
	fault(c)
	c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+2)
	c.job.Load.LimitHere(1)
	return c.end()
}

// prompt is a workload whose windows close soon: what a fault costs shows at once.
func prompt(t *testing.T) *workloads.Workload {
	return workloadstest.Bind(t, "iot-telemetry", 60_000,
		map[string]string{"keys": "500", "window": "20ms", "disorder": "10ms"})
}

func exactlyOnceCrew(t *testing.T) crewOf {
	return crewOf{
		workload: prompt(t), rate: 60_000, workers: 3, guarantee: exactlyOnce,
		interval: 100 * time.Millisecond, format: workloads.BinaryForm,
		settings: map[string]string{"heartbeat": "50ms", "heartbeat.timeout": "500ms"},
	}
}

// pair is a crew of one worker and a spare: a zombie has all it takes to go on alone.
func pair(t *testing.T) crewOf {
	o := exactlyOnceCrew(t)
	o.workers, o.cpus, o.settings["spares"] = 1, 2, "1"
	return o
}

// Every mistake in the protocol costs results, brings some twice or makes some wrong, and the ledger
// says so. Without it the same fault costs nothing.
func TestAPlantedMistakeIsConvicted(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.plant, func(t *testing.T) {
			t.Run("without", func(t *testing.T) {
				right(t, underFault(t, m.crew(t), m.fault))
			})
			t.Setenv(plantVariable, m.plant)
			for n := range tries {
				l := underFault(t, m.crew(t), m.fault)
				if l.Lost+l.Duplicated+l.Wrong > 0 {
					t.Logf("try %d: %d lost, %d duplicated, %d wrong of %d", n+1, l.Lost, l.Duplicated,
						l.Wrong, l.Expected)
					return
				}
			}
			t.Errorf("not convicted in %d tries", tries)
		})
	}
}
