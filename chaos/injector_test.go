//go:build linux

package chaos

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

func worker(name string) []Node { return []Node{{Name: name, Role: Worker}} }

// holds checks that a fault has taken effect and was seen.
func holds(t *testing.T, f record.Fault) {
	t.Helper()
	if f.Error != "" || f.Unsupported != "" || f.Witness == nil || !f.Witness.Holds {
		t.Fatalf("%+v, witness %+v", f, f.Witness)
	}
}

func healed(t *testing.T, f record.Fault) {
	t.Helper()
	if f.Error != "" || f.HealedNs == 0 {
		t.Fatalf("not healed: %+v", f)
	}
}

func TestAKilledNodeIsGoneAndComesBack(t *testing.T) {
	g := newGround(t, nil, "worker-1", "worker-2")
	before, other := g.process(t, "worker-1"), g.process(t, "worker-2")
	p := Planned{
		ID: 1, Verb: VerbKill, Text: "kill worker-1", Picked: worker("worker-1"), Restart: time.Second,
	}
	f := g.injector.Inject(t.Context(), p)
	holds(t, f)
	if before.Alive() || !other.Alive() {
		t.Fatalf("killed: %v, %v", !before.Alive(), !other.Alive())
	}
	if f.Verb != "kill" || f.Nodes[0] != "worker-1" || f.Slots[0] != 0 || f.Plane != "process" {
		t.Errorf("%+v", f)
	}
	healed(t, g.injector.Heal(t.Context(), p))
	after := g.process(t, "worker-1")
	if !after.Alive() || after == before {
		t.Error("it was not started again")
	}
	healed(t, g.injector.Heal(t.Context(), p))
	if g.process(t, "worker-1") != after || len(g.toys.wiped) > 0 {
		t.Error("to heal it twice has started it twice")
	}
}

func TestANodeWithoutRestartStaysAway(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	p := Planned{ID: 1, Verb: VerbKill, Picked: worker("worker-1")}
	holds(t, g.injector.Inject(t.Context(), p))
	if f := g.injector.Heal(t.Context(), p); f.Error != "" || f.HealedNs != 0 {
		t.Errorf("%+v", f)
	}
	if living(g.toys, "worker-1") {
		t.Error("it was started again")
	}
}

func TestAStoppedNodeEndsByItself(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	before := g.process(t, "worker-1")
	p := Planned{
		ID: 1, Verb: VerbStop, Picked: worker("worker-1"), Restart: time.Second, Wipe: true,
		Grace: limit,
	}
	f := g.injector.Inject(t.Context(), p)
	holds(t, f)
	if before.Alive() || !strings.Contains(strings.Join(f.Witness.Evidence, " "), "ended by itself") {
		t.Errorf("alive %v, %q", before.Alive(), f.Witness.Evidence)
	}
	healed(t, g.injector.Heal(t.Context(), p))
	if len(g.toys.wiped) != 1 {
		t.Error("its disk was not wiped")
	}
}

func TestAStoppedNodeThatDoesNotHearIsKilled(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	before := g.process(t, "worker-1")
	h, err := hold(before)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := h.signal(19); err != nil { // one that stands still hears no SIGTERM
		t.Fatal(err)
	}
	p := Planned{ID: 1, Verb: VerbStop, Picked: worker("worker-1"), Grace: 50 * time.Millisecond}
	f := g.injector.Inject(t.Context(), p)
	holds(t, f)
	if before.Alive() || !strings.Contains(strings.Join(f.Witness.Evidence, " "), "had to be killed") {
		t.Errorf("alive %v, %q", before.Alive(), f.Witness.Evidence)
	}
	g.injector.Heal(t.Context(), p)
}

func TestAPausedNodeStandsStillAndGoesOn(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	at := g.process(t, "worker-1")
	p := Planned{ID: 1, Verb: VerbPause, Picked: worker("worker-1"), For: time.Second}
	if err := g.injector.Prepare(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	promised, err := readLease(g.lease.path)
	if err != nil || len(promised.Undos) != 2 || promised.Undos[1].Op != OpContinue {
		t.Fatalf("before the act the lease has %+v, %v", promised, err)
	}
	holds(t, g.injector.Inject(t.Context(), p))
	if stateOf(at) != 'T' {
		t.Errorf("state %c", stateOf(at))
	}
	healed(t, g.injector.Heal(t.Context(), p))
	eventually(t, "it goes on", func() bool { return stateOf(at) != 'T' })
	if after, err := readLease(g.lease.path); err != nil || len(after.Undos) != 1 {
		t.Errorf("after it the lease has %+v, %v", after, err)
	}
	healed(t, g.injector.Heal(t.Context(), p))
}

func TestANodeUnderPressureIsKeptFromRunning(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	p := Planned{ID: 1, Verb: VerbPressure, Picked: worker("worker-1"), For: time.Second}
	p.Pressure.CPUs = 0.02
	holds(t, g.injector.Inject(t.Context(), p))
	healed(t, g.injector.Heal(t.Context(), p))
	eventually(t, "it runs", func() bool { return stateOf(g.process(t, "worker-1")) != 'T' })
	healed(t, g.injector.Heal(t.Context(), p))
}

func TestWithoutAControlGroupAHelperThrottles(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	at := g.process(t, "worker-1")
	f := newPressure(Planned{Pressure: Pressure{CPUs: 0.02}}).(*pressure)
	target := g.injector.target(Planned{Picked: worker("worker-1")})
	if err := f.prepare(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if err := f.throttled(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	w := g.injector.witness(t.Context(), f, target, g.injector.Now())
	if !w.Holds {
		t.Fatalf("%+v", w)
	}
	for range 2 {
		if err := f.Heal(t.Context(), target); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it runs", func() bool { return stateOf(at) != 'T' })
	if s, err := readLease(g.lease.path); err != nil || len(s.Undos) != 1 {
		t.Errorf("after it the lease has %+v, %v", s, err)
	}
}

func TestABadDiskIsTriedByTheNode(t *testing.T) {
	for _, d := range []Disk{
		{Slow: 30 * time.Millisecond}, {Rate: 10_000_000}, {Full: true},
	} {
		g := newGround(t, nil, "worker-1")
		p := Planned{ID: 1, Verb: VerbDisk, Picked: worker("worker-1"), For: time.Second, Disk: d}
		holds(t, g.injector.Inject(t.Context(), p))
		healed(t, g.injector.Heal(t.Context(), p))
		if g.toys.disk != (Disk{}) {
			t.Error("it is still bad")
		}
	}
}

func TestADiskIsJudgedByWhatTheKernelCounts(t *testing.T) {
	ms := time.Millisecond
	good := trial{took: ms, longest: 2 * ms, written: 3 * TrialBytes, counted: true}
	for _, c := range []struct {
		name  string
		disk  Disk
		after trial
		holds bool
	}{
		{"slow", Disk{Slow: 20 * ms}, trial{took: 21 * ms}, true},
		{"not slow", Disk{Slow: 20 * ms}, good, false},
		{"slow by less than chance", Disk{Slow: 2 * ms}, trial{took: 2 * ms}, false},
		{"a rate", Disk{Rate: 5_000_000}, trial{took: 105 * ms}, true},
		{"no rate", Disk{Rate: 5_000_000}, trial{took: 50 * ms}, false},
		{"full", Disk{Full: true}, trial{err: errors.New("worker-1: no space left on device")}, true},
		{"broken, not full", Disk{Full: true}, trial{err: errors.New("input/output error")}, false},
		{"not full", Disk{Full: true}, good, false},
		{"slow and broken", Disk{Slow: ms}, trial{took: 9 * ms, err: errors.New("x")}, false},
		{"lying", Disk{Lie: true}, trial{counted: true}, true},
		{"honest", Disk{Lie: true}, good, false},
		{"not counted", Disk{Lie: true}, trial{}, false},
	} {
		saw, missing := (&disk{planned: Planned{Disk: c.disk}}).judge(good, c.after)
		if (missing == "") != c.holds || saw+missing == "" {
			t.Errorf("%s: saw %q, missing %q", c.name, saw, missing)
		}
	}
}

// undone is a fault whose injector forgot to act.
type undone struct{ Fault }

func (undone) Inject(context.Context, Target) error { return nil }

func (u undone) prepare(ctx context.Context, t Target) error {
	return u.Fault.(preparer).prepare(ctx, t)
}

func (u undone) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	return u.Fault.(witnessed).witness(ctx, t, sinceNs)
}

// TestAnInjectorThatDoesNothingIsFoundOut holds that no effect is taken for granted.
func TestAnInjectorThatDoesNothingIsFoundOut(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	for i, p := range []Planned{
		{Verb: VerbKill}, {Verb: VerbStop}, {Verb: VerbPause},
		{Verb: VerbPressure, Pressure: Pressure{CPUs: 0.1}},
		{Verb: VerbPressure, Pressure: Pressure{Memory: 64 << 20}},
		{Verb: VerbDisk, Disk: Disk{Slow: 20 * time.Millisecond}},
		{Verb: VerbDisk, Disk: Disk{Full: true}},
		{Verb: VerbDisk, Disk: Disk{Rate: 1_000_000}},
		{Verb: VerbDisk, Disk: Disk{Lie: true}},
		{Verb: VerbPoison, Poison: 3},
	} {
		p.ID, p.Picked, p.For = i+1, worker("worker-1"), time.Second
		real := faults[p.Verb](p)
		a := g.injector.act(p)
		a.fault = undone{real}
		if _, prepared := real.(preparer); !prepared {
			a.fault = struct {
				Fault
				witnessed
			}{undone{real}, real.(witnessed)}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		f := g.injector.Inject(ctx, p)
		cancel()
		if f.Witness == nil || f.Witness.Holds || f.Witness.Missing == "" || f.ActualNs != 0 {
			t.Errorf("%s: %+v, witness %+v", p.Verb, f, f.Witness)
		}
		g.injector.Heal(t.Context(), p)
	}
}

func TestAnEffectThatWasThereBeforeProvesNothing(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	early := &eyes{now: func() int64 { return 1 }}
	g.injector.Prober = early
	p := Planned{ID: 1, Verb: VerbKill, Picked: worker("worker-1"), At: 50 * time.Millisecond}
	f := g.injector.Inject(t.Context(), p)
	if f.Witness == nil || f.Witness.Holds || !strings.Contains(f.Witness.Missing, "before") {
		t.Errorf("witness %+v", f.Witness)
	}
	g.injector.Heal(t.Context(), p)
}

func TestWithoutAProberNothingIsProved(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	g.injector.Prober = nil
	p := Planned{ID: 1, Verb: VerbKill, Picked: worker("worker-1")}
	if f := g.injector.Inject(t.Context(), p); f.Witness == nil || f.Witness.Holds {
		t.Errorf("%+v, witness %+v", f, f.Witness)
	}
	g.injector.Heal(t.Context(), p)
}

// bare is a system without any capability.
type bare struct{}

func (bare) Nodes() []Node { return worker("worker-1") }

func TestASystemWithoutTheCapabilityIsUnsupported(t *testing.T) {
	for verb := range faults {
		if verb == VerbPoison {
			continue
		}
		i := &Injector{System: bare{}, Now: func() int64 { return 0 }}
		p := Planned{ID: 1, Verb: verb, Picked: worker("worker-1"), For: time.Second}
		if f := i.Inject(t.Context(), p); f.Unsupported == "" || f.Error != "" || f.Witness != nil {
			t.Errorf("%s: %+v", verb, f)
		}
		if f := i.Heal(t.Context(), p); f.Error != "" || f.HealedNs != 0 {
			t.Errorf("heal %s: %+v", verb, f)
		}
	}
}

func TestAFaultWaitsForItsTime(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	at := time.Duration(g.injector.Now()) + 300*time.Millisecond
	p := Planned{ID: 1, Verb: VerbKill, Picked: worker("worker-1"), At: at}
	f := g.injector.Inject(t.Context(), p)
	holds(t, f)
	if f.ActualNs < int64(at) || f.PlannedNs != int64(at) {
		t.Errorf("planned %d, actual %d", f.PlannedNs, f.ActualNs)
	}
}

func TestAFaultThatIsCalledOffBreaksNothing(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the baseline is not in band")
	cancel(why)
	p := Planned{ID: 1, Verb: VerbPause, Picked: worker("worker-1"), At: time.Hour, For: time.Second}
	f := g.injector.Inject(ctx, p)
	if !strings.Contains(f.Error, why.Error()) || stateOf(g.process(t, "worker-1")) == 'T' {
		t.Errorf("%+v", f)
	}
	if f := g.injector.Heal(ctx, p); strings.Contains(f.Error, "heal") {
		t.Errorf("%+v", f)
	}
	if s, err := readLease(g.lease.path); err != nil || len(s.Undos) != 1 {
		t.Errorf("after it the lease has %+v, %v", s, err)
	}
}

func TestANodeStartedAnewIsTheOneThatIsBroken(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	first := Planned{ID: 1, Verb: VerbKill, Picked: worker("worker-1"), Restart: time.Second}
	second := Planned{ID: 2, Verb: VerbPause, Picked: worker("worker-1"), For: time.Second}
	if err := g.injector.Prepare(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	holds(t, g.injector.Inject(t.Context(), first))
	healed(t, g.injector.Heal(t.Context(), first))
	holds(t, g.injector.Inject(t.Context(), second))
	if s := stateOf(g.process(t, "worker-1")); s != 'T' {
		t.Errorf("the node is in state %c", s)
	}
	healed(t, g.injector.Heal(t.Context(), second))
}

// elsewhere is a system whose node is a process of somebody else.
type elsewhere struct {
	bare
	process Process
}

func (e elsewhere) Process(string) (Process, bool) { return e.process, true }

func TestOnlyProcessesOfTheRunAreBroken(t *testing.T) {
	g := newGround(t, nil)
	foreign := labelledSleep(t, labelVariable+"=another-run")
	self, err := ProcessOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range []Planned{
		{Verb: VerbKill}, {Verb: VerbStop}, {Verb: VerbPause},
		{Verb: VerbPressure, Pressure: Pressure{CPUs: 0.1}},
	} {
		p.Picked, p.For = worker("worker-1"), time.Second
		g.injector.System, p.ID = elsewhere{process: foreign}, 2*i+1
		if f := g.injector.Inject(t.Context(), p); !strings.Contains(f.Error, "label") {
			t.Errorf("%s of another run: %+v", p.Verb, f)
		}
		g.injector.Heal(t.Context(), p)
		g.injector.System, p.ID = elsewhere{process: self}, 2*i+2
		if f := g.injector.Inject(t.Context(), p); f.Unsupported == "" || f.Error != "" {
			t.Errorf("%s of the tool itself: %+v", p.Verb, f)
		}
		g.injector.Heal(t.Context(), p)
	}
	if !foreign.Alive() {
		t.Error("a process of another run is gone")
	}
}

// unwilling is a lease that takes no undo, as on a full disk.
type unwilling struct{ Lease }

func (unwilling) Add(Undo) (int, error) { return 0, errors.New("no space left") }

func TestNothingIsBrokenThatNobodyWouldHeal(t *testing.T) {
	g := newGround(t, nil, "worker-1")
	g.injector.Lease = unwilling{g.lease}
	for i, p := range []Planned{
		{Verb: VerbPause},
		{Verb: VerbPressure, Pressure: Pressure{CPUs: 0.1}},
		{Verb: VerbPressure, Pressure: Pressure{Memory: 64 << 20}},
	} {
		p.ID, p.Picked, p.For = i+1, worker("worker-1"), time.Second
		f := g.injector.Inject(t.Context(), p)
		if f.Error == "" && f.Unsupported == "" || f.Witness != nil {
			t.Errorf("%s: %+v", p.Verb, f)
		}
		g.injector.Heal(t.Context(), p)
		if s := stateOf(g.process(t, "worker-1")); s == 'T' {
			t.Errorf("%s has stopped it", p.Verb)
		}
	}
}

var _ Mender = (*torn)(nil)

// torn is a network that breaks half of what it is asked to, and says so.
type torn struct {
	believed
	mended []Edge
}

func (*torn) Cut(context.Context, []Edge) error { return errors.New("cut one edge of two") }

func (n *torn) Mend(_ context.Context, edges []Edge) error {
	n.mended = append(n.mended, edges...)
	return nil
}

func (*torn) Undos(edges []Edge) []Undo {
	return []Undo{{Op: OpRelay, Address: "@nobody", Edges: edges}}
}

func TestWhatWasBrokenHalfIsHealedWhole(t *testing.T) {
	network := &torn{}
	g := newGround(t, func(Lease) Network { return network }, "worker-1", "worker-2")
	p := Planned{ID: 1, Verb: VerbPartition, Edges: ways("worker-1", "worker-2"), For: time.Second}
	if err := g.injector.Prepare(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if s, err := readLease(g.lease.path); err != nil || len(s.Undos) != 2 {
		t.Fatalf("before the act the lease has %+v, %v", s, err)
	}
	if f := g.injector.Inject(t.Context(), p); f.Error == "" || f.Witness != nil {
		t.Errorf("%+v", f)
	}
	for range 2 {
		g.injector.Heal(t.Context(), p)
	}
	if !slices.Equal(network.mended, p.Edges) {
		t.Errorf("mended: %v", network.mended)
	}
	if s, err := readLease(g.lease.path); err != nil || len(s.Undos) != 1 {
		t.Errorf("after it the lease has %+v, %v", s, err)
	}
}

func TestTheTableHasEveryVerb(t *testing.T) {
	if len(VerbTable) != len(faults)+1 { // random is drawn into the others
		t.Errorf("%d verbs in the table, %d that can be injected", len(VerbTable), len(faults))
	}
	for _, v := range VerbTable {
		if _, ok := faults[v.Verb]; !ok && v.Verb != VerbRandom {
			t.Errorf("%s cannot be injected", v.Verb)
		}
		if v.Means == "" || v.Witness == "" || v.Heals == "" || v.Example == "" {
			t.Errorf("%s is not explained", v.Verb)
		}
	}
}
