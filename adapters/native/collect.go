package native

import (
	"context"
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// idle is how long the receiving thread sleeps when every output was empty: it is part of the
// latency reported, and shorter costs more of a core than it saves.
const idle = 100 * time.Microsecond

// arrival is a batch of results and when it was taken.
type arrival struct {
	from *engine.Output
	rs   *workloads.Results
	ns   int64 // since T0
}

// collect moves results from the slots' outputs to the collector until every output is done.
//
//	outputs --Pop--> receive: stamps --arrivals--> keep: Collect --Free--> outputs
//
// Receiving has a goroutine of its own, so that no result is charged with the time the collector
// spends on those before it, writing to a disk for instance. A slot still gets its credit back only
// when the collector is done with a batch, so what waits is bounded by the outputs.
func (s *system) collect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outputs := s.engine.Outputs()
	arrivals := make(chan arrival, len(outputs)*outputDepth)
	kept := make(chan error, 1)
	go func() {
		err := s.keep(arrivals)
		cancel()
		kept <- err
	}()
	err := s.receive(ctx, outputs, arrivals)
	close(arrivals)
	if keepErr := <-kept; keepErr != nil {
		return keepErr
	}
	return err
}

// receive takes and stamps batches as they arrive.
func (s *system) receive(
	ctx context.Context, outputs []*engine.Output, arrivals chan<- arrival,
) error {
	for {
		moved, done := false, true
		for _, o := range outputs {
			for rs := o.Pop(); rs != nil; rs = o.Pop() {
				arrivals <- arrival{from: o, rs: rs, ns: s.job.Load.NowNs()}
				moved = true
			}
			done = done && o.Done()
		}
		switch {
		case moved:
		case done:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			engine.Doze(idle)
		}
	}
}

// keep hands batches to the collector until there are no more, or the collector refuses one.
func (s *system) keep(arrivals <-chan arrival) error {
	stepBack()
	for a := range arrivals {
		if err := s.job.Collector.Collect(a.rs, a.ns); err != nil {
			return fmt.Errorf("collect results: %w", err)
		}
		a.from.Free(a.rs)
	}
	return nil
}
