package scenarios

import (
	"cmp"
	"slices"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// What is measured beside the latency of a result, each in a series of its own:
//
//	due time of the last event inside --contributor----------------------> its receipt
//	due time of the trigger ------------result---------------------------> its receipt
//	            trigger taken by the transport --ingest------------------> its receipt
//	due time of a late event ------------refinement----------------------> receipt of what it changed
//
// The oracle alone knows the last event inside a result, so contributor latency is recorded after
// the run. Untimed are the results of a series for which it is not known what to count from.

// ingest records ingest latency. Rows that arrive together and were taken together have one.
type ingest struct {
	load   *adapters.Load
	series *seriesSet

	batch   adapters.Acceptance // of the rows pending
	pending int64
	timed   bool // at least one was
	untimed uint64
}

// add takes n rows of one trigger.
func (g *ingest) add(trigger uint64, receivedNs, n int64) {
	if !g.batch.Holds(trigger) {
		g.flush(receivedNs)
		var ok bool
		if g.batch, ok = g.load.Accepted(trigger); !ok {
			g.batch, g.untimed = adapters.Acceptance{}, g.untimed+uint64(n)
			return
		}
	}
	g.pending += n
}

// flush records the rows pending, which arrived at a time since T0.
func (g *ingest) flush(receivedNs int64) {
	if g.pending > 0 {
		g.timed = true
		// An acknowledgement can take longer than the result: the event was there before it.
		took := max(0, receivedNs-g.batch.AtNs)
		g.series.ingest.RecordN(g.series.t0Ns+receivedNs, took, g.pending)
		g.pending = 0
	}
}

// caused records the latency of results that a late event called for, from its due time or, where
// it is the first of its window, from the window's trigger if that is due later.
func (c *collector) caused(trigger uint64, receivedNs int64) {
	for _, k := range c.firsts.caused {
		slot, known := uint64(0), k.event >= 0
		if known {
			slot = c.timeline.Slot(uint64(k.event))
			// A result that is wrong can seem to hold any event.
			known = c.load.Has(slot) && c.load.DueNs(slot) <= receivedNs
		}
		switch {
		case k.refines && !known:
			c.unrefined++
		case k.refines:
			if due := c.load.DueNs(slot); due >= c.steadyFrom.Load() {
				c.series.refinement.RecordN(c.series.t0Ns+receivedNs, receivedNs-due, 1)
			}
		case known:
			c.result(max(trigger, slot), receivedNs, 1)
		default:
			c.result(trigger, receivedNs, 1)
		}
	}
}

// unfinished counts a result that never came at its age when results were taken no more: leaving it
// out would make a system that loses its slowest results look fast.
func (c *collector) unfinished(trigger uint64) {
	if c.column < 0 && c.afterwards == nil || !c.load.Paced() || !c.load.Has(trigger) {
		return
	}
	due := c.load.DueNs(trigger)
	if c.afterwards != nil {
		c.afterwards.add(arrived{max(c.sealedNs, due), trigger})
		return
	}
	c.stage(due).RecordN(c.series.t0Ns+c.sealedNs, max(0, c.sealedNs-due), 1)
}

// timed takes what the oracle tells of a right result: contributor latency, and how far all keys
// had come; where nothing else tells the trigger, the latency of the result itself.
func (c *collector) timed(x workloads.Timing) {
	if !c.load.Paced() || !c.load.Has(x.Trigger) {
		return
	}
	if c.afterwards != nil {
		c.afterwards.add(arrived{x.ReceivedNs, x.Trigger})
	}
	due := c.load.DueNs(x.Trigger)
	c.known(due, x)
	if due < c.steadyFrom.Load() {
		return
	}
	c.whole.add(due, x)
	if x.HasLast {
		c.series.contributor.RecordN(c.series.t0Ns+x.ReceivedNs, x.ReceivedNs-c.load.DueNs(x.Last), 1)
	}
}

// afterwards are results whose triggers the oracle alone knows. They are recorded in the order they
// arrived, which is not that in which it tells them, so that each is in the interval it belongs to.
type afterwards struct{ results []arrived }

// arrived is a result and its trigger; one that never came, and so has no latency but an age, is
// there at the time when results were taken no more.
type arrived struct {
	atNs    int64
	trigger uint64
}

func (a *afterwards) add(x arrived) { a.results = append(a.results, x) }

// record records the latencies of all results told. When their triggers were taken is not known any
// more by then, so they have no ingest latency.
func (c *collector) record() {
	if c.afterwards == nil {
		return
	}
	all := c.afterwards.results
	slices.SortFunc(all, func(a, b arrived) int {
		return cmp.Or(cmp.Compare(a.atNs, b.atNs), cmp.Compare(a.trigger, b.trigger))
	})
	for _, x := range all {
		due := c.load.DueNs(x.trigger)
		c.stage(due).RecordN(c.series.t0Ns+x.atNs, x.atNs-due, 1)
	}
	c.afterwards.results = nil
}

// untimed are the results a series lacks, by stage. A series that has none at all is not measured
// and lacks nothing.
func (c *collector) untimed() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]uint64{}
	if c.ingest.timed && c.ingest.untimed > 0 {
		all[record.StageIngest] = c.ingest.untimed
	}
	if c.unrefined > 0 {
		all[record.StageRefinement] = c.unrefined
	}
	return all
}
