package scenarios

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// longestLetters bounds how long dead letters are waited for once their events were due.
const longestLetters = 30 * time.Second

// milestone takes what the system says of itself: it is part of the record, and faults wait for it.
func (r *repetition) milestone(m record.Milestone) {
	if m.AtNs == 0 {
		m.AtNs = r.load.NowNs()
	}
	r.note(record.Entry{Kind: record.KindMilestone, Milestone: &m})
	r.moments.Add(m)
}

// noteSchedule writes what is planned, so that a fault nobody came to is missed.
func (r *repetition) noteSchedule(faults []chaos.Planned) {
	var all []record.Planned
	for _, p := range faults {
		all = append(all, record.Planned{ID: p.ID, Text: p.Text, PlannedNs: int64(p.At)})
	}
	if len(all) > 0 {
		r.note(record.Entry{Kind: record.KindSchedule, Schedule: all})
	}
}

// poisoned is the witness of poison: its events are in the dead-letter output. They take effect
// when they are due, which is part of the plan; when they are seen depends on when results become
// visible.
func (r *repetition) poisoned(ctx context.Context, p chaos.Planned) record.Witness {
	ctx, cancel := context.WithTimeout(ctx, longestLetters)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	from := r.timing.pacer.Before(p.At)
	for {
		n := r.lettersFrom(from)
		if n >= p.Poison {
			return record.Witness{Holds: true, AtNs: int64(p.At), Evidence: []string{fmt.Sprintf(
				"%d malformed events due from then on are dead letters", n)}}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return record.Witness{AtNs: int64(p.At), Evidence: []string{}, Missing: fmt.Sprintf(
				"%d of %d malformed events are in the dead-letter output", n, p.Poison)}
		}
	}
}

// lettersFrom is how many dead letters are of events in slots from one on.
func (r *repetition) lettersFrom(slot uint64) (n uint64) {
	r.collector.mu.Lock()
	defer r.collector.mu.Unlock()
	for _, event := range r.collector.letters.events {
		if r.job.Workload.Timeline.Slot(event) >= slot {
			n++
		}
	}
	return n
}

// poisoned is the workload with the poison that faults ask for: it is drawn into the stream before
// that is offered, so that the oracle knows it. The schedule of the load is known by then.
func (t *timing) poisoned(
	w *workloads.Workload, faults []chaos.Declaration,
) (*workloads.Workload, error) {
	for i, d := range faults {
		if d.Poison == 0 {
			continue
		}
		var err error
		if w, err = w.Poisoned(t.pacer.Before(t.warmup+d.At), d.Poison); err != nil {
			return nil, fmt.Errorf("bind fault %d: %w", i+1, err)
		}
	}
	return w, nil
}

// sawFault has the collector look for the first results that needed an event due after a fault.
func (r *repetition) sawFault(p chaos.Planned, t0Ns int64) {
	if p.Verb != chaos.VerbPoison {
		r.collector.watch(p.ID, t0Ns)
	}
}

// unrelayed warns where nodes reach each other past the network: what is cut on it is not cut.
func (r *repetition) unrelayed() {
	hosted, ok := r.system.(chaos.Hosted)
	if _, cuts := r.job.Network.(chaos.Cutter); !ok || !cuts {
		return
	}
	nodes := map[string]chaos.Process{}
	for _, n := range r.system.Nodes() {
		if p, ok := hosted.Process(n.Name); ok {
			nodes[n.Name] = p
		}
	}
	past, err := chaos.Unrelayed(r.network, nodes)
	switch {
	case err != nil:
		r.warn(record.CodeUnrelayed, "whether nodes talk past the %s is not known: %v", r.plane, err)
	case len(past) > 0:
		r.warn(record.CodeUnrelayed, "nodes talk past the %s: %s", r.plane, strings.Join(past, ", "))
	}
}
