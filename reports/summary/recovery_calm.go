package summary

import (
	"fmt"
	"slices"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

const (
	// rateInBand of the offered rate is in the band, less one burst of answers.
	rateInBand = 0.95
	// growthInBand is the part of the offered rate by which the backlog may grow in a calm.
	growthInBand = 0.02
	// A burst is what is answered at once where answers come further apart than burstFromNs. One
	// that is later than twice the usual and burstLateNs stands still: that is no longer a burst.
	burstFromNs = sliceNs / 4
	burstLateNs = sliceNs / 4
)

// Reading is how far a system had come: slots due and slots answered by a time since T0.
type Reading struct {
	AtNs          int64
	Due, Answered float64
}

// Calm is what a system did while nothing was broken. The gate asks it before a fault, and the band
// of a recovery is made of it, so both allow for the same:
//
//	answered     ___|   answers that become visible with a checkpoint come in bursts; as many as
//	         ___|       are due between two of them may be missing at any time, and the backlog is
//	     ___|           compared where it is smallest: after each
type Calm struct {
	OfferedAt float64 // events/s
	Due       float64
	Answered  float64
	// BurstNs is how far apart answers come, where that is further than they are read; 0 for a
	// flow.
	BurstNs int64
	growth  stats.Slope
	grows   bool
}

// CalmOf reads a calm off readings in order of time. Where answers are known to come no closer than
// leastBurstNs, as windows close so, fewer may be seen than tell it.
func CalmOf(readings []Reading, leastBurstNs int64) Calm {
	var c Calm
	if len(readings) < 2 {
		return c
	}
	first, last := readings[0], readings[len(readings)-1]
	c.Due, c.Answered = last.Due-first.Due, last.Answered-first.Answered
	c.OfferedAt = c.Due / float64(last.AtNs-first.AtNs) * 1e9
	var gaps []int64
	var x, y []float64
	since := first.AtNs
	for i, r := range readings[1:] {
		if r.Answered > readings[i].Answered {
			gaps = append(gaps, r.AtNs-since)
			since = r.AtNs
			x, y = append(x, float64(r.AtNs)/1e9), append(y, r.Due-r.Answered)
		}
	}
	c.BurstNs = max(burstOf(gaps), leastBurstNs)
	if c.BurstNs <= burstFromNs {
		c.BurstNs = 0
	}
	slope, ok := slopeOf(x, y)
	c.growth, c.grows = slope, ok && slope.Lo > 0 && slope.Value > growthInBand*c.OfferedAt
	return c
}

// burstOf is the longest of the times between answers, without those in which a system stood still.
func burstOf(gaps []int64) int64 {
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return min(gaps[len(gaps)-1], 2*gaps[len(gaps)/2]+burstLateNs)
}

// least is how many events have to be answered of those due in a time, at a rate.
func (c *Calm) least(due float64) float64 {
	return rateInBand*due - c.OfferedAt*float64(c.BurstNs)/1e9
}

// Broken says why it is no calm; empty for one.
func (c *Calm) Broken() string {
	switch {
	case c.grows:
		return fmt.Sprintf("the backlog grows by %s, %.0f %% of what is offered",
			Format(c.growth.Value, record.PerSecond), 100*c.growth.Value/c.OfferedAt)
	case c.Answered < c.least(c.Due) || c.Answered == 0:
		return fmt.Sprintf("%s of %s events due were answered, which is less than 95 %%%s",
			Count(c.Answered), Count(c.Due), c.but())
	}
	return ""
}

// Text says what was seen.
func (c *Calm) Text() string {
	return fmt.Sprintf("%s of %s events due were answered%s; the backlog does not grow",
		Count(c.Answered), Count(c.Due), c.but())
}

// but says what may be missing.
func (c *Calm) but() string {
	if c.BurstNs == 0 {
		return ""
	}
	return fmt.Sprintf(", where the last %s may be still to come, as answers come so far apart",
		Format(float64(c.BurstNs), record.Nanoseconds))
}
