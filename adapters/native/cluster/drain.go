package cluster

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/streambench/streambench/adapters/native/engine"
)

// drain takes the results of a deployment to its sink, until the deployment is over. It may wait
// for disks and brokers; the slots then wait for it.
func (d *deployment) drain(ctx context.Context) {
	sink := d.feed.Sink()
	for ctx.Err() == nil {
		moved, err := d.outlet.sink(sink)
		if err != nil {
			if ctx.Err() == nil {
				d.w.toCoordinator(kindBroken, d.failure(fmt.Errorf("write results: %w", err)))
			}
			<-ctx.Done()
			return
		}
		if !moved {
			engine.Doze(pumpDoze)
		}
	}
}

// sink takes what the slots have handed over.
func (o *outlet) sink(to Sink) (moved bool, err error) {
	for i := range o.outputs {
		s := &o.outputs[i]
		done := true
		for _, out := range s.outputs {
			for {
				h, ok := out.Take()
				if !ok {
					break
				}
				moved = true
				if err := o.sinkOne(to, s, out, h); err != nil {
					return moved, err
				}
			}
			done = done && out.Done()
		}
		if done && !s.ended {
			s.ended = true
			if err := to.Seal(s.slot, math.MaxUint64); err != nil {
				return moved, err
			}
			o.d.sealed(marker{Slot: s.slot, ID: math.MaxUint64})
		}
	}
	return moved, nil
}

func (o *outlet) sinkOne(to Sink, s *slotOutputs, out *engine.Output, h engine.Handed) error {
	if h.Results != nil {
		err := to.Take(s.slot, h.Results)
		out.Free(h.Results)
		return err
	}
	if !s.passed(h.Epoch) {
		return nil
	}
	if err := to.Seal(s.slot, h.Epoch); err != nil {
		// The checkpoint fails, and not the job: what was taken is sealed with the next one.
		fmt.Fprintf(os.Stderr, "%s: %v\n", o.d.w.cfg.Name, err)
		o.d.durable(s.slot, h.Epoch, engine.Report{Err: err})
		return nil
	}
	o.d.sealed(marker{Slot: s.slot, ID: h.Epoch})
	return nil
}

// show makes results visible when the coordinator says so.
func (d *deployment) show(ctx context.Context) {
	for {
		select {
		case a := <-d.shows:
			for _, s := range a.Slots {
				if err := d.feed.Sink().Commit(ctx, s, a.ID); err != nil && a.Error == "" {
					a.Error = err.Error()
				}
			}
			if ctx.Err() == nil {
				d.w.toCoordinator(kindShown, a)
			}
		case <-ctx.Done():
			return
		}
	}
}
