package workloads

// Spread says where in the stream lies what offends in a ledger, in slots: a result by its trigger,
// an event by itself. What a fault explains lies near it.
type Spread struct {
	Lost, Duplicated Extent // results that never came, and further copies of results
	// Missing are events that wrong aggregates lack, Twice events they hold more than once. Of several
	// in one aggregate their mean is taken, which count and sum of event numbers give.
	Missing, Twice Extent
	// Other are wrong results that neither explains.
	Other Extent
}

// Extent is a number of results or events and the parts of the stream they lie in. Untimed are
// those of them of which no slot is known.
type Extent struct {
	N, Untimed uint64
	Parts      []Part // in no order, a second of event time each at most
}

// Part is a number of results or events and the slots of the first and the last of them.
type Part struct{ N, First, Last uint64 }

// mostParts bounds an extent: what lies in more of them is in the last.
const mostParts = 1 << 12

func (x *Extent) add(slot, n, second uint64) {
	x.N += n
	for i := len(x.Parts) - 1; i >= 0; i-- {
		if p := &x.Parts[i]; p.First/second == slot/second || i == mostParts-1 {
			p.N, p.First, p.Last = p.N+n, min(p.First, slot), max(p.Last, slot)
			return
		}
	}
	x.Parts = append(x.Parts, Part{n, slot, slot})
}

// cause is the trigger of the result that is being classed; known is false where it has none.
type cause struct {
	slot  uint64
	known bool
}

// class begins the classing of an expected result of a window.
func (t *tally) class(e *outcome) { t.at = cause{e.Trigger, e.Timed} }

// due adds n results to an extent, by the trigger of the one at hand. A result that only the end of
// the stream completes counts as the last slot.
func (t *tally) due(x *Extent, row []int64, n uint64) {
	q, now := t.p.q, t.at
	switch {
	case q.PerEvent():
		column, _ := q.Anchor()
		now = cause{known: column >= 0 && row[column] >= 0}
		if now.known {
			now.slot = t.p.w.Timeline.Slot(uint64(row[column]))
		}
	case !now.known && q.Timed() && t.events > 0:
		now = cause{t.events - 1, true}
	}
	if !now.known {
		x.N, x.Untimed = x.N+n, x.Untimed+n
		return
	}
	x.add(now.slot, n, t.p.w.Timeline.EventRate)
}

// mistaken adds a wrong result to what explains it: the events it lacks, or holds more than once.
func (t *tally) mistaken(got, want []int64) {
	s := &t.l.Spread
	if !t.p.q.SingleLevel() {
		t.due(&s.Other, want, 1)
		return
	}
	c := t.p.counts()
	n, seq := got[c]-want[c], got[c+1]-want[c+1]
	x := &s.Twice
	if n < 0 {
		x, n, seq = &s.Missing, -n, -seq
	}
	if n == 0 || seq < 0 || uint64(seq/n) >= max(t.events, 1) {
		t.due(&s.Other, want, 1)
		return
	}
	x.add(t.p.w.Timeline.Slot(uint64(seq/n)), uint64(n), t.p.w.Timeline.EventRate)
}
