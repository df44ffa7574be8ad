package workloads

const (
	// triggerRows is how many event times a search for a trigger looks at first: with most streams
	// the first one is it.
	triggerRows    = 16
	maxTriggerRows = 4096
	// triggerCache is the size of a finder's cache: windows that close together share their end,
	// and there are never many ends at a time.
	triggerCache = 1024
	// maxEndMs is the last end a trigger is looked for, a century after the epoch: what lies
	// beyond is no window of a stream.
	maxEndMs = EpochMs + 100*366*24*3_600_000
)

// TriggerAt is the slot of the event that completes a window: the first event of the whole stream,
// in slot order, with ts >= endMs plus the bound of the timeline. The stream is unbounded: of a
// run of N events a trigger of N or more never comes.
func (w *Workload) TriggerAt(endMs int64) uint64 {
	return newTriggerSearch(w).at(endMs)
}

// triggerSearch looks for triggers by way of the generator, event times alone.
type triggerSearch struct {
	timeline Timeline
	events   Generator
	times    *Batch
	reason   func(n uint64) int64 // Workload.reason
}

func newTriggerSearch(w *Workload) *triggerSearch {
	return &triggerSearch{w.Timeline, w.Events(), NewBatchOf(w.Schema, nil, maxTriggerRows), w.reason}
}

func (s *triggerSearch) at(endMs int64) uint64 {
	target := endMs + s.timeline.BoundMs
	// No event before this one can reach the target, and none in a group before its own.
	first := s.timeline.FirstAt(target - s.timeline.LeadMs)
	first -= first % max(s.timeline.Groups, 1)
	for rows := triggerRows; ; rows = min(2*rows, maxTriggerRows) {
		s.events.Fill(s.times, Slots{First: first, Step: 1, N: rows})
		for i, ts := range s.times.TS[:rows] {
			if ts >= target && s.readable(i) {
				return first + uint64(i)
			}
		}
		first += uint64(rows)
	}
}

// readable says whether an event is whole: the time of one that is not moves no watermark.
func (s *triggerSearch) readable(row int) bool {
	return s.reason == nil || s.reason(uint64(s.times.Seq[row])) == 0
}

// TriggerFinder finds the triggers of results as they arrive. One goroutine at a time.
type TriggerFinder struct {
	search   *triggerSearch
	column   int
	plus     int64
	perEvent bool
	sliding  bool
	unturn   uint64 // inverse of the stride inside a group
	ends     [triggerCache]int64
	slots    [triggerCache]uint64
}

// NewTriggerFinder makes a finder for the results of a workload's query.
func NewTriggerFinder(w *Workload) *TriggerFinder {
	f := &TriggerFinder{search: newTriggerSearch(w), perEvent: w.Query.PerEvent()}
	f.sliding = w.Query.Window.Kind == Sliding
	f.column, f.plus = w.Query.Anchor()
	if g := w.Timeline.Groups; g > 1 {
		f.unturn = inverse(groupStride%g, g)
	}
	return f
}

// Of is the slot of the trigger of a result, laid out as Query.Width says; of a per-event result
// the slot of its event, of a sliding window's that of the event that completes its event's time.
// It is false where the query is not timed, or the result is none the query can have.
func (f *TriggerFinder) Of(row []int64) (uint64, bool) {
	if f.column < 0 {
		return 0, false
	}
	v := row[f.column]
	if !f.perEvent && !f.sliding {
		return f.At(v + f.plus)
	}
	if v < 0 {
		return 0, false
	}
	if f.sliding {
		return f.At(f.timeOf(uint64(v)))
	}
	return f.slot(uint64(v)), true
}

// At is the slot of the trigger of a window that ends at endMs; false where no window can.
func (f *TriggerFinder) At(endMs int64) (uint64, bool) {
	if endMs < 0 || endMs > maxEndMs {
		return 0, false
	}
	// Ends are multiples of a slide, often of a round number: mixing spreads them.
	i := mix64(uint64(endMs)) % triggerCache
	if f.ends[i] != endMs || endMs == 0 {
		f.ends[i], f.slots[i] = endMs, f.search.at(endMs)
	}
	return f.slots[i], true
}

// timeOf is the time of an event.
func (f *TriggerFinder) timeOf(event uint64) int64 {
	f.search.events.Fill(f.search.times, Slots{First: f.slot(event), Step: 1, N: 1})
	return f.search.times.TS[0]
}

func (f *TriggerFinder) slot(event uint64) uint64 {
	g := f.search.timeline.Groups
	if g <= 1 {
		return event
	}
	at := event % g
	return event - at + mulMod(at, f.unturn, g)
}
