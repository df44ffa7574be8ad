package scenarios

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// InVirtualTime makes the canary sleep where a synctest bubble sees it, on any thread: there is no
// host to watch. What breaks and heals does so by word alone.
func (r *RunRequest) InVirtualTime() { r.InVirtualTimeOf(time.Sleep) }

// InVirtualTimeOf is InVirtualTime with a canary that sleeps as it is told. Memory stays what it is
// now: minutes of virtual time are a moment of this process's, whose other tests allocate in it.
func (r *RunRequest) InVirtualTimeOf(nap func(time.Duration)) {
	now := readUsage().memoryB
	r.canaryNap = nap
	r.used = func() usage {
		u := readUsage()
		u.memoryB = now
		return u
	}
	if r.gear == nil {
		(&FakeGear{}).Give(r)
	}
}

// WithDisk has the run see a disk with so much room.
func (r *RunRequest) WithDisk(freeB uint64) {
	r.free = func(string) (uint64, error) { return freeB, nil }
}

// WithFirstDrain has the first drain of an estimate hold so many events at least.
func (r *RunRequest) WithFirstDrain(events uint64) { r.firstDrain = events }

// FakeGear stands in for everything that breaks, sees and heals.
type FakeGear struct {
	// Inject and Heal do what a fault does; nil for nothing.
	Inject func(p chaos.Planned) error
	Heal   func(p chaos.Planned)
	// Left is what the host still has at the end.
	Left []string

	mu     sync.Mutex
	events []string // what was done, in order
	opened int      // leases, networks and probers that are not closed
}

// Give has a run use the gear.
func (g *FakeGear) Give(r *RunRequest) {
	r.gear = &gear{
		lease: func(_ context.Context, run string) (heldLease, error) {
			g.open(1, "lease")
			return &fakeLease{gear: g, run: run}, nil
		},
		network: func(_ context.Context, plane, _ string, _ chaos.Lease) (chaos.Plane, error) {
			g.open(1, "network "+plane)
			return &fakePlane{gear: g, plane: plane}, nil
		},
		prober: func(context.Context, chaos.Probing) (prober, error) {
			g.open(1, "prober")
			return &fakeProber{gear: g}, nil
		},
		injector: func(i *chaos.Injector) injector { return &fakeInjector{gear: g, now: i.Now} },
		residue:  func(context.Context, string) ([]string, error) { return g.Left, nil },
	}
}

func (g *FakeGear) open(n int, what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened += n
	g.events = append(g.events, what)
}

// Events are what was done with the gear, in order; Open is how much of it was not closed.
func (g *FakeGear) Events() (events []string, open int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.events...), g.opened
}

type fakeLease struct {
	gear   *FakeGear
	run    string
	remove []string
}

func (l *fakeLease) Add(u chaos.Undo) (int, error) {
	if u.Op == chaos.OpRemove {
		l.remove = append(l.remove, u.Path)
	}
	return 1, nil
}

func (*fakeLease) Drop(int) error  { return nil }
func (l *fakeLease) Label() string { return "STREAMBENCH_RUN=" + l.run }
func (*fakeLease) Lost() bool      { return false }

func (l *fakeLease) Close() error {
	l.gear.open(-1, "lease closed")
	for _, path := range l.remove {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

type fakePlane struct {
	gear  *FakeGear
	plane string
}

func (p *fakePlane) Plane() string                     { return p.plane }
func (*fakePlane) Listen(node string) (string, error)  { return node, nil }
func (*fakePlane) Dial(_, to string) (string, error)   { return to, nil }
func (*fakePlane) Prepare(_ string, _ *exec.Cmd) error { return nil }
func (p *fakePlane) Close() error                      { p.gear.open(-1, "network closed"); return nil }

type fakeProber struct{ gear *FakeGear }

func (*fakeProber) Watch(string, chaos.Process) error { return nil }

func (*fakeProber) Await(context.Context, chaos.Expectation) record.Witness {
	return record.Witness{Holds: true}
}

func (p *fakeProber) Close() error {
	p.gear.open(-1, "prober closed")
	return nil
}

// fakeInjector injects at once and is believed.
type fakeInjector struct {
	gear *FakeGear
	now  func() int64

	mu    sync.Mutex
	after map[int]record.Fault
}

func (*fakeInjector) Prepare(context.Context, chaos.Planned) error { return nil }

func (i *fakeInjector) Inject(ctx context.Context, p chaos.Planned) (f record.Fault) {
	select {
	case <-time.After(p.At - time.Duration(i.now())):
	case <-ctx.Done():
		f.Error = ctx.Err().Error()
		return f
	}
	i.gear.open(0, "inject "+p.Text)
	if i.gear.Inject != nil {
		if err := i.gear.Inject(p); err != nil {
			f.Error = err.Error()
			return f
		}
	}
	f.ActualNs = i.now()
	f.Witness = &record.Witness{Holds: true, AtNs: f.ActualNs, Evidence: []string{"seen"}}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.after == nil {
		i.after = map[int]record.Fault{}
	}
	i.after[p.ID] = f
	return f
}

func (i *fakeInjector) Heal(_ context.Context, p chaos.Planned) record.Fault {
	i.gear.open(0, "heal "+p.Text)
	if i.gear.Heal != nil {
		i.gear.Heal(p)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	f := i.after[p.ID]
	f.HealedNs = i.now()
	return f
}
