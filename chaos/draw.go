package chaos

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// picker draws the nodes that selectors stand for, all from one stream: the same seed picks the
// same nodes as long as the declarations before are the same.
type picker struct {
	nodes []Node
	draw  *rand.Rand
	// away holds, by node, the time in steady until which a fault drawn before keeps it broken.
	away map[string]time.Duration
}

func newPicker(nodes []Node, seed uint64) *picker {
	return &picker{
		nodes: nodes, draw: rand.New(rand.NewPCG(seed, 0x6661756c7473)), // "faults"
		away: map[string]time.Duration{},
	}
}

// of are the nodes of a role, in the system's order.
func (p *picker) of(role Role) (nodes []Node) {
	for _, n := range p.nodes {
		if n.Role == role {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// pick draws the nodes of a selector; at is when. A selector that names no node of this system
// gives errors.ErrUnsupported.
func (p *picker) pick(s Selector, at time.Duration) ([]Node, error) {
	role := s.Role()
	if s.Partition() >= 0 || strings.HasSuffix(string(s), "-coordinator") {
		return nil, unsupported("which node is %s is not known here", s)
	}
	if s.Index() > 0 {
		for _, n := range p.nodes {
			if n.Name == string(s) {
				return []Node{n}, nil
			}
		}
		return nil, unsupported("there is no %s", s)
	}
	all := p.of(role)
	n := s.Count(len(all))
	if len(all) == 0 || n == 0 {
		return nil, unsupported("there is no %s among %d %s nodes", s, len(all), role)
	}
	return p.drawn(all, n, at), nil
}

// drawn takes n of the nodes, those that work at a time before those that an earlier fault still
// keeps broken: to kill one that is dead already would break nothing.
func (p *picker) drawn(all []Node, n int, at time.Duration) []Node {
	order := p.draw.Perm(len(all))
	slices.SortStableFunc(order, func(a, b int) int {
		return broken(p.away[all[a].Name], at) - broken(p.away[all[b].Name], at)
	})
	picked := make([]Node, 0, n)
	for _, i := range order[:n] {
		picked = append(picked, all[i])
	}
	slices.SortFunc(picked, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return picked
}

func broken(until, at time.Duration) int {
	if until > at {
		return 1
	}
	return 0
}

// sides resolves the sides of a partition to nodes. Rest is every node no side names; where workers
// are split into minority and majority, both are of one draw, and a coordinator that nobody names
// stands with the larger.
func (p *picker) sides(part Partition, at time.Duration) ([][]Node, error) {
	sides := make([][]Node, len(part.Sides))
	taken := map[string]bool{}
	take := func(i int, nodes ...Node) {
		for _, n := range nodes {
			if !taken[n.Name] {
				taken[n.Name] = true
				sides[i] = append(sides[i], n)
			}
		}
	}
	rest := -1
	// Names come before draws, so that no draw takes a node that another side names.
	for _, drawn := range []bool{false, true} {
		for i, side := range part.Sides {
			for _, s := range side {
				if s == Rest {
					rest = i
					continue
				}
				if drawn == (s.Index() > 0) {
					continue
				}
				free := &picker{nodes: without(p.nodes, taken), draw: p.draw, away: p.away}
				nodes, err := p.member(s, free, at)
				if err != nil {
					return nil, err
				}
				take(i, nodes...)
			}
		}
	}
	others := without(p.nodes, taken)
	if rest >= 0 {
		take(rest, others...)
	} else if split(part) {
		for _, n := range others {
			if n.Role != Worker {
				take(larger(sides), n)
			}
		}
	}
	for i, side := range sides {
		if len(side) == 0 {
			return nil, unsupported("side %d of the partition has no node", i+1)
		}
	}
	return sides, nil
}

// member draws one member of a side. How many are a minority is a matter of all workers, which of
// them it is one of those that no side has yet.
func (p *picker) member(s Selector, free *picker, at time.Duration) ([]Node, error) {
	if s != "minority" && s != "majority" {
		return free.pick(s, at)
	}
	left := free.of(Worker)
	n := min(s.Count(len(p.of(Worker))), len(left))
	if n == 0 {
		return nil, unsupported("%d workers have no %s", len(p.of(Worker)), s)
	}
	return p.drawn(left, n, at), nil
}

func without(nodes []Node, taken map[string]bool) []Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return taken[n.Name] })
}

// split reports whether a partition divides the workers by number.
func split(part Partition) bool {
	return slices.ContainsFunc(part.members(), func(s Selector) bool {
		return s == "minority" || s == "majority"
	})
}

func larger(sides [][]Node) int {
	most := 0
	for i := range sides {
		if len(sides[i]) > len(sides[most]) {
			most = i
		}
	}
	return most
}
