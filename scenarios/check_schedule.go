package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

// schedule checks what only all faults together get wrong.
func (c *checker) schedule() {
	if len(c.s.Faults) == 0 || !c.sound("faults", "resources", "load", "systems") {
		return
	}
	if c.s.Mode.Name != "" {
		c.fail("mode", fmt.Sprintf("mode %s and faults: what does what could not be told apart",
			c.s.Mode.Name), "leave one of them out")
	}
	c.away()
	c.atOnce()
}

// away checks that a system is left that can come to an end: nobody else heals a node that is not
// started again.
func (c *checker) away() {
	for _, sys := range c.s.Systems {
		gone := 0
		for i, d := range c.s.Faults {
			s := d.Kill + d.Stop + d.Lose // one of them is set
			if s == "" || d.Restart > 0 {
				continue
			}
			path := fmt.Sprintf("faults/%d/%s", i, d.Verbs()[0])
			workers := c.s.nodesOf(chaos.Worker, sys)
			switch s.Role() {
			case chaos.Coordinator:
				if c.s.nodesOf(chaos.Coordinator, sys) > 0 {
					c.fail(path, fmt.Sprintf("fault %d takes the coordinator away for good: what it "+
						"coordinates never ends", i+1), "add restart: 2s")
					return
				}
			case chaos.Worker:
				gone += s.Count(workers)
				if gone >= workers+sys.spares(c.s.Profile) {
					c.fail(path, fmt.Sprintf("fault %d leaves %s no worker: it cannot be healed", i+1,
						sys.Label()), "add restart: 2s, or raise resources.workers")
					return
				}
			}
		}
	}
}

// atOnce checks how many nodes are broken at the same time by faults whose time is known.
func (c *checker) atOnce() {
	most, workers := c.s.Safety.MaxNodes, c.s.Resources.Workers
	for i, d := range c.s.Faults {
		if d.At == 0 || len(breaks(d)) == 0 {
			continue
		}
		n, seen := 0, map[chaos.Selector]bool{}
		for _, other := range c.s.Faults[:i+1] {
			if other.At == 0 || other.At > d.At || healedBy(other) <= d.At {
				continue
			}
			for _, s := range breaks(other) {
				if !seen[s] {
					n += s.Count(workers)
				}
				seen[s] = s.Index() > 0 || s == "coordinator" // others are drawn anew
			}
		}
		if n > most {
			c.fail(fmt.Sprintf("faults/%d/at", i), fmt.Sprintf("%d nodes are broken at once at %s, "+
				"safety.max-nodes is %d", n, formatDuration(d.At), most),
				"heal the fault before it earlier, or raise the cap")
		}
	}
}

// healedBy is when a fault is healed; a node that is not started again, at the end of time. One
// that lacks its end was refused for that already.
func healedBy(d chaos.Declaration) time.Duration {
	lasts := max(d.For, d.Restart)
	endless := slices.ContainsFunc(d.Verbs(), func(v chaos.Verb) bool {
		return slices.Contains(lasting[v], "for")
	})
	if lasts == 0 && !endless {
		return maxDuration
	}
	return d.At + lasts
}

// breaks are the nodes a fault keeps from their work: of a partition those of all sides but the one
// that names the rest or, without, the most.
func breaks(d chaos.Declaration) (nodes []chaos.Selector) {
	switch {
	case d.Poison > 0 || d.Random != nil || d.Link != nil:
		return nil
	case d.Partition == nil:
		for _, selectors := range d.Selectors() {
			nodes = append(nodes, selectors...)
		}
		return nodes
	}
	largest := 0
	for i, side := range d.Partition.Sides {
		if slices.Contains(side, chaos.Rest) || slices.Contains(side, "majority") {
			largest = i
			break
		}
		if len(side) > len(d.Partition.Sides[largest]) {
			largest = i
		}
	}
	for i, side := range d.Partition.Sides {
		if i != largest {
			nodes = append(nodes, side...)
		}
	}
	return nodes
}

// poison checks that the stream can be poisoned: the events that are damaged are drawn before it is
// offered, and must be part of it.
func (c *checker) poison(i int, d chaos.Declaration, path string) {
	if d.Poison == 0 || !c.sound("load") {
		return
	}
	l := c.s.Load
	switch {
	case l.Rate.Max || l.Warmup.Auto:
		c.fail(path, fmt.Sprintf("fault %d poisons events of a stream whose times nobody knows", i+1),
			"write a load.rate such as 250k/s, and a load.warmup of fixed length")
		return
	case l.Format != workloads.JSONForm:
		c.fail(path, fmt.Sprintf("fault %d damages the text of events, load.format is %s", i+1,
			l.Format), "write load.format: json")
		return
	}
	if rate := float64(l.Rate.highest()); rate > 0 && l.Steady > 0 {
		lasts := time.Duration(float64(d.Poison*workloads.PoisonSpread) / rate * 1e9)
		if d.At+lasts > l.Steady {
			c.fail(path, fmt.Sprintf("fault %d: %d malformed events are drawn among those of %s, which "+
				"end after steady (%s)", i+1, d.Poison, formatDuration(lasts.Round(time.Millisecond)),
				formatDuration(l.Steady)), "move it, or poison fewer events")
		}
	}
}

// random checks that there is time for the faults that are drawn.
func (c *checker) random(i int, r chaos.Random, path string) {
	if r.Count == 0 {
		c.fail(path+"/random", "random draws no faults", "add count: 5")
		return
	}
	if !c.sound("load/steady", "resources", "systems") || c.s.Load.Steady == 0 {
		return
	}
	for _, sys := range c.s.Systems {
		ground := chaos.Ground{Steady: c.s.Load.Steady, Safety: c.s.Safety}
		for _, role := range []chaos.Role{chaos.Worker, chaos.Coordinator} {
			for n := range c.s.nodesOf(role, sys) {
				ground.Nodes = append(ground.Nodes,
					chaos.Node{Name: fmt.Sprintf("%s-%d", role, n+1), Role: role})
			}
		}
		if _, err := r.Draw(ground); err != nil {
			message, remedy := halves(err.Error())
			c.fail(path+"/random", fmt.Sprintf("fault %d: %s", i+1, message), remedy)
			return
		}
	}
}
