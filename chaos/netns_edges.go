package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// flow is an edge as the router knows it.
type flow struct {
	from, to string // addresses
	rank     int    // of its rules
}

func (n *netns) flow(e Edge) (flow, error) {
	from, err := n.ensure(e.From)
	if err != nil {
		return flow{}, err
	}
	to, err := n.ensure(e.To)
	if err != nil {
		return flow{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return flow{from: from, to: to, rank: n.nodes[e.From]*mostNodes + n.nodes[e.To]}, nil
}

// rules are lines that add or delete the rules of edges.
func (n *netns) rules(edges []Edge, line func(flow) string) ([]string, error) {
	var lines []string
	for _, e := range edges {
		if e.From == "" || e.To == "" || e.From == e.To {
			return nil, fmt.Errorf("%q to %q: no edge between two nodes", e.From, e.To)
		}
		f, err := n.flow(e)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line(f))
	}
	return lines, nil
}

// Cut implements Cutter.
func (n *netns) Cut(ctx context.Context, edges []Edge) error {
	n.mu.Lock()
	edges = slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return n.cut[e] })
	n.mu.Unlock()
	lines, err := n.rules(edges, func(f flow) string {
		return fmt.Sprintf("rule add pref %d from %s to %s blackhole", cutBase+f.rank, f.from, f.to)
	})
	if err == nil && len(lines) > 0 {
		err = n.run(ctx, n.router(), lines...)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range edges {
		n.cut[e] = true // some of them, if not all: to mend what is whole is harmless
	}
	if err != nil {
		return fmt.Errorf("cut edges: %w", err)
	}
	return nil
}

// Shape implements Cutter.
func (n *netns) Shape(ctx context.Context, edges []Edge, s Shape) error {
	if s.Delay < 0 || s.Jitter < 0 || s.Loss < 0 || s.Loss > 1 {
		return fmt.Errorf("shape edges: a delay of %s ± %s, a loss of %g", s.Delay, s.Jitter, s.Loss)
	}
	if err := n.startShaper(ctx); err != nil {
		return fmt.Errorf("shape edges: %w", err)
	}
	n.mu.Lock()
	fresh := slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return n.shaped[e].shaped() })
	n.mu.Unlock()
	lines, err := n.rules(fresh, func(f flow) string {
		return fmt.Sprintf("rule add pref %d from %s to %s iif n%d lookup %s",
			shapeBase+f.rank, f.from, f.to, f.rank/mostNodes, shapedTable)
	})
	if err == nil {
		err = n.tell(ctx, edges, s)
	}
	if err == nil && len(lines) > 0 {
		err = n.run(ctx, n.router(), lines...)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range edges {
		n.shaped[e] = s
	}
	if err != nil {
		return fmt.Errorf("shape edges: %w", err)
	}
	return nil
}

// Mend implements Cutter.
func (n *netns) Mend(ctx context.Context, edges []Edge) error {
	var errs []error
	n.mu.Lock()
	var cut, shaped []Edge
	for _, e := range edges {
		if n.cut[e] {
			cut = append(cut, e)
		}
		if n.shaped[e].shaped() {
			shaped = append(shaped, e)
		}
		delete(n.cut, e)
		delete(n.shaped, e)
	}
	n.mu.Unlock()
	for _, part := range []struct {
		edges []Edge
		base  int
	}{{cut, cutBase}, {shaped, shapeBase}} {
		lines, err := n.rules(part.edges, func(f flow) string {
			return fmt.Sprintf("rule del pref %d", part.base+f.rank)
		})
		errs = append(errs, err)
		// Each by itself: the lease may have taken one away.
		for _, line := range lines {
			err := n.run(ctx, n.router(), line)
			if err != nil && !strings.Contains(err.Error(), "No such file") {
				errs = append(errs, err)
			}
		}
	}
	if len(shaped) > 0 {
		errs = append(errs, n.tell(ctx, shaped, Shape{}))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("mend edges: %w", err)
	}
	return nil
}

// Undos implements Mender.
func (n *netns) Undos(edges []Edge) []Undo {
	var undos []Undo
	for _, e := range edges {
		f, err := n.flow(e)
		if err != nil {
			continue // then it cannot be broken either
		}
		for _, base := range []int{cutBase, shapeBase} {
			undos = append(undos, Undo{Op: OpRule, Args: []string{
				"ip", "-n", n.router(), "rule", "del", "pref", fmt.Sprint(base + f.rank),
			}})
		}
	}
	return undos
}

// startShaper starts the process that holds the packets of slowed edges, once.
func (n *netns) startShaper(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.shaper != nil {
		return nil
	}
	var adapted error
	c, err := startChild(ctx, shaperRole, func(cmd *exec.Cmd) {
		adapted = enterNamespace(n.router(), cmd)
	}, n.lease)
	if err = errors.Join(err, adapted); err != nil {
		return err
	}
	if _, err := c.line(ctx); err != nil {
		return errors.Join(err, c.close())
	}
	err = n.run(ctx, n.router(),
		"link set "+tunName+" up", "route add default dev "+tunName+" table "+shapedTable)
	if err != nil {
		return errors.Join(err, c.close())
	}
	n.shaper = c
	return nil
}

// tell has the shaper treat edges as a shape says.
func (n *netns) tell(ctx context.Context, edges []Edge, s Shape) error {
	r := shaperRequest{Shape: s}
	for _, e := range edges {
		f, err := n.flow(e)
		if err != nil {
			return err
		}
		r.Flows = append(r.Flows, shapedFlow{From: f.from, To: f.to})
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.shaper.stdin.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("tell the shaper: %w", err)
	}
	said, err := n.shaper.line(context.WithoutCancel(ctx))
	if err == nil && said != shaperDone {
		err = errors.New(said)
	}
	if err != nil {
		return fmt.Errorf("tell the shaper: %w", err)
	}
	return nil
}

// view implements seen: the prober stands in every namespace.
func (n *netns) view(nodes []Node) (view, error) {
	v := view{Plane: PlaneNetns, Router: n.router()}
	at := func(node string) (string, error) {
		ip, err := n.ensure(node)
		return fmt.Sprintf("%s:%d", ip, probePort), err
	}
	for _, from := range nodes {
		address, err := at(from.Name)
		if err != nil {
			return v, err
		}
		v.Feet = append(v.Feet, viewed{
			Node: from.Name, Namespace: n.namespace(safe(from.Name)), Address: address,
		})
		for _, to := range nodes {
			if from.Name == to.Name {
				continue
			}
			address, err := at(to.Name)
			if err != nil {
				return v, err
			}
			v.Edges = append(v.Edges, toProbe{Edge: Edge{From: from.Name, To: to.Name}, Address: address})
		}
	}
	return v, nil
}
