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
	Grace   time.Duration // stop: between SIGTERM and SIGKILL; 0 = DefaultGrace
	Wipe    bool          // kill, stop: restart with an empty local disk; lose always does

	// Picked are the nodes that are broken: those killed or paused, the one whose disk it is. Of a
	// partition and of a link they are the nodes named, the rest apart.
	Picked []Node

	Cut      Cut   // partition
	Link     Shape // link: between Picked[0] and Picked[1], both directions
	Disk     Disk  // disk: the Node in it is Picked[0]
	Clock    Clock // clock: likewise
	Pressure Pressure
	Poison   uint64
}

// DefaultGrace is how long a stopped node has before SIGKILL where nothing else is said.
const DefaultGrace = 30 * time.Second

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

// Cut is a partition between named nodes. Exactly one of Sides, Bridge and Ring is set.
type Cut struct {
	Sides  [][]string // every side knows nobody of another one
	OneWay bool       // only what travels from Sides[0] to Sides[1] is dropped
	// Bridge is the node that both halves of the others reach while they do not reach each other.
	Bridge string
	// Ring says that each node reaches its two neighbours alone.
	Ring bool
}

// Edges are the directions that a cut breaks between the nodes given, in their order. Nodes that no
// side names are reached by everybody.
func (c Cut) Edges(nodes []Node) []Edge {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	switch {
	case c.Bridge != "":
		return between(halves(names, c.Bridge), false)
	case c.Ring:
		return chords(names)
	}
	return between(c.Sides, c.OneWay)
}

// halves are the nodes but the bridge, the larger half first.
func halves(names []string, bridge string) [][]string {
	var others []string
	for _, n := range names {
		if n != bridge {
			others = append(others, n)
		}
	}
	middle := (len(others) + 1) / 2
	return [][]string{others[:middle], others[middle:]}
}

// between are the edges from each side to every other one, or from the first to the second alone.
func between(sides [][]string, oneWay bool) []Edge {
	var edges []Edge
	for i, side := range sides {
		for j, other := range sides {
			if i == j || (oneWay && i > j) {
				continue
			}
			for _, from := range side {
				for _, to := range other {
					edges = append(edges, Edge{From: from, To: to})
				}
			}
		}
	}
	return edges
}

// chords are the edges between nodes that are no neighbours in the ring of all of them.
func chords(names []string) []Edge {
	var edges []Edge
	n := len(names)
	for i, from := range names {
		for j, to := range names {
			apart := (i - j + n) % n
			if i != j && apart != 1 && apart != n-1 {
				edges = append(edges, Edge{From: from, To: to})
			}
		}
	}
	return edges
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
