package main

import (
	"context"
	"maps"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/workloads"
)

// planted are programs that differ from streambench in one defect of the system native or of its
// driver, so that scripts see what a user would: streambench-early, and so on.
var planted = map[string]spoilt{
	// Its results arrive before their triggers are due.
	"early": {collector: func(c adapters.Collector) adapters.Collector { return early{c} }},
	// It runs under another guarantee than the one declared.
	"relaxed": {system: func(s adapters.System) adapters.System { return relaxed{s} }},
	// It never says that it has ended.
	"endless": {system: func(s adapters.System) adapters.System { return endless{s} }},
	// Its driver makes a batch in 5 ms, and in no less.
	"slow": {generator: func(g workloads.Generator) workloads.Generator {
		return &napping{Generator: g, every: 1, nap: 5 * time.Millisecond}
	}},
	// Its driver stops for 400 ms now and then.
	"lagging": {generator: func(g workloads.Generator) workloads.Generator {
		return &napping{Generator: g, every: 100, nap: 400 * time.Millisecond}
	}},
}

// programs are the planted ones by the names that scripts call.
func programs() map[string]func() {
	all := map[string]func(){"killed-run": killedRun, "streambench-untwinned": untwinned}
	for name, s := range planted {
		all["streambench-"+name] = func() {
			s.Adapter = native.Adapter{}
			systems[0].Adapter = s
			main()
		}
	}
	return all
}

// spoilt is an adapter with a defect in one of the parts it is built from; nil for a sound part.
type spoilt struct {
	adapters.Adapter
	collector func(adapters.Collector) adapters.Collector
	generator func(workloads.Generator) workloads.Generator
	system    func(adapters.System) adapters.System
}

func (s spoilt) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if s.collector != nil {
		job.Collector = s.collector(job.Collector)
	}
	if s.generator != nil {
		w := *job.Workload
		job.Workload = &w
		events := w.Events
		w.Events = func() workloads.Generator { return s.generator(events()) }
	}
	sys, err := s.Adapter.Deploy(ctx, job)
	if err == nil && s.system != nil {
		sys = s.system(sys)
	}
	return sys, err
}

type early struct{ adapters.Collector }

func (e early) Collect(rs *workloads.Results, receivedNs int64) error {
	return e.Collector.Collect(rs, receivedNs-int64(time.Minute))
}

type relaxed struct{ adapters.System }

func (r relaxed) Config(ctx context.Context) (map[string]string, error) {
	settings, err := r.System.Config(ctx)
	settings = maps.Clone(settings)
	settings["guarantee"] = "at-most-once"
	return settings, err
}

type endless struct{ adapters.System }

func (endless) Wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// napping is a generator that sleeps before every so many batches.
type napping struct {
	workloads.Generator
	every, n int
	nap      time.Duration
}

func (g *napping) Fill(b *workloads.Batch, s workloads.Slots) {
	if g.n++; g.n%g.every == 0 {
		time.Sleep(g.nap)
	}
	g.Generator.Fill(b, s)
}
