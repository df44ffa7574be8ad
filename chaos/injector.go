package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// faults is the one table of verbs: random is none of them, it is drawn into the others.
var faults = map[Verb]func(Planned) Fault{
	VerbKill:      newKill,
	VerbStop:      newStop,
	VerbLose:      newLose,
	VerbPause:     newPause,
	VerbPartition: newPartition,
	VerbLink:      newLink,
	VerbDisk:      newDisk,
	VerbClock:     newClock,
	VerbPressure:  newPressure,
	VerbPoison:    newPoison,
}

const (
	// longestWitness is how long an effect may take to be seen once the act is done.
	longestWitness = 5 * time.Second
	// longestHeal bounds Heal, the start of nodes in it.
	longestHeal = 60 * time.Second
	// clockSlack is by how much the clocks of injector and prober may differ.
	clockSlack = 20 * time.Millisecond
)

// Injector carries out planned faults against one deployment. Its methods may be called by several
// goroutines, for different faults.
//
//	Prepare --> Inject: wait for At, lease, act, witness --> ... --> Heal: undo, restart, lease
type Injector struct {
	System  System
	Network Network // nil: directly
	Lease   Lease   // nil: nobody heals what a killed tool left
	Prober  Prober  // nil: no fault has a witness
	// Now is the time since T0, in ns.
	Now func() int64
	// Poisoned is the witness of poison, which is drawn into the stream before the run: whoever reads
	// the outputs has to say what became of it.
	Poisoned func(ctx context.Context, p Planned) record.Witness

	mu   sync.Mutex
	acts map[int]*act // by the fault's ID
	book book
}

// act is a fault on its way from Prepare to Heal.
type act struct {
	mu       sync.Mutex
	fault    Fault
	report   record.Fault
	injected bool
	healed   bool
}

func (i *Injector) act(p Planned) *act {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.acts == nil {
		i.acts = map[int]*act{}
	}
	a, ok := i.acts[p.ID]
	if !ok {
		a = &act{report: record.Fault{ID: p.ID, Verb: string(p.Verb), Text: p.Text, Plane: i.plane(p)}}
		if make, ok := faults[p.Verb]; ok {
			a.fault = make(p)
		}
		for _, n := range p.Picked {
			a.report.Nodes = append(a.report.Nodes, n.Name)
		}
		i.acts[p.ID] = a
	}
	return a
}

// plane is where a fault takes effect.
func (i *Injector) plane(p Planned) string {
	if i.Network != nil && len(p.Edges) > 0 || p.Verb == VerbLose && i.Network != nil {
		return i.Network.Plane()
	}
	return "process"
}

func (i *Injector) target(p Planned) Target {
	return Target{
		Picked: p.Picked, System: i.System, Network: i.Network, Lease: i.Lease, Prober: i.Prober,
		now: i.Now, poisoned: i.Poisoned, book: &i.book,
	}
}

// Prepare readies a fault before its time: processes are looked up and held, undos are put in the
// lease. It is optional, and made up for by Inject.
func (i *Injector) Prepare(ctx context.Context, p Planned) error {
	a := i.act(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := i.prepare(ctx, a, p); err != nil {
		return fmt.Errorf("prepare fault %d: %w", p.ID, err)
	}
	return nil
}

func (i *Injector) prepare(ctx context.Context, a *act, p Planned) error {
	if a.fault == nil {
		return fmt.Errorf("no fault is called %q", p.Verb)
	}
	if ready, ok := a.fault.(preparer); ok {
		return ready.prepare(ctx, i.target(p))
	}
	return nil
}

// Inject waits until p.At, if that is still to come, breaks what is planned and waits until a
// witness has seen the effect. What came of it is in the fault returned: its witness, both times,
// why it is unsupported, or its error.
func (i *Injector) Inject(ctx context.Context, p Planned) record.Fault {
	a := i.act(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.report.PlannedNs = int64(p.At)
	if a.injected {
		panic(fmt.Sprintf("BUG: fault %d is injected twice", p.ID))
	}
	a.injected = true
	err := i.prepare(ctx, a, p)
	if err == nil {
		err = pause(ctx, p.At-time.Duration(i.Now()))
	}
	if err == nil {
		err = i.strike(ctx, a, p)
	}
	a.fail(err)
	return a.report
}

// strike acts, and looks what came of it.
func (i *Injector) strike(ctx context.Context, a *act, p Planned) error {
	t := i.target(p)
	if s, ok := i.System.(Sloted); ok {
		for _, n := range p.Picked {
			a.report.Slots = append(a.report.Slots, s.Slots(n.Name)...)
		}
		slices.Sort(a.report.Slots)
	}
	sinceNs := i.Now()
	if err := a.fault.Inject(ctx, t); err != nil {
		return err
	}
	w := i.witness(ctx, a.fault, t, sinceNs)
	a.report.Witness = &w
	if w.Holds {
		a.report.ActualNs = w.AtNs
	}
	return nil
}

// witness asks somebody else what became of the act: that it was done without an error proves
// nothing.
func (i *Injector) witness(ctx context.Context, f Fault, t Target, sinceNs int64) record.Witness {
	seen, ok := f.(witnessed)
	if _, byOutput := f.(*poison); !ok || i.Prober == nil && !byOutput {
		return record.Witness{Missing: "nobody is there to see it"}
	}
	ctx, cancel := context.WithTimeout(ctx, longestWitness)
	defer cancel()
	w := seen.witness(ctx, t, sinceNs)
	if w.Holds && w.AtNs < sinceNs-int64(clockSlack) {
		w.Holds = false
		w.Missing = fmt.Sprintf("an effect of this act: it was so %s before",
			time.Duration(sinceNs-w.AtNs).Round(time.Millisecond))
	}
	if !w.Holds && w.Missing == "" {
		w.Missing = "the effect"
	}
	return w
}

// fail writes down why an act was not done.
func (a *act) fail(err error) {
	switch {
	case err == nil:
	case errors.Is(err, errors.ErrUnsupported):
		why := err.Error()
		a.report.Unsupported = strings.TrimSuffix(why, ": "+errors.ErrUnsupported.Error())
	case a.report.Error == "":
		a.report.Error = err.Error()
	default:
		a.report.Error += "; " + err.Error()
	}
}

// Heal undoes a fault and, where that is planned, starts its nodes again. It works in a context of
// its own, for the caller's may be what has ended; what it waits for has limits. It returns the
// fault that Inject did, with the time it was healed. It may be called at any time, and again.
func (i *Injector) Heal(ctx context.Context, p Planned) record.Fault {
	a := i.act(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fault == nil || a.healed {
		return a.report
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), longestHeal,
		fmt.Errorf("not healed within %s", longestHeal))
	defer cancel()
	if err := a.fault.Heal(ctx, i.target(p)); err != nil {
		a.fail(fmt.Errorf("heal: %w", err))
		return a.report
	}
	a.healed = a.injected
	if _, heals := p.Healed(); a.injected && heals && a.report.Unsupported == "" {
		a.report.HealedNs = i.Now()
	}
	return a.report
}

// pause waits for a time, which may be over already.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// book counts by how many faults each edge is broken: the last one to heal mends it.
type book struct {
	mu    sync.Mutex
	count map[Edge]int
}

func (b *book) add(edges []Edge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count == nil {
		b.count = map[Edge]int{}
	}
	for _, e := range edges {
		b.count[e]++
	}
}

func (b *book) remove(edges []Edge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range edges {
		b.count[e]--
	}
}

func (b *book) broken(e Edge) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count[e] > 0
}

// alone are the edges that one fault alone has broken.
func (b *book) alone(edges []Edge) (alone []Edge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range edges {
		if b.count[e] == 1 {
			alone = append(alone, e)
		}
	}
	return alone
}
