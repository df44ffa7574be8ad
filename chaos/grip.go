package chaos

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// grip is a hold on every process of the nodes that a fault breaks, so that one signal to each is
// all that is left to do at its time.
type grip struct {
	roots map[string]Process // by node
	all   []*held
}

// take holds the processes of the picked nodes and has the prober watch them. Where the same are
// held already it does nothing; a node that was started again meanwhile is taken hold of anew.
func (g *grip) take(t Target) error {
	hosted, ok := t.System.(Hosted)
	if !ok {
		return unsupported("the nodes are no processes of this host")
	}
	roots := map[string]Process{}
	for _, n := range t.Picked {
		p, ok := hosted.Process(n.Name)
		if !ok {
			return fmt.Errorf("%s has no process now", n.Name)
		}
		if err := breakable(t, p); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		roots[n.Name] = p
	}
	if g.holds(roots) {
		return nil
	}
	g.release()
	g.roots = roots
	for node, root := range roots {
		members, err := family(root)
		if err != nil {
			return fmt.Errorf("find the processes of %s: %w", node, err)
		}
		for _, p := range members {
			if err := g.add(t, node, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// breakable refuses a process that is not one of the run's own. What lives in the tool's process
// cannot be broken without the tool.
func breakable(t Target, p Process) error {
	if p.PID == os.Getpid() {
		return unsupported("it lives in the tool's own process")
	}
	if t.Lease != nil && p.Alive() && !carries(p.PID, t.Lease.Label()) {
		return fmt.Errorf("process %d (%s) does not carry the label of the run", p.PID,
			commandOf(p.PID))
	}
	return nil
}

func (g *grip) holds(roots map[string]Process) bool {
	if len(roots) != len(g.roots) {
		return false
	}
	for node, root := range roots {
		held, ok := g.roots[node]
		if !ok || held.PID != root.PID || held.Start != root.Start {
			return false
		}
	}
	return true
}

// add holds one process. A child may end at any time, and then needs no holding.
func (g *grip) add(t Target, node string, p Process) error {
	h, err := hold(p)
	if errors.Is(err, errGone) && p.PID != g.roots[node].PID {
		return nil
	}
	if err != nil {
		return fmt.Errorf("take hold of %s: %w", node, err)
	}
	g.all = append(g.all, h)
	if t.Prober == nil {
		return nil
	}
	if err := t.Prober.Watch(node, p); err != nil {
		return fmt.Errorf("have the prober watch %s: %w", node, err)
	}
	return nil
}

// signal sends one signal to all, whatever comes of the others.
func (g *grip) signal(s syscall.Signal) error {
	var failed []error
	for _, h := range g.all {
		failed = append(failed, h.signal(s))
	}
	return errors.Join(failed...)
}

// leads are the processes that stand for the nodes themselves.
func (g *grip) leads() []*held {
	var leads []*held
	for _, h := range g.all {
		for _, root := range g.roots {
			if root.PID == h.PID {
				leads = append(leads, h)
			}
		}
	}
	return leads
}

func (g *grip) processes() []Process {
	var all []Process
	for _, h := range g.all {
		all = append(all, h.Process)
	}
	return all
}

// released takes what signal stops off every process, and lets go of them.
func (g *grip) release() {
	for _, h := range g.all {
		h.close()
	}
	g.all, g.roots = nil, nil
}

// promises are the undos that a fault has in the lease.
type promises struct{ ids []int }

// add writes undos before the act they undo.
func (p *promises) add(t Target, undos ...Undo) error {
	if t.Lease == nil {
		return nil
	}
	for _, u := range undos {
		id, err := t.Lease.Add(u)
		if err != nil {
			return err
		}
		p.ids = append(p.ids, id)
	}
	return nil
}

// drop forgets them, once they were carried out.
func (p *promises) drop(t Target) error {
	if t.Lease == nil {
		return nil
	}
	for len(p.ids) > 0 {
		last := len(p.ids) - 1
		if err := t.Lease.Drop(p.ids[last]); err != nil {
			return err
		}
		p.ids = p.ids[:last]
	}
	return nil
}
