package chaos

import (
	"context"

	"github.com/streambench/streambench/reports/record"
)

// Prober sees for itself what a fault did: it is a process of its own, that has no part in
// injecting. It looks at all nodes and edges all the time, so that what it is asked about
// afterwards was seen when it happened. Times are ns since T0, as the Now of the Injector gives
// them.
type Prober interface {
	// Watch has it look at a process too, under the name of its node. A process that is watched
	// already, or is gone, is no error.
	Watch(node string, p Process) error
	// Await waits until everything expected was seen at once. Once ctx has ended the witness does not
	// hold and says what is missing.
	Await(ctx context.Context, e Expectation) record.Witness
}

// Expectation is what a prober has to see of a fault, all of it. Only what was seen after SinceNs
// counts. The witness's time is that of the last part to come true.
type Expectation struct {
	SinceNs int64
	// Gone are processes that have ended: their pidfds are readable.
	Gone []Process
	// Stopped are processes that are stopped or frozen and whose CPU time stands still.
	Stopped []Process
	// Throttled are processes that are kept from running while they could: they were seen stopped
	// now and then, or the kernel counts throttled time for their control group.
	Throttled []Process
	// Silent are edges by which nothing arrives, Open those by which probes arrive.
	Silent []Edge
	Open   []Edge
	// Quiet are nodes that have sent neither FIN nor RST.
	Quiet []string
	// Slow are edges whose round trip and rate are those of Shape, within 10 %.
	Slow  []Edge
	Shape Shape
}

// Mender is a Cutter whose cuts outlive the tool: Undos are what mends the edges without it.
type Mender interface {
	Undos(edges []Edge) []Undo
}
