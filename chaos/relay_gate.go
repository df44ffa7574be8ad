package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// gate is what one edge lets through, for all connections and probes that use it. Everything in it
// but bytes is guarded by the switchboard's mutex.
type gate struct {
	edge  Edge
	cut   bool
	shape Shape
	free  time.Time // when the edge has sent what was paced so far
	dice  *rand.Rand

	// ends counts the FIN and RST that were passed on, and lastEndNs is when the last one was, by
	// CLOCK_MONOTONIC.
	ends      uint64
	lastEndNs int64
}

// switchboard holds the gates, and who is using them. One mutex is enough: a pump asks for it when
// something changes, not for each of the bytes it moves.
type switchboard struct {
	mu    sync.Mutex
	moved *sync.Cond // signalled when a gate changes, a pump stops, or a passage ends
	gates map[Edge]*gate
	ways  map[Edge]*way
	pumps map[*pump]bool // whether it is moving bytes now

	// changed is closed, and replaced, when a gate changes: what waits for a time waits for it too.
	changed chan struct{}
}

func newSwitchboard() *switchboard {
	s := &switchboard{
		gates: map[Edge]*gate{}, ways: map[Edge]*way{}, pumps: map[*pump]bool{},
		changed: make(chan struct{}),
	}
	s.moved = sync.NewCond(&s.mu)
	return s
}

// gate is the one of an edge; the caller holds the mutex.
func (s *switchboard) gate(e Edge) *gate {
	g := s.gates[e]
	if g == nil {
		g = &gate{edge: e, dice: rand.New(rand.NewPCG(uint64(len(s.gates)), 1))}
		s.gates[e] = g
	}
	return g
}

// Reverse is the other direction between the same nodes.
func (e Edge) reverse() Edge { return Edge{From: e.To, To: e.From} }

// longestChange bounds how long pumps may take to notice a change: they only have to come back from
// one call into the kernel.
const longestChange = 2 * time.Second

// change does something to the gates of some edges and returns once nobody moves bytes by what they
// were before.
func (s *switchboard) change(edges []Edge, act func(*gate)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range edges {
		act(s.gate(e))
	}
	if err := s.filter(edges); err != nil {
		return err
	}
	var stale []*pump
	for p := range s.pumps {
		for _, e := range edges {
			// What is cut one way changes what may travel the other way.
			if p.edge == e || p.edge == e.reverse() {
				p.interrupt()
				p.stale = true
				stale = append(stale, p)
				break
			}
		}
	}
	close(s.changed)
	s.changed = make(chan struct{})
	s.moved.Broadcast()
	ctx, cancel := context.WithTimeout(context.Background(), longestChange)
	defer cancel()
	defer context.AfterFunc(ctx, s.moved.Broadcast)()
	for _, p := range stale {
		for s.pumps[p] && p.stale {
			if ctx.Err() != nil {
				return fmt.Errorf("change edges: %s still moves bytes after %s", p.edge, longestChange)
			}
			s.moved.Wait()
		}
	}
	return nil
}

// filter has the listeners of edges answer or ignore attempts to connect: a handshake needs both
// directions.
func (s *switchboard) filter(edges []Edge) error {
	for _, e := range edges {
		for _, e := range []Edge{e, e.reverse()} {
			w := s.ways[e]
			if w == nil {
				continue
			}
			deaf := s.gate(e).cut || s.gate(e.reverse()).cut
			if err := w.setDeaf(deaf); err != nil {
				return fmt.Errorf("change edges: listener from %s: %w", e, err)
			}
		}
	}
	return nil
}

// String is the edge for people.
func (e Edge) String() string { return e.From + " to " + e.To }

// whole waits until both directions of an edge are open; false once ctx has ended.
func (s *switchboard) whole(ctx context.Context, e Edge) bool {
	defer context.AfterFunc(ctx, s.moved.Broadcast)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for (s.gate(e).cut || s.gate(e.reverse()).cut) && ctx.Err() == nil {
		s.moved.Wait()
	}
	return ctx.Err() == nil
}

// pace reserves the time that n bytes take on an edge, and returns when they have left it; the
// caller holds the mutex.
func (g *gate) pace(now time.Time, n int) time.Time {
	if g.shape.Rate == 0 {
		return now
	}
	if g.free.Before(now) {
		g.free = now
	}
	bits := float64(n) * 8
	g.free = g.free.Add(time.Duration(bits / float64(g.shape.Rate) * float64(time.Second)))
	return g.free
}

// delay is how long something is under way; the caller holds the mutex.
func (g *gate) delay() time.Duration {
	d := g.shape.Delay
	if j := g.shape.Jitter; j > 0 {
		d += time.Duration(g.dice.Int64N(2*int64(j)+1)) - j
	}
	return max(d, 0)
}

// shaped reports whether a shape slows anything.
func (s Shape) shaped() bool { return s.Delay > 0 || s.Jitter > 0 || s.Rate > 0 || s.Loss > 0 }
