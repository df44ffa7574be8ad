package workloads

import "slices"

// Repaired is the stream of a few of a workload's events alone, each as it was before it was
// damaged, in the order given: what a dead-letter queue gives back once somebody has mended it.
// Slot i is events[i]; every event keeps its number. Its checker expects the results of these
// events and of no others, and no dead letter; Delivered.Events is still the length of the whole
// stream.
func (w *Workload) Repaired(events []uint64) *Workload {
	whole := *w
	whole.Spoil, whole.reason, whole.only = nil, nil, newEventSet()
	for _, n := range events {
		whole.only.add(n)
	}
	r := whole
	r.whole, r.repaired = &whole, slices.Clone(events)
	r.Timeline.Groups = 1
	r.Events = func() Generator {
		return &repaired{events, whole.Timeline, whole.Events(), NewBatch(w.Schema, 1)}
	}
	return &r
}

// repaired generates events of a list.
type repaired struct {
	events   []uint64
	timeline Timeline
	whole    Generator
	one      *Batch
}

// Fill takes each event out of the whole stream. There are no slots behind the list, so no window
// can be looked for there; a query that sets events aside has none.
func (g *repaired) Fill(b *Batch, s Slots) {
	for row := range s.N {
		slot := g.timeline.Slot(g.events[s.First+uint64(row)*s.Step])
		g.whole.Fill(g.one, Slots{First: slot, Step: 1, N: 1})
		b.Seq[row], b.TS[row] = g.one.Seq[0], g.one.TS[0]
		for c, col := range b.Cols {
			if col != nil {
				col[row] = g.one.Cols[c][0]
			}
		}
	}
	b.N = s.N
}
