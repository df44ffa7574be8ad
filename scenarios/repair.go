package scenarios

import (
	"context"
	"fmt"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// mostLetters bounds how many dead letters are kept to be replayed, so that memory does not grow
// with what a system sets aside.
const mostLetters = 4 << 20

// letters are the events a system has set aside, in the order of their dead letters.
//
//	stream --damaged--> system --answers--> collector
//	                          \--dead letters: which events--> repaired: made anew, whole
//	                                     as fast as taken --> another deployment --answers--> oracle:
//	                                                      exactly those that were missing
type letters struct {
	events []uint64
	over   bool // there were more than are kept
}

// add keeps what dead letters name. One that is there twice is replayed twice: nothing here may
// hide what the ledger is to find.
func (l *letters) add(rs *workloads.Results) {
	for _, n := range rs.Cols[0][:rs.N] {
		if len(l.events) == mostLetters {
			l.over = true
			return
		}
		l.events = append(l.events, uint64(n))
	}
}

// repair replays the dead letters of a repetition that counts, once it is over. This is part of
// every run of a query that has dead letters, and no mode: a system that sets an event aside
// promises that it can be made good for, the check costs a deployment and an answer to the few
// events that were set aside, and nothing measured changes, for nothing is measured any more.
func (r *run) repair(ctx context.Context, of *repetition) {
	if of.expect == expectNone || !of.plan.Kept ||
		of.collector == nil || len(of.collector.letters.events) == 0 ||
		!of.job.Workload.Query.PerEvent() || // what windows lack, single events do not make good
		of.ledger == nil || !of.ledger.Conclusive || ctx.Err() != nil {
		return
	}
	p := r.replayLetters(ctx, of)
	if ctx.Err() == nil {
		of.note(record.Entry{Kind: record.KindRepair, Repair: p})
	}
}

// replayLetters has another deployment of the system answer the events of its dead letters.
func (r *run) replayLetters(ctx context.Context, of *repetition) *record.Repair {
	p := &record.Repair{}
	if of.collector.letters.over {
		p.Failure = &record.Failure{Phase: record.PhaseCheck, Exit: exitUntold, Text: fmt.Sprintf(
			"more than %d dead letters are not kept: lower load.rate or load.steady", mostLetters)}
		return p
	}
	w, err := r.watch()
	if err != nil {
		p.Failure = &record.Failure{Phase: record.PhaseDeploy, Text: err.Error(), Exit: exitNotReady}
		return p
	}
	defer w.end()
	var events []uint64
	for _, n := range of.collector.letters.events {
		if n < of.events { // the ledger convicts letters of events that were never there
			events = append(events, n)
		}
	}
	if p.Letters = uint64(len(events)); p.Letters == 0 {
		return p
	}
	rep := r.prepare(r.systemOf(of.plan), record.Repeat{
		System: of.plan.System, Rep: record.FirstRepair - 1 + of.plan.Rep, Kept: of.plan.Kept,
	})
	rep.journal, rep.keep = w.journal, false
	rep.job.RunID += ".repair"
	rep.job.Workload = of.job.Workload.Repaired(events)
	rep.timing = timing{events: p.Letters, drain: of.timing.drain}
	rep.partOf = of.events
	rep.carryOut(ctx)
	if p.Ledger = rep.ledger; p.Ledger != nil {
		p.Ledger.EventsIn = p.Letters
	}
	for _, e := range w.entries {
		switch {
		case e.Error != nil:
			p.Failure = e.Error
			return p
		case e.Tick != nil:
			p.Ns = e.Tick.ScheduleNs
		}
	}
	return p
}
