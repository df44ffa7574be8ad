package chaos

import (
	"slices"
	"time"
)

// leastRing is the number of workers from which a ring cuts anything: of three, each is the
// neighbour of the others.
const leastRing = 4

// sever resolves a partition to the edges it cuts, and to the nodes on every side but the rest.
func (p *picker) sever(part Partition, at time.Duration) ([]Edge, [][]Node, error) {
	switch {
	case part.Ring:
		edges, err := p.ring()
		return edges, nil, err
	case part.Bridge != "":
		return p.bridge(part.Bridge, at)
	}
	sides, err := p.sides(part, at)
	if err != nil {
		return nil, nil, err
	}
	var edges []Edge
	for i := range sides {
		for j := range sides {
			if i != j && (!part.OneWay || i < j) {
				edges = append(edges, across(sides[i], sides[j])...)
			}
		}
	}
	return edges, sides, nil
}

// across are the edges from every node of one side to every node of the other.
func across(from, to []Node) (edges []Edge) {
	for _, a := range from {
		for _, b := range to {
			edges = append(edges, Edge{From: a.Name, To: b.Name})
		}
	}
	return edges
}

// ring cuts every worker off from all workers but its two neighbours. Nodes of other roles reach
// everybody.
func (p *picker) ring() (edges []Edge, err error) {
	workers := p.of(Worker)
	n := len(workers)
	if n < leastRing {
		return nil, unsupported("%d workers are no ring", n)
	}
	for i := range workers {
		for j := range workers {
			if apart := (i - j + n) % n; apart > 1 && apart < n-1 {
				edges = append(edges, Edge{From: workers[i].Name, To: workers[j].Name})
			}
		}
	}
	return edges, nil
}

// bridge divides the other nodes into two halves that reach each other no more, while one node
// reaches both. Workers are drawn into the halves; nodes of other roles stand with the first, which
// is the larger where they differ. The only side returned is the bridge.
func (p *picker) bridge(s Selector, at time.Duration) ([]Edge, [][]Node, error) {
	bridges, err := p.pick(s, at)
	if err != nil {
		return nil, nil, err
	}
	others := slices.DeleteFunc(slices.Clone(p.nodes), func(n Node) bool {
		return slices.Contains(bridges, n)
	})
	var halves [2][]Node
	workers := slices.DeleteFunc(slices.Clone(others), func(n Node) bool { return n.Role != Worker })
	for i, j := range p.draw.Perm(len(workers)) {
		halves[i%2] = append(halves[i%2], workers[j])
	}
	for _, n := range others {
		if n.Role != Worker {
			halves[0] = append(halves[0], n)
		}
	}
	if len(halves[0]) == 0 || len(halves[1]) == 0 {
		return nil, nil, unsupported("%s is no bridge: there are %d other nodes", s, len(others))
	}
	edges := append(across(halves[0], halves[1]), across(halves[1], halves[0])...)
	return edges, [][]Node{bridges}, nil
}
