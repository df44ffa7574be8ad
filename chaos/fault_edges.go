package chaos

import (
	"context"
	"slices"

	"github.com/streambench/streambench/reports/record"
)

// breach is a number of edges that are broken or slowed at once.
type breach struct {
	edges    []Edge
	promises promises
	promised bool
	made     bool
}

// prepare promises in the lease to mend the edges, before any is broken.
func (c *breach) prepare(t Target, edges []Edge) error {
	if _, ok := t.Network.(Cutter); !ok {
		return unsupported("the nodes reach each other directly: no edge can be cut")
	}
	c.edges = edges
	if m, ok := t.Network.(Mender); ok && !c.promised {
		c.promised = true
		return c.promises.add(t, m.Undos(edges)...)
	}
	return nil
}

func (c *breach) cut(ctx context.Context, t Target) error {
	c.made = true
	t.book.add(c.edges)
	return t.Network.(Cutter).Cut(ctx, c.edges)
}

func (c *breach) shape(ctx context.Context, t Target, s Shape) error {
	c.made = true
	t.book.add(c.edges)
	return t.Network.(Cutter).Shape(ctx, c.edges, s)
}

// mend mends the edges that no other fault has broken too.
func (c *breach) mend(ctx context.Context, t Target) error {
	if c.made {
		if alone := t.book.alone(c.edges); len(alone) > 0 {
			if err := t.Network.(Cutter).Mend(ctx, alone); err != nil {
				return err
			}
		}
		t.book.remove(c.edges)
		c.made = false
	}
	if err := c.promises.drop(t); err != nil {
		return err
	}
	c.promised = false
	return nil
}

// partition keeps nodes from reaching each other while all of them live.
type partition struct {
	planned Planned
	cut     breach
}

func newPartition(p Planned) Fault { return &partition{planned: p} }

func (p *partition) prepare(_ context.Context, t Target) error {
	return p.cut.prepare(t, p.planned.Edges)
}

// Inject cuts all edges of the partition.
func (p *partition) Inject(ctx context.Context, t Target) error {
	if err := p.prepare(ctx, t); err != nil {
		return err
	}
	return p.cut.cut(ctx, t)
}

// witness wants nothing to arrive along what was cut, and everything along what was not: a network
// that is down altogether is no partition.
func (p *partition) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	return t.Prober.Await(ctx, Expectation{
		SinceNs: sinceNs, Silent: p.cut.edges, Open: t.whole(p.cut.edges),
	})
}

// Heal mends them.
func (p *partition) Heal(ctx context.Context, t Target) error { return p.cut.mend(ctx, t) }

// link slows the connection of two nodes.
type link struct {
	planned Planned
	cut     breach
}

func newLink(p Planned) Fault { return &link{planned: p} }

func (l *link) prepare(_ context.Context, t Target) error {
	return l.cut.prepare(t, l.planned.Edges)
}

// Inject slows both directions.
func (l *link) Inject(ctx context.Context, t Target) error {
	if err := l.prepare(ctx, t); err != nil {
		return err
	}
	return l.cut.shape(ctx, t, l.planned.Shape)
}

func (l *link) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	return t.Prober.Await(ctx, Expectation{
		SinceNs: sinceNs, Slow: l.cut.edges, Shape: l.planned.Shape,
	})
}

// Heal lets what is under way arrive, and slows nothing any more.
func (l *link) Heal(ctx context.Context, t Target) error { return l.cut.mend(ctx, t) }

// whole are the edges between living nodes that neither this fault nor another one has broken.
func (t Target) whole(broken []Edge) []Edge {
	var edges []Edge
	nodes := t.System.Nodes()
	for _, from := range nodes {
		for _, to := range nodes {
			e := Edge{From: from.Name, To: to.Name}
			if from != to && !slices.Contains(broken, e) && !t.book.broken(e) &&
				t.works(from.Name) && t.works(to.Name) {
				edges = append(edges, e)
			}
		}
	}
	return edges
}

// works reports whether a node is at work as far as can be told: not gone, and not stopped.
func (t Target) works(node string) bool {
	hosted, ok := t.System.(Hosted)
	if !ok {
		return true
	}
	p, ok := hosted.Process(node)
	if !ok {
		return false
	}
	v, err := p.vitals()
	return err == nil && !v.ended() && v.State != 'T'
}
