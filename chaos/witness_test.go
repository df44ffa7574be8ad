//go:build linux

package chaos

import (
	"context"
	"slices"
	"testing"
	"time"
)

// newSeen is a ground whose nodes talk through a relay and are watched by a prober that is a process
// of its own.
func newSeen(t *testing.T, names ...string) *ground {
	t.Helper()
	g := newGround(t, func(lease Lease) Network {
		n, err := NewNetwork(t.Context(), PlaneRelay, "toys", lease)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		})
		return n
	}, names...)
	prober, err := NewProber(t.Context(), Probing{
		Network: g.toys.network, Nodes: g.toys.Nodes(), Now: g.injector.Now, Lease: g.lease,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := prober.Close(); err != nil {
			t.Error(err)
		}
	})
	g.injector.Prober = prober
	g.settle(t)
	return g
}

// settle waits until every edge is seen to pass.
func (g *ground) settle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	w := g.injector.Prober.Await(ctx, Expectation{
		SinceNs: g.injector.Now(), Open: g.injector.target(Planned{}).whole(nil),
	})
	if !w.Holds {
		t.Fatalf("before anything is broken: %s", w.Missing)
	}
}

func ways(a, b string) []Edge { return []Edge{{a, b}, {b, a}} }

// seenFaults are one of each kind on three workers, by a sentence.
var seenFaults = map[string]Planned{
	"kill":  {Verb: VerbKill, Picked: worker("worker-1"), Restart: time.Second},
	"stop":  {Verb: VerbStop, Picked: worker("worker-1"), Restart: time.Second},
	"lose":  {Verb: VerbLose, Picked: worker("worker-1"), Restart: time.Second},
	"pause": {Verb: VerbPause, Picked: worker("worker-1")},
	"pressure": {
		Verb: VerbPressure, Picked: worker("worker-1"), Pressure: Pressure{CPUs: 0.02},
	},
	"partition two-way": {
		Verb:  VerbPartition,
		Edges: append(ways("worker-1", "worker-2"), ways("worker-1", "worker-3")...),
	},
	"partition one-way": {Verb: VerbPartition, Edges: ways("worker-1", "worker-2")[:1]},
	"partition bridge":  {Verb: VerbPartition, Edges: ways("worker-1", "worker-3")},
	"link": {
		Verb: VerbLink, Edges: ways("worker-1", "worker-2"),
		Shape: Shape{Delay: 300 * time.Millisecond},
	},
}

// TestEveryFaultIsSeenByAnotherProcess breaks real processes in every way, and heals them twice.
func TestEveryFaultIsSeenByAnotherProcess(t *testing.T) {
	for name, p := range seenFaults {
		t.Run(name, func(t *testing.T) {
			g := newSeen(t, "worker-1", "worker-2", "worker-3")
			p.ID, p.For = 1, time.Second
			before := g.process(t, "worker-1")
			f := g.injector.Inject(t.Context(), p)
			holds(t, f)
			if f.ActualNs == 0 || f.ActualNs != f.Witness.AtNs || len(f.Witness.Evidence) == 0 {
				t.Errorf("%+v, witness %+v", f, f.Witness)
			}
			for range 2 {
				healed(t, g.injector.Heal(t.Context(), p))
			}
			if _, restarts := p.Healed(); restarts && p.Restart > 0 && before.Alive() {
				t.Error("it was not killed")
			}
			if p.Verb == VerbLose && !slices.Equal(g.toys.wiped, []string{"worker-1"}) {
				t.Errorf("wiped: %q", g.toys.wiped)
			}
			g.settle(t)
			if s, err := readLease(g.lease.path); err != nil || len(s.Undos) != 1 {
				t.Errorf("after it the lease has %+v, %v", s, err)
			}
		})
	}
}

// TestAnotherProcessSeesWhenNothingWasDone holds the prober to see no effect where there is none.
func TestAnotherProcessSeesWhenNothingWasDone(t *testing.T) {
	g := newSeen(t, "worker-1", "worker-2", "worker-3")
	id := 0
	for name, p := range seenFaults {
		id++
		p.ID, p.For = id, time.Second
		a := g.injector.act(p)
		a.fault = undone{a.fault}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		f := g.injector.Inject(ctx, p)
		cancel()
		if f.Witness == nil || f.Witness.Holds || f.Witness.Missing == "" || f.ActualNs != 0 {
			t.Errorf("%s: %+v, witness %+v", name, f, f.Witness)
		}
		g.injector.Heal(t.Context(), p)
	}
}

// TestALostNodeIsNotKilledBeforeItIsSeenToBeCutOff holds that no peer hears of the end of a lost
// node: where the cut does not take, there is no kill.
func TestALostNodeIsNotKilledBeforeItIsSeenToBeCutOff(t *testing.T) {
	g := newSeen(t, "worker-1", "worker-2")
	before := g.process(t, "worker-1")
	g.injector.Network = believed{}
	p := Planned{ID: 1, Verb: VerbLose, Picked: worker("worker-1"), Restart: time.Second}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if f := g.injector.Inject(ctx, p); f.Error == "" || f.Witness != nil || !before.Alive() {
		t.Errorf("%+v; it lives: %v", f, before.Alive())
	}
	g.injector.Heal(t.Context(), p)
	if g.process(t, "worker-1") != before || len(g.toys.wiped) > 0 {
		t.Error("a node that lives was started again")
	}
}

// TestAnEdgeCutTwiceIsMendedByTheLast heals one of two partitions that share an edge.
func TestAnEdgeCutTwiceIsMendedByTheLast(t *testing.T) {
	g := newSeen(t, "worker-1", "worker-2", "worker-3")
	shared, other := ways("worker-1", "worker-2"), ways("worker-1", "worker-3")
	first := Planned{ID: 1, Verb: VerbPartition, For: time.Second, Edges: append(other, shared...)}
	second := Planned{ID: 2, Verb: VerbPartition, For: time.Second, Edges: shared}
	holds(t, g.injector.Inject(t.Context(), first))
	holds(t, g.injector.Inject(t.Context(), second))
	healed(t, g.injector.Heal(t.Context(), first))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	w := g.injector.Prober.Await(ctx, Expectation{
		SinceNs: g.injector.Now(), Silent: shared, Open: other,
	})
	if !w.Holds {
		t.Errorf("after the first is healed: %s", w.Missing)
	}
	healed(t, g.injector.Heal(t.Context(), second))
	g.settle(t)
}
