package summary

import (
	"math"

	"github.com/streambench/streambench/reports/record"
)

// dip sums up what was not answered in time between t0 and t6, as the rises of the backlog: where
// μ is below λ it grows by just that. It is summed over slices as long as the time between two
// moves of processed, so that answers that come in bursts are no dips.
func (b *breakage) dip(to int64) *Dip {
	width := max(b.band.ResolvedNs, record.StretchNs)
	before := worstBacklog(b.course.inside(b.t0-width-record.StretchNs, b.t0))
	d := &Dip{SliceNs: width, LongestNs: silence(b.course.overlap(b.t0, max(to, b.t0+1)))}
	least := math.Inf(1)
	step := max(sliceNs, width)
	for at := b.t0; at < max(to, b.t0+1); at += step {
		least = min(least, b.course.answered(at, at+step)/float64(step)*1e9)
	}
	d.Depth = min(1, max(0, 1-least/b.band.OfferedAt))
	for at := b.t0; at < to; at += width {
		now := worstBacklog(b.course.overlap(at, min(at+width, to)))
		d.Area += max(0, now-before)
		d.Peak = max(d.Peak, now)
		before = now
	}
	d.Seconds = d.Area / b.band.OfferedAt
	return d
}

// latencyArea is the latency above the baseline's median of all results received between t0 and t6,
// in whole seconds, in event-seconds. What never came counts at its age when the run ended.
func (b *breakage) latencyArea(to int64) (area float64, ok bool) {
	if b.band.MedianNs == 0 {
		return 0, false
	}
	h := b.log.Within(tagOf(b.trail, record.StageResult), func(fromNs, toNs int64) bool {
		return toNs-b.t0Ns > b.t0 && fromNs-b.t0Ns < to
	})
	if h == nil {
		return 0, false
	}
	return areaAbove(h, float64(b.band.MedianNs)), true
}

// law holds the time of catch-up against T_c = D·ρ/(1-ρ), where ρ is what is offered of the
// capacity and D the backlog at the first result, as time of load, as far as it is above the band:
// that is what has to be caught up with until t5. For a long outage D is just that; of a short one
// the band forgives a part.
func (b *breakage) law() (*Law, string) {
	from, to := b.latest(firstResult), b.latest(caughtUp)
	l := &Law{Capacity: b.capacity, From: "the sustainable rate of this system", MeasuredNs: to - from}
	above := b.behind(from) - b.band.BacklogTo
	if above <= 0 {
		return nil, "the backlog was in the band when the first result came: there was nothing to " +
			"catch up with"
	}
	l.BehindNs = int64(above / b.band.OfferedAt * 1e9)
	if l.Capacity == 0 {
		width := max(min((to-from)/3, 5*sliceNs), 2*record.StretchNs)
		if b.band.ResolvedNs > width/2 || to-from < width {
			return nil, "the catch-up was too short to tell the capacity from, and none was searched"
		}
		l.Estimate, l.From = true, "the highest rate answered during catch-up"
		for at := from; at+width <= to; at += record.StretchNs {
			l.Capacity = max(l.Capacity, b.course.answered(at, at+width)/float64(width)*1e9)
		}
	}
	l.Share = b.band.OfferedAt / l.Capacity
	if l.Share >= 1 {
		return nil, "what is offered is at or above the capacity known: by the law it never catches up"
	}
	law := float64(l.BehindNs) * l.Share / (1 - l.Share)
	l.LawNs, l.Residual = int64(law), float64(l.MeasuredNs)/law-1
	return l, ""
}

// behind is the backlog with which catching up begins. Where answers come in bursts, what the first
// of them leaves, which takes a while to arrive, and what is due until the next.
func (b *breakage) behind(from int64) float64 {
	if b.band.BurstNs == 0 {
		return worstBacklog(b.course.overlap(b.t0, from+1))
	}
	left := math.Inf(1)
	for _, s := range b.course.overlap(from, from+b.band.BurstNs/2) {
		left = min(left, b.trail.at(s.to, offered)-b.course.answeredBy(s.to))
	}
	return left + b.band.OfferedAt*float64(b.band.BurstNs)/1e9
}

// commit is when the last durable commit before a time stands in the input: when the barriers of
// the last checkpoint that was complete by then were sent. ok is false where there is none.
func (t *Trail) commit(ns int64) (at int64, ok bool) {
	number, latest := uint64(0), int64(-1)
	for i := range t.Milestones {
		m := &t.Milestones[i]
		if word(m, record.MilestoneCompleted) && m.AtNs <= ns && m.AtNs > latest {
			number, latest = m.Checkpoint, m.AtNs
		}
	}
	if latest < 0 {
		return 0, false
	}
	for i := range t.Milestones {
		m := &t.Milestones[i]
		if word(m, record.MilestoneStarted) && m.Checkpoint == number && m.AtNs <= latest {
			at, ok = m.AtNs, true // of several of a number the last: an attempt begins again
		}
	}
	if !ok {
		return latest, true
	}
	return at, true
}

// replay is the input processed twice: that since the last durable commit.
func (b *breakage) replay() (*Replay, string) {
	since, ok := b.trail.commit(b.t0)
	if !ok {
		return nil, "no durable commit preceded the fault, so what is replayed is not known"
	}
	restored := func(from, to int64) bool {
		all := func(*record.Milestone) bool { return true }
		return b.find(from, to, all, record.MilestoneRestored, record.MilestoneRestoring) != nil
	}
	if restored(0, b.t0) && !restored(b.t0-early, b.untilNs()) {
		return &Replay{SinceNs: since, Nothing: true}, ""
	}
	r := &Replay{SinceNs: since, Events: b.band.OfferedAt * float64(max(0, b.t0-since)) / 1e9}
	if m := b.find(b.t0, b.endNs, func(m *record.Milestone) bool { return m.Replayed > 0 },
		record.MilestoneResumed, record.MilestoneRestored); m != nil {
		r.Counted = m.Replayed
	}
	return r, ""
}

// dayNs is a day, in which cost is printed.
const dayNs = 86_400e9

// costOf is the price of protection and of one fault a day.
func (b *breakage) costOf(dip *Dip) (*Cost, string) {
	c := &Cost{FaultNs: int64(dip.Seconds * 1e9)}
	if b.unprotectedWhy != "" {
		return c, "the premium of protection is not measured: " + b.unprotectedWhy
	}
	if b.capacity == 0 || b.unprotected == 0 {
		return c, "the premium of protection is not measured: no sustainable rate is known with it and " +
			"without it"
	}
	premium := max(0, 1-b.capacity/b.unprotected)
	day := int64(premium*dayNs) + c.FaultNs
	c.Premium, c.ADayNs = &premium, &day
	return c, ""
}
