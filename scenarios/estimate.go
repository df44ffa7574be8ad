package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// An estimate of what a system can do at most: it drains a topic that was full before it started.
//
//	deploy: brokers, topics
//	fill:   the driver at its most
//	drain:  the system starts, and reads to the end
//	check:  every result, by the oracle
//
// Each drain tells how much the next has to hold to last as long as it may, and a virtual machine
// that was just started compiles meanwhile. The first that lasts long enough is the estimate, or
// the third.
var drainPhases = []phase{
	{record.PhaseDeploy, (*repetition).deploy, false},
	{record.PhaseFill, (*repetition).fill, false},
	{record.PhaseDrain, (*repetition).answer, false},
	{record.PhaseCheck, (*repetition).check, false},
	{record.PhaseClose, (*repetition).close, true},
}

const (
	// mostDrains are the drains that an estimate takes at most.
	mostDrains = 3
	// firstDrain is the least the first drain holds, and drainWindows how many windows are to close
	// in it: results tell how far a system is.
	firstDrain, drainWindows = 300_000, 12
	// mostInMemory bounds what an embedded broker is filled with, mostOnDisk what any is.
	mostInMemory, mostOnDisk = 3_000_000, 40_000_000
)

// drained is an input that is all there before the system starts.
type drained struct {
	events   uint64        // to fill
	longest  time.Duration // that filling may take; what is there by then is all
	filledNs int64         // when all were acknowledged, since T0
	progress progress
}

// estimate finds what a system drains of a full topic, after its start-up.
func (r *run) estimate(ctx context.Context, sys System, longest time.Duration) record.Bracket {
	events := r.firstFill()
	var last record.Probe
	for i := range mostDrains {
		of := record.Repeat{System: sys.Label(), Rep: record.FirstProbe + i}
		p, err := r.drainOnce(ctx, of, &drained{events: events, longest: longest / 2})
		if ctx.Err() != nil {
			return record.Bracket{}
		}
		var gap *gapError
		switch {
		case errors.As(err, &gap):
			r.gap(sys, gap.failure)
			return record.Bracket{Unsettled: gap.Error()}
		case err != nil:
			return record.Bracket{Unsettled: err.Error()}
		}
		r.journal.add(record.Entry{
			Kind: record.KindProbe, System: of.System, Rep: of.Rep, Probe: &p,
		})
		if last = p; p.Answer != record.ProbePass {
			break
		}
		if took := time.Duration(p.Drain.ToNs - p.Drain.FromNs); took >= longest/2 {
			break // as long as it is to be, and warm since
		}
		if p.Drain.Events < events {
			break // no more can be filled within the time
		}
		events = r.whole(p.Rate * longest.Seconds())
	}
	if last.Answer != record.ProbePass {
		return record.Bracket{Reason: last.Reason, Text: last.Text,
			Unsettled: "a drain was to estimate it and is no measure, " + last.Text}
	}
	return record.Bracket{Passed: rounded(last.Rate), Estimate: last.Drain}
}

// firstFill is what the first drain of a system holds.
func (r *run) firstFill() uint64 {
	events := float64(cmp.Or(r.req.firstDrain, firstDrain))
	if step := windowStep(r.bound); step > 0 && !r.bound.Query.Window.Processing {
		events = max(events, drainWindows*step.Seconds()*float64(r.req.Scenario.Load.EventRate))
	}
	return r.whole(events)
}

// whole is a number of events in whole groups, as many as brokers have room for.
func (r *run) whole(events float64) uint64 {
	most := uint64(mostOnDisk)
	if r.req.Scenario.Load.Broker.At == atEmbedded {
		most = mostInMemory
	}
	t := timing{events: min(uint64(events), most)}
	return t.slots(r.bound.Timeline.Groups)
}

// drainOnce fills a topic and has a system drain it. A system that fails to is a gap.
func (r *run) drainOnce(
	ctx context.Context, of record.Repeat, d *drained,
) (record.Probe, error) {
	w, err := r.watch()
	if err != nil {
		return record.Probe{}, err
	}
	defer w.end()
	rep := r.prepare(r.systemOf(of), of)
	rep.journal, rep.keep, rep.drained = w.journal, false, d
	rep.timing = timing{events: d.events, drain: r.req.Scenario.Load.Drain}
	rep.carryOut(ctx)
	for _, e := range w.entries {
		if e.Error != nil {
			return record.Probe{}, &gapError{e.Error}
		}
	}
	drain := d.progress.stretch(d.filledNs, rep.events)
	return summary.Drained(w.entries, drain, r.manifest.Host.Cores), nil
}

// stand has what the system stands on up while the topic is still empty.
func (r *repetition) stand(ctx context.Context) error {
	if r.footing == nil {
		return nil
	}
	if err := r.footing.ready(ctx, r); err != nil {
		return fmt.Errorf("deploy %s: %w", r.plan.Base(), err)
	}
	return nil
}

// fill has the driver write the whole input, as fast as brokers take it.
func (r *repetition) fill(ctx context.Context) error {
	r.measureFrom(0)
	r.limit(r.timing.events)
	r.startClock()
	r.sampler.tick() // what was spent before is not the price of filling
	sent := make(chan error, 1)
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { sent <- r.channel.Wait(wait) }()
	longest := time.NewTimer(r.drained.longest)
	defer longest.Stop()
	for {
		select {
		case <-longest.C:
			r.events = r.load.LimitHere(r.job.Workload.Timeline.Groups)
		case err := <-sent:
			if err != nil {
				return r.ofTransport("%s transport", err)
			}
			r.drained.filledNs = r.load.NowNs()
			r.sampler.tick()
			r.end.Events = r.events
			return nil
		}
	}
}

// answer starts the system on an input that is all there, and waits until it has answered it.
func (r *repetition) answer(ctx context.Context) error {
	r.collector.follow(&r.drained.progress)
	if err := r.begin(ctx); err != nil {
		return err
	}
	r.sampler.tick() // what it has used before is not the price of draining
	return r.drain(ctx)
}

// follow has the collector keep how far the results are.
func (c *collector) follow(p *progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress = p
}

const (
	// burstGap parts two bursts of results: those of one commit come in many batches. burstLength
	// is the most that counts as one.
	burstGap, burstLength = 20 * time.Millisecond, 250 * time.Millisecond
	// shortest is what a stretch must last to stand for itself, and leastSteps how many bursts it
	// has.
	shortest, leastSteps = 2 * time.Second, 2
)

// progress is how many results had come by the end of each burst of them. Their share of all is
// that of the events, whatever the order in which partitions are drained.
type progress struct {
	readings []burst
	total    uint64
	begunNs  int64 // of the burst under way
}

// burst is how many results had come when one ended, at a time since T0.
type burst struct {
	atNs    int64
	results uint64
}

func (p *progress) took(atNs int64, n int) {
	p.total += uint64(n)
	last := len(p.readings) - 1
	if last >= 0 && atNs-p.readings[last].atNs < int64(burstGap) &&
		atNs-p.begunNs < int64(burstLength) {
		p.readings[last] = burst{atNs, p.total}
		return
	}
	p.begunNs = atNs
	p.readings = append(p.readings, burst{atNs, p.total})
}

// stretch is how fast an input of some events was drained that was there at a time: between the
// bursts by which a tenth and nineteen twentieths of the results had come. What lies before is the
// start-up, what lies behind the wait for the last commit.
func (p *progress) stretch(filledNs int64, events uint64) record.Drain {
	d := record.Drain{Events: events, FilledNs: filledNs}
	if p.total == 0 {
		return d
	}
	from, to := -1, -1
	for i, r := range p.readings {
		if from < 0 && r.results*10 >= p.total {
			from = i
		}
		if r.results*20 <= p.total*19 {
			to = i
		}
	}
	lasts := func() bool {
		return to > from && p.readings[to].atNs-p.readings[from].atNs >= int64(shortest)
	}
	if to-from < leastSteps || !lasts() {
		from, to = 0, len(p.readings)-1
	}
	before, after := p.readings[from], p.readings[to]
	if !lasts() {
		before, d.Started = burst{filledNs, 0}, true
	}
	d.FromNs, d.ToNs = before.atNs, after.atNs
	if d.ToNs > d.FromNs {
		share := float64(after.results-before.results) / float64(p.total)
		d.EventsPerS = share * float64(events) / float64(d.ToNs-d.FromNs) * 1e9
	}
	return d
}
