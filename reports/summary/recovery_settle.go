package summary

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
)

// settleNs is W: how long rate and p99 must stay in the band before a system counts as recovered.
const settleNs = int64(10e9)

// latest is the running maximum of the instants up to one.
func (b *breakage) latest(upTo int) int64 {
	ns := b.t0
	for i := range upTo + 1 {
		if b.at[i] != nil {
			ns = max(ns, *b.at[i])
		}
	}
	return ns
}

// catchUp resolves t5: when the backlog was back in the band. Between the last slice above it and
// the first inside it lies the line that joins what was worst in each.
//
//	backlog  *
//	            *
//	band   - - - - x - - - -     t5
//	                 *  *  *
//
// Where answers come in bursts the backlog is at its worst just before each: a slice after one that
// is inside says nothing yet, so it has to stay inside until the next.
func (b *breakage) catchUp() {
	b.why[caughtUp] = "results do not tell how far the system has come"
	if b.band.ResolvedNs == 0 {
		return
	}
	b.why[caughtUp] = "the backlog was not back in the band before the next fault, or the end"
	from := b.latest(firstResult)
	limit := b.band.BacklogTo
	for i := b.course.index(from); i < len(b.course.slices); i++ {
		s := b.course.slices[i]
		if s.from >= b.untilNs() {
			return
		}
		if s.backlog > limit || worstBacklog(b.course.inside(s.from, s.from+b.band.BurstNs)) > limit {
			continue
		}
		at := s.from
		if i > 0 {
			if before := b.course.slices[i-1]; before.backlog > limit {
				share := (before.backlog - limit) / (before.backlog - s.backlog)
				at = before.from + int64(share*float64(s.from-before.from))
			}
		}
		b.resolve(caughtUp, max(at, from), "backlog of "+Format(s.backlog, record.Events)+
			", band up to "+Format(limit, record.Events))
		return
	}
}

// untilNs is how far what follows a fault is its own: to the next one, or to the end of steady.
func (b *breakage) untilNs() int64 { return min(b.nextNs, b.endNs) }

// settle resolves t6: the start of the first 10 s, at t5 or later, in which rate and p99 are in the
// band.
func (b *breakage) settle() {
	if b.at[caughtUp] == nil {
		b.why[settled] = "the backlog was not back in the band"
		return
	}
	from := b.latest(caughtUp)
	until := b.untilNs()
	if until-from < settleNs {
		b.why[settled] = fmt.Sprintf("only %s were left to see whether it stays in the band, of %s: "+
			"lengthen steady, or break it earlier", Format(float64(until-from), record.Nanoseconds),
			Format(float64(settleNs), record.Nanoseconds))
		return
	}
	b.why[settled] = "no 10 s with rate and p99 in the band followed"
	for at := from; at+settleNs <= until; {
		if b.calm(at) {
			b.resolve(settled, at, "10 s with rate and p99 in the band followed")
			return
		}
		i := b.course.index(at)
		if i == len(b.course.slices) {
			return
		}
		at = b.course.slices[i].to
	}
}

// calm says whether the 10 s from a time on are in the band. A second that began before them holds
// what was received before, so until the first whole one the slices decide by their largest
// latency.
func (b *breakage) calm(from int64) bool {
	to := from + settleNs
	least := (b.band.RateFrom*float64(settleNs) - b.band.OfferedAt*float64(b.band.BurstNs)) / 1e9
	if b.course.answered(from, to) < least {
		return false
	}
	whole := to
	for _, v := range b.intervals {
		since, until := v.FromNs-b.t0Ns, v.ToNs-b.t0Ns
		if since < from || until > to {
			continue
		}
		whole = min(whole, since)
		if v.P99Ns > b.band.P99Ns {
			return false
		}
	}
	return worstLatency(b.course.inside(from, whole)) <= max(b.band.P99Ns, b.band.LongestNs)
}
