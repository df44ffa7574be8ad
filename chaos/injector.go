package chaos

import (
	"context"

	"github.com/streambench/streambench/reports/record"
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
}

// Prepare readies a fault before its time: processes are looked up and held, helpers started. It is
// optional, and made up for by Inject.
func (i *Injector) Prepare(ctx context.Context, p Planned) error { return nil }

// Inject waits until p.At, if that is still to come, breaks what is planned and waits until a
// witness has seen the effect. What came of it is in the fault returned: its witness, both times,
// why it is unsupported, or its error.
func (i *Injector) Inject(ctx context.Context, p Planned) record.Fault { return record.Fault{} }

// Heal undoes a fault and, where that is planned, starts its nodes again. It works in a context of
// its own, for the caller's may be what has ended; what it waits for has limits. It returns the fault
// that Inject did, with the time it was healed.
func (i *Injector) Heal(ctx context.Context, p Planned) record.Fault { return record.Fault{} }
