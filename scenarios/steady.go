package scenarios

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

const (
	// lookEvery is how often something is looked at that sends no signal.
	lookEvery = time.Millisecond
	// grace is how long after the end of steady the last events may be handed over: a hiccup of
	// the host at that instant is driver lag, which has a rule of its own, and no missing event.
	grace = 20 * time.Millisecond
)

// timing is the load of a scenario in numbers.
type timing struct {
	pacer  workloads.Pacer // nil: as fast as taken
	auto   bool            // warm-up lasts until steady
	warmup time.Duration
	steady time.Duration
	events uint64 // of a run of exactly that many, else 0
	drain  time.Duration

	steadyFrom int64 // since T0, once known
}

// slots is the number of slots in the stream, in whole groups; 0 where only its end tells. For
// `warmup: auto` it is known once steadyFrom is.
func (t *timing) slots(groups uint64) uint64 {
	n := t.events
	if n == 0 && t.pacer != nil {
		n = t.pacer.Before(time.Duration(t.steadyFrom) + t.steady)
	}
	groups = max(groups, 1)
	return (n + groups - 1) / groups * groups
}

// steadyEnd is the time since T0 at which steady ends on the schedule.
func (t *timing) steadyEnd() time.Duration {
	if t.events > 0 && t.pacer != nil {
		return t.pacer.Due(t.events-1) + 1
	}
	return time.Duration(t.steadyFrom) + t.steady
}

// steady waits until the schedule's measured part is over and reads who kept what waiting.
func (r *repetition) steady(ctx context.Context) error {
	r.sampler.tick()
	if err := r.startBreaking(ctx); err != nil {
		return err
	}
	switch r.mode.Name {
	case record.ModeBackpressure:
		r.stall()
	case record.ModeReplay:
		r.replay.start()
	}
	ends := r.timing.events > 0 && !r.load.Paced()
	var err error
	if ends {
		err = r.untilAccepted(ctx, r.events, math.MaxInt64)
	} else {
		err = r.until(ctx, r.timing.steadyEnd())
	}
	if err != nil {
		return err
	}
	at := r.load.NowNs()
	if r.load.Paced() {
		at = int64(r.timing.steadyEnd())
		due := r.load.DueBy(at)
		if err := r.untilAccepted(ctx, due, r.timing.steadyEnd()+grace); err != nil {
			return err
		}
	}
	a := r.load.Account(at)
	r.sampler.tick()
	r.end.DueAtSteadyEnd, r.end.AcceptedAtSteadyEnd = a.Due, min(a.Accepted, a.Due)
	r.end.BlockedAtSteadyEnd, r.end.SteadyEndNs = a.Blocked, at
	r.end.WindowSlots = windowSlots(r.job.Workload, float64(a.Due)/time.Duration(max(at, 1)).Seconds())
	r.cut(a)
	if r.breaking != nil {
		r.breaking.conclude()
		r.healedNs = r.load.NowNs()
	}
	return nil
}

// cut ends the stream of a run without a known end, and of one whose driver fell so far behind
// that it is INVALID, or whose system did in a probe: offering the rest would take long and tell
// nothing.
func (r *repetition) cut(a adapters.Account) {
	groups := r.job.Workload.Timeline.Groups
	switch {
	case r.events == 0:
		r.events = r.load.LimitHere(groups)
	case r.breaks(): // sources break with their nodes, and are to catch up
	case r.load.Paced() && !driverKeptUp(a):
		n := r.load.LimitHere(groups)
		if n < r.events {
			r.warn("cut-short", "the stream was ended after %d of %d events: "+
				"the driver could not offer them in time", n, r.events)
			r.events = n
		}
	case r.cutShort > 0 && float64(a.Due-a.Accepted) > r.cutShort*float64(a.Due):
		r.events = r.load.LimitHere(groups)
	}
	r.end.Events = r.events
}

// driverKeptUp is the first rule of validity: accepted and blocked events are at least 99.9 % of
// the schedule.
func driverKeptUp(a adapters.Account) bool {
	return float64(a.Accepted+a.Blocked) >= 0.999*float64(a.Due)
}

// until waits for a time since T0.
func (r *repetition) until(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(at - time.Duration(r.load.NowNs()))
	defer timer.Stop()
	ended := r.ended
	for {
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-ended:
			if err := r.endedEarly(); err != nil {
				return err
			}
			ended = nil // it took the last event already: wait the schedule out
		}
	}
}

// untilAccepted waits until n slots were accepted, at most until a time since T0.
func (r *repetition) untilAccepted(ctx context.Context, n uint64, at time.Duration) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for r.accepted() < n && r.load.NowNs() < int64(at) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.ended:
			return r.endedEarly()
		}
	}
	return nil
}

// endedEarly says what is wrong with a system that has ended; nothing, if it took every event.
func (r *repetition) endedEarly() error {
	if r.endErr != nil {
		return r.endErr
	}
	if n := r.accepted(); r.events == 0 || n < r.events {
		return fmt.Errorf("%s ended after %d events, before its input did", r.plan.System, n)
	}
	return nil
}

func (r *repetition) accepted() uint64 { return r.load.Account(r.load.NowNs()).Accepted }

// drain waits until the system has answered everything, or nothing has moved for too long.
func (r *repetition) drain(ctx context.Context) (err error) {
	count := func() uint64 { return r.collector.rows() + r.accepted() }
	r.drainGap, err = r.settle(ctx, r.ended, count)
	if err != nil {
		return err
	}
	if r.drainGap != "" && r.healedNs > 0 {
		r.drainGap = fmt.Sprintf("not converged: everything was healed at %s, and then there was %s",
			formatDuration(time.Duration(r.healedNs).Round(time.Millisecond)), r.drainGap)
	}
	r.quiet()
	if r.drainGap == "" && r.endErr != nil {
		return r.endErr
	}
	if r.drainGap == "" {
		r.drainGap = r.unsealed
	}
	if err := r.elsewhere.merge(ctx, r); err != nil {
		return err
	}
	if r.replay == nil {
		return nil
	}
	return r.replay.drain(ctx)
}

// settle waits until something has ended. It says what may be missing where that does not happen,
// as nothing has moved for too long.
func (r *repetition) settle(
	ctx context.Context, ended <-chan struct{}, count func() uint64,
) (gap string, err error) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	moved, since := count(), time.Now()
	for {
		select {
		case <-ended:
			return "", nil
		case <-ctx.Done():
			return "", ctx.Err()
		case <-look.C:
		}
		if now := count(); now != moved {
			moved, since = now, time.Now()
		} else if time.Since(since) >= r.timing.drain {
			return fmt.Sprintf("no new result for %s while draining: "+
				"what is missing may still have come", r.timing.drain), nil
		}
	}
}

// quiet ends what only watches: after the last result there is nothing left to see.
func (r *repetition) quiet() {
	if r.collector != nil {
		r.collector.seal()
	}
	if r.unstall != nil {
		r.unstall()
	}
	if r.sampler != nil {
		r.sampler.stop()
	}
	if r.canary != nil {
		r.canary.stop()
	}
	if r.restore != nil {
		r.restore()
	}
}

// check has the oracle class every result.
func (r *repetition) check(ctx context.Context) error {
	if r.decided != nil && r.drainGap == "" && r.decided(r.end) {
		return nil
	}
	d := r.delivered(r.system)
	d.Lost, d.Timed = r.collector.unfinished, r.collector.timed
	d.Mistaken = r.collector.mistaken
	late := r.collector.afterwards != nil
	if err := r.series.openAfterwards(r.journal.latency, r.plan, late); err != nil {
		return err
	}
	start := time.Now()
	l, err := r.checker.Finish(ctx, d)
	if err != nil {
		return fmt.Errorf("check results: %w", err)
	}
	r.collector.record()
	entry := ledgerEntry(l, d)
	entry.Conclusive, entry.Why = r.drainGap == "", r.drainGap
	entry.Unchecked = r.expect == expectNone
	entry.CheckNs = int64(time.Since(start))
	r.elsewhere.excuse(entry, r)
	r.end.Backlog = r.collector.whole.readings(r.timing.pacer)
	entry.Spread = r.spread(l)
	r.ledger = entry
	r.note(record.Entry{Kind: record.KindLedger, Ledger: entry})
	if r.keep {
		if err := r.writeResults(); err != nil {
			return err
		}
	}
	switch {
	case r.replay != nil:
		return r.replay.check(ctx)
	case r.bounded == nil:
		return nil
	}
	return r.compare()
}

// delivered is what the oracle has to know of a system that has ended.
func (r *repetition) delivered(by adapters.System) workloads.Delivered {
	d := workloads.Delivered{Events: max(r.events, r.partOf), TooLate: -1, Strict: r.inOrder()}
	if m, ok := by.(adapters.Metered); ok {
		d.TooLate = int64(m.Meter().Late)
	}
	return d
}

// inOrder reports whether the system sees the stream in the order of its schedule. Partitions are
// read at different speeds, so an event that is too late on the whole stream may not be on its own.
func (r *repetition) inOrder() bool {
	return r.job.Workers*r.job.WorkerCPUs == 1 && (r.channel == nil || r.job.Partitions == 1)
}

func ledgerEntry(l workloads.Ledger, d workloads.Delivered) *record.Ledger {
	e := &record.Ledger{
		Expected: l.Expected, Received: l.Received, Matched: l.Matched, Lost: l.Lost,
		Duplicated: l.Duplicated, Wrong: l.Wrong, Phantom: l.Phantom, Corrupt: l.Corrupt,
		Refinements: l.Refinements, Unexplained: l.Unexplained, EventsIn: d.Events,
		OnTime: l.Lateness.OnTime, AllowedLate: l.Lateness.Allowed,
		TooLate: uint64(max(d.TooLate, 0)), Count: l.Count, Digest: l.Digest,
		WantCount: l.WantCount, WantDigest: l.WantDigest,
	}
	for _, o := range l.Offenders {
		e.Offenders = append(e.Offenders, record.Offender(o))
	}
	if l.LateOutput != nil {
		e.LateOutput = new(record.Side(*l.LateOutput))
	}
	if l.DeadLetters != nil {
		e.DeadLetters = new(record.Side(*l.DeadLetters))
	}
	return e
}
