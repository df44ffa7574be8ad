package summary

import (
	"math"
	"sort"

	"github.com/streambench/streambench/reports/record"
)

// course is what was answered in the course of a repetition, in slices that follow each other: its
// stretches of 100 ms or, where there are none, its ticks.
type course struct {
	slices []slice
	sumAt  []float64 // answered before slice i; one more than there are slices
}

// slice is a part of a course; times in ns since T0.
type slice struct {
	from, to  int64
	results   float64
	answered  float64 // slots by which processed moved in it
	backlog   float64 // the most that was due and not processed
	latencyNs int64   // largest seen in it; 0 where none was
}

func courseOf(t *Trail) *course {
	c := &course{}
	for _, s := range t.Stretches {
		c.slices = append(c.slices, slice{s.FromNs, s.FromNs + record.StretchNs, float64(s.Results),
			float64(s.Answered), float64(s.Backlog), s.LatencyNs})
	}
	if len(c.slices) == 0 {
		c.fromTicks(t)
	}
	sum := 0.0
	for _, s := range c.slices {
		c.sumAt = append(c.sumAt, sum)
		sum += s.answered
	}
	c.sumAt = append(c.sumAt, sum)
	return c
}

// fromTicks makes slices from what the ticks say.
func (c *course) fromTicks(t *Trail) {
	last := &record.Tick{}
	for _, e := range t.Ticks {
		k := e.Tick
		if k.ScheduleNs <= last.ScheduleNs {
			continue
		}
		c.slices = append(c.slices, slice{
			from: last.ScheduleNs, to: k.ScheduleNs, results: float64(k.Results - last.Results),
			answered: float64(max(k.Processed, last.Processed) - last.Processed),
			backlog:  math.Max(float64(k.Offered)-float64(k.Processed), float64(k.Backlog)),
		})
		last = k
	}
}

// index is the slice a time lies in, or the number of slices where it lies behind them all.
func (c *course) index(ns int64) int {
	return sort.Search(len(c.slices), func(i int) bool { return c.slices[i].to > ns })
}

// answeredBy is how much was answered by a time: inside a slice on the line that joins its ends.
func (c *course) answeredBy(ns int64) float64 {
	i := c.index(ns)
	if i == len(c.slices) || ns <= c.slices[i].from {
		return c.sumAt[i]
	}
	s := c.slices[i]
	return c.sumAt[i] + s.answered*float64(ns-s.from)/float64(s.to-s.from)
}

func (c *course) answered(from, to int64) float64 { return c.answeredBy(to) - c.answeredBy(from) }

// overlap are the slices that have a part between two times.
func (c *course) overlap(from, to int64) []slice {
	i, j := c.index(from), c.index(to-1)
	if j < len(c.slices) && c.slices[j].from < to {
		j++
	}
	return c.slices[min(i, j):j]
}

// inside are the slices that lie between two times as a whole.
func (c *course) inside(from, to int64) []slice {
	i := sort.Search(len(c.slices), func(i int) bool { return c.slices[i].from >= from })
	j := sort.Search(len(c.slices), func(i int) bool { return c.slices[i].to > to })
	return c.slices[min(i, j):j]
}

// spacing is the longest time from one slice in which processed moved to the next.
func spacing(slices []slice) int64 {
	longest, since := int64(0), int64(-1)
	for _, s := range slices {
		if since < 0 {
			since = s.from
		}
		if s.answered > 0 {
			longest, since = max(longest, s.to-since), s.to
		}
	}
	return longest
}

// silence is the longest run of slices in which no result came.
func silence(slices []slice) int64 {
	longest, now := int64(0), int64(0)
	for _, s := range slices {
		now += s.to - s.from
		if s.results > 0 {
			now = 0
		}
		longest = max(longest, now)
	}
	return longest
}

// worstBacklog is the largest backlog of slices.
func worstBacklog(slices []slice) (most float64) {
	for _, s := range slices {
		most = math.Max(most, s.backlog)
	}
	return most
}

// worstLatency is the largest latency of slices.
func worstLatency(slices []slice) (most int64) {
	for _, s := range slices {
		most = max(most, s.latencyNs)
	}
	return most
}
