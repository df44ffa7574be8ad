package scenarios

import (
	"cmp"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// What the collector keeps of a repetition in which something is broken, beside the latencies: when
// the first result of every key range came after a fault took effect, and 100 ms slices of what was
// answered. The summary divides a recovery by them.

// divide tells the collector how many slots the job has, and so key ranges, and whether faults will
// be injected. It is called before anything is collected.
func (c *collector) divide(slots int, broken bool) {
	c.ranges = newRanges(c.query, min(max(slots, 1), workloads.KeyGroups))
	if broken && c.load.Paced() {
		c.ranges.keep()
		c.stretches = &stretches{}
	}
}

// watch begins to look for the first result of every key range that needs an event due after t0Ns:
// when a fault took effect, in ns since T0. A second after that instant is early enough. Any
// goroutine may call it; where there is no schedule, or no trigger in a result, nothing is looked
// for.
func (c *collector) watch(fault int, t0Ns int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.column >= 0 && c.ranges.recent != nil {
		c.ranges.watch(fault, t0Ns)
	}
}

// firstsSoFar are the first results after each fault that is watched; done, when none is missing.
func (c *collector) firstsSoFar(fault int) (f record.Firsts, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.ranges.watches {
		if w.fault == fault {
			return record.Firsts{Fault: fault, AtNs: append([]int64(nil), w.atNs...)}, w.left == 0
		}
	}
	return record.Firsts{Fault: fault}, false
}

// known takes when a result came whose trigger was due at a time since T0, from the oracle, which
// knows what was missing until then. Of a query that answers each event it knows that of whole
// pages alone: what was read live is finer, and exact, as a range answers in order.
func (c *collector) known(dueNs int64, x workloads.Timing) {
	if c.stretches != nil && !c.query.PerEvent() {
		c.stretches.timed(dueNs, x)
	}
}

// mistaken takes when a wrong result came: it was waited for as much as a right one.
func (c *collector) mistaken(x workloads.Timing) {
	if c.load.Paced() && c.load.Has(x.Trigger) {
		c.known(c.load.DueNs(x.Trigger), x)
	}
}

// broken reports whether faults are injected into the repetition, or it is held against one in
// which they are.
func (r *repetition) broken() bool { return r.job.Broken || r.plan.Twin }

// noteEvidence writes what the collector kept, once the oracle has spoken or cannot.
func (r *repetition) noteEvidence() {
	c := r.collector
	if c == nil || c.stretches == nil {
		return
	}
	c.mu.Lock()
	firsts, moves := c.ranges.firsts(), c.stretches.moves
	if known := c.stretches.known(); len(known) > 0 {
		moves = known
	}
	all := c.stretches.close(moves, min(r.load.NowNs(), c.sealedNs), r.load.DueBy)
	c.stretches = nil
	c.mu.Unlock()
	for i := range firsts {
		r.note(record.Entry{Kind: record.KindFirsts, Firsts: &firsts[i]})
	}
	if len(all) > 0 {
		r.note(record.Entry{Kind: record.KindStretches, Stretches: all})
	}
}

// spread is when what offends in a ledger was due; nil where nothing does, or nothing is ever due.
func (r *repetition) spread(l workloads.Ledger) *record.Spread {
	s := l.Spread
	if !r.load.Paced() || s.Lost.N+s.Duplicated.N+s.Missing.N+s.Twice.N+s.Other.N == 0 {
		return nil
	}
	of := func(x workloads.Extent) record.Extent {
		e := record.Extent{N: x.N, Untimed: x.Untimed}
		for _, p := range x.Parts {
			e.Parts = append(e.Parts, record.Part{N: p.N, FromNs: r.load.DueNs(p.First),
				ToNs: r.load.DueNs(p.Last)})
		}
		slices.SortFunc(e.Parts, func(a, b record.Part) int { return cmp.Compare(a.FromNs, b.FromNs) })
		return e
	}
	return &record.Spread{
		Lost: of(s.Lost), Duplicated: of(s.Duplicated), Missing: of(s.Missing), Twice: of(s.Twice),
		Other: of(s.Other), StateNs: r.stateNs(),
	}
}

// stateNs is how much of the schedule the state of the query holds at a time: the events of a
// window until it can change no more. Without an end, as of a session, it is -1.
func (r *repetition) stateNs() int64 {
	q, w := r.job.Workload.Query, r.job.Workload
	if q.PerEvent() && q.Key == "" {
		return 0
	}
	if q.Window.Processing || q.Process != nil || q.Join != nil || q.Latest != nil ||
		q.Window.Kind == workloads.NoWindow || q.Window.Kind == workloads.Session {
		return -1
	}
	ms := q.Window.SizeMs + q.LatenessMs + w.Timeline.BoundMs + w.Timeline.LeadMs
	events := uint64(ms) * w.Timeline.EventRate / 1000
	return r.load.DueNs(events)
}
