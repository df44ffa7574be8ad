package chaos

import "time"

// Planned is one fault of a schedule with everything drawn: nothing in it is left to chance, so
// that the same schedule breaks the same things on every system.
type Planned struct {
	ID   int    // from 1, in the order of the schedule
	Verb Verb   // never random
	Text string // as in "kill worker-2": for people and the record

	// At is the time since T0 at which it takes effect. Of a fault at a milestone it is set when the
	// milestone has come; until then When, During or Between says which one that is.
	At      time.Duration
	When    Moment
	During  string
	Between []string

	For     time.Duration // until it is healed: pause, partition, link, disk, clock, pressure
	Restart time.Duration // kill, stop, lose: until the node is started again; 0 = it stays away
	Grace   time.Duration // stop: between SIGTERM and SIGKILL; 0 = defaultGrace
	Wipe    bool          // kill, stop: restart with an empty local disk; lose always does

	// Picked are the nodes that are broken: those killed or paused, the one whose disk it is. Of a
	// partition and of a link they are the nodes named, the rest apart.
	Picked []Node

	Edges    []Edge // partition: what is cut; link: what is slowed, both directions
	Shape    Shape  // link
	Disk     Disk   // its Node is Picked[0], and so below
	Clock    Clock
	Pressure Pressure
	Poison   uint64
}

// defaultGrace is how long a stopped node has before SIGKILL where nothing else is said.
const defaultGrace = 30 * time.Second

// Healed is how long after its effect a fault is to be healed; false where nothing is: the node of
// a kill without restart stays away until the end, and poison is there for good. Heal is called for
// those too, at the end of the run.
func (p Planned) Healed() (after time.Duration, ok bool) {
	switch p.Verb {
	case VerbKill, VerbStop, VerbLose:
		return p.Restart, p.Restart > 0
	case VerbPoison:
		return 0, false
	}
	return p.For, true
}

// around are both directions between a node and each of the others.
func around(node string, nodes []Node) []Edge {
	var edges []Edge
	for _, n := range nodes {
		if n.Name != node {
			edges = append(edges, Edge{From: node, To: n.Name}, Edge{From: n.Name, To: node})
		}
	}
	return edges
}
