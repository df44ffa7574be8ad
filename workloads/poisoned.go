package workloads

import (
	"fmt"
	"slices"
)

const (
	// PoisonSpread is how many slots there are for each event that is damaged.
	PoisonSpread = 100
	// mostPoison bounds how many events are damaged at a time.
	mostPoison = 100_000
	// placeDraw is the draw of the stream "poison" that says which slots these are.
	placeDraw = 57
)

// Poison damages events that are whole in the stream of a workload.
type Poison struct {
	From   uint64 `json:"from"` // the slot from which on
	Events uint64 `json:"events"`
}

// Poisoned is the workload with that many further events nobody can read, drawn from the seed among
// the hundred times as many slots from one on. Its query sets them aside as dead letters, whatever
// it did before, and its oracle expects the results of all others. Only the form json can be
// damaged.
func (w *Workload) Poisoned(from, events uint64) (*Workload, error) {
	switch {
	case events == 0 || events > mostPoison:
		return nil, fmt.Errorf("poison %s: %d events: write 1 to %d", w.Name, events, mostPoison)
	case from > maxCount:
		return nil, fmt.Errorf("poison %s: slot %d: at most %d", w.Name, from, int64(maxCount))
	case w.whole != nil:
		return nil, fmt.Errorf("poison %s: its stream is that of repaired events", w.Name)
	}
	p := *w
	p.poison = append(slices.Clone(w.poison), Poison{from, events})
	d := &dose{
		poison: poison{
			key: newStreamKey(w.Settings.Seed, poisonName), number: TSField, missing: TSField,
		},
		before: w.Spoil, told: w.reason, events: map[uint64]bool{},
	}
	d.draw(w, p.poison[len(w.poison)])
	p.Query.DeadLetters = true
	if p.Query.MaxEventB == 0 {
		p.Query.MaxEventB = maxPoisonB
	}
	p.Spoil, p.reason = d.spoil, d.reason
	return &p, nil
}

// dose are events of a stream that are damaged beside those that were before.
type dose struct {
	poison
	before func(dst []byte, from int, n uint64) ([]byte, bool) // nil where none was
	told   func(n uint64) int64
	events map[uint64]bool
}

// draw takes slots at random until there are enough whose events were whole.
func (d *dose) draw(w *Workload, p Poison) {
	for i := p.From; uint64(len(d.events)) < p.Events; i++ {
		slot := p.From + below(d.key.draw(i, placeDraw), PoisonSpread*p.Events)
		if n := w.Timeline.Event(slot); d.told == nil || d.told(n) == 0 {
			d.events[n] = true
		}
	}
}

func (d *dose) reason(n uint64) int64 {
	switch {
	case d.events[n]:
		return d.why(n)
	case d.told != nil:
		return d.told(n)
	}
	return 0
}

func (d *dose) spoil(dst []byte, from int, n uint64) ([]byte, bool) {
	switch {
	case d.events[n]:
		return d.ruin(dst, from, n), true
	case d.before != nil:
		return d.before(dst, from, n)
	}
	return dst, false
}
