package scenarios

import (
	"context"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
)

// gate stands between a system and the collector: shut, it is a sink that has stalled, and what the
// system still produces piles up in the system until nothing more is taken at its other end.
//
//	sources <--backpressure-- slots <-- outputs <-- gate || collector
type gate struct {
	mu           sync.Mutex
	shut         chan struct{} // closed when the gate opens; nil while it is open
	fromNs, toNs int64         // of the stall, since T0
}

// pass waits while the gate is shut. It returns when a result that arrived at ns got through: one
// that came while the gate was shut arrives when it opens.
func (g *gate) pass(ns int64) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if shut := g.shut; shut != nil {
		g.mu.Unlock()
		<-shut
		g.mu.Lock()
	}
	if ns >= g.fromNs && ns < g.toNs {
		return g.toNs
	}
	return ns
}

func (g *gate) close(ns int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.fromNs = make(chan struct{}), ns
}

// open opens a gate that is shut; ns is the time since T0.
func (g *gate) open(ns int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut, g.toNs = nil, ns
	}
}

// stall has the sink stall at the time the mode says, and go on again: the gate, or the brokers of
// the outputs. unstall ends it at any time.
func (r *repetition) stall() {
	quit, done := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.unstall = func() {
		once.Do(func() { close(quit) })
		<-done
	}
	until := func(at int64) (awake bool) {
		timer := time.NewTimer(time.Duration(at - r.load.NowNs()))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-quit:
			return false
		}
	}
	go func() {
		defer close(done)
		if !until(r.timing.steadyFrom + int64(r.mode.At)) {
			return
		}
		from := r.load.NowNs()
		if err := r.shut(from); err != nil {
			r.fail(context.Background(), record.PhaseSteady, err)
			return
		}
		awake := until(from + int64(r.mode.For))
		to := r.load.NowNs()
		if err := r.open(to); err != nil {
			r.fail(context.Background(), record.PhaseSteady, err)
			return
		}
		if awake {
			r.note(record.Entry{Kind: record.KindMode, Mode: &record.Mode{
				Stall: &record.Stall{FromNs: from, ToNs: to},
			}})
		}
	}()
}

// shut begins a stall of the sink.
func (r *repetition) shut(ns int64) error {
	if c, ok := r.channel.(adapters.Stallable); ok {
		return c.Stall()
	}
	r.collector.gate.close(ns)
	return nil
}

// open ends it.
func (r *repetition) open(ns int64) error {
	if c, ok := r.channel.(adapters.Stallable); ok {
		return c.Resume()
	}
	r.collector.gate.open(ns)
	return nil
}
