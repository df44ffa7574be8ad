package reports

import (
	"math"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// maxColumns is how many columns a line is reduced to: about one for each pixel.
const maxColumns = 600

// sample is a value at a time since T0, in seconds.
type sample struct{ t, v float64 }

// column is what all repetitions say about one short span of time.
type column struct {
	t, lo, mid, hi float64
	n              int
}

// columns reduces the samples of all repetitions to columns of at least width seconds each, so
// that a long run or many runs draw no more than a short one. A column keeps its minimum and its
// maximum: no spike is lost.
func columns(samples []sample, width, spanS float64) []column {
	width = max(width, spanS/maxColumns)
	bins, times := map[int][]float64{}, map[int]float64{}
	for _, s := range samples {
		i := int(math.Floor(s.t/width + 1e-9))
		bins[i] = append(bins[i], s.v)
		times[i] += s.t
	}
	var out []column
	for i, vs := range bins {
		slices.Sort(vs)
		out = append(out, column{
			t: times[i] / float64(len(vs)), lo: vs[0], mid: vs[len(vs)/2], hi: vs[len(vs)-1], n: len(vs),
		})
	}
	slices.SortFunc(out, func(a, b column) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return 0
	})
	return out
}

// overTime are the series of one system, all its shown repetitions together.
type overTime struct {
	system            string
	spanS             float64
	steadyS, endS     float64 // bounds of steady; 0, 0 where there was none
	reps              int
	valid             bool
	offered, accepted []sample
	results           []sample // received since the sample before, not a rate
	backlog           []sample
	p50, p99, p999    []sample
	seconds           map[int]*second
	mode              *record.Mode // of the first repetition shown
	marks             []mark       // faults of the first repetition shown
}

// second is a line of the table under the picture, of the first repetition shown.
type second struct {
	offered, accepted, results, backlog float64
	latency                             *record.Interval
}

// timeOf gathers what the time axis shows of a system: its kept valid repetitions, or the first
// that began where none is valid, then without latency.
func timeOf(run *Run, s *summary.System) *overTime {
	o := &overTime{system: s.Name, seconds: map[int]*second{}}
	trails := trailsOf(run, s.Name)
	for i, r := range s.Repetitions {
		if r.Kept && r.Status == summary.Valid {
			o.valid = true
			o.add(run, &trails[i], r)
		}
	}
	for i, r := range s.Repetitions {
		if !o.valid && o.reps == 0 && len(trails[i].Ticks) > 0 {
			o.add(run, &trails[i], r)
		}
	}
	return o
}

func trailsOf(run *Run, system string) []summary.Trail {
	var ts []summary.Trail
	for _, t := range run.trails {
		if t.System == system {
			ts = append(ts, t)
		}
	}
	return ts
}

func (o *overTime) add(run *Run, t *summary.Trail, r summary.Repetition) {
	o.reps++
	if o.reps == 1 {
		o.mode, o.marks = t.Mode, marksOf(run, t.System, t.Rep)
		o.steadyS, o.endS = float64(r.SteadyFromNs)/1e9, float64(r.SteadyToNs)/1e9
	}
	before := &record.Tick{}
	for _, e := range t.Ticks {
		if o.tick(e.Tick, before) {
			before = e.Tick
		}
	}
	if !o.valid || run.Manifest.Conditions.RateMax {
		return
	}
	t0 := t.T0Ns()
	for _, stage := range []string{record.StageWarmup, record.StageResult} {
		tag := record.Tag{System: t.System, Rep: t.Rep, Stage: stage}
		for _, v := range run.Log.Intervals[tag] {
			o.interval(v, t0)
		}
	}
}

// shortTick is the least time between two ticks that a rate is taken over, in seconds: the tick
// that ends a phase may follow another at once, and a rate over it would be noise.
const shortTick = 0.1

// tick adds a tick and tells whether rates were taken up to it: if not, the next takes them from
// the same tick before.
func (o *overTime) tick(k, before *record.Tick) bool {
	at := float64(k.ScheduleNs) / 1e9
	o.spanS = max(o.spanS, at)
	if k.Backlog > 0 {
		o.backlog = append(o.backlog, sample{at, float64(k.Backlog)})
	}
	dt := float64(k.ScheduleNs-before.ScheduleNs) / 1e9
	drains := k.Phase == record.PhaseDrain
	if dt < shortTick && !drains {
		return false
	}
	o.results = append(o.results, sample{at, float64(k.Results) - float64(before.Results)})
	if !drains { // nothing is offered any more
		rate := func(now, then uint64) float64 { return (float64(now) - float64(then)) / dt }
		o.offered = append(o.offered, sample{at, rate(k.Offered, before.Offered)})
		o.accepted = append(o.accepted, sample{at, rate(k.Accepted, before.Accepted)})
	}
	if o.reps == 1 {
		s := o.second(at)
		s.offered += float64(k.Offered) - float64(before.Offered)
		s.accepted += float64(k.Accepted) - float64(before.Accepted)
		s.results += float64(k.Results) - float64(before.Results)
		s.backlog = max(s.backlog, float64(k.Backlog))
	}
	return true
}

// second finds the second that ends at or after a time since T0.
func (o *overTime) second(at float64) *second {
	i := max(int(math.Ceil(at-1e-9)), 1)
	if o.seconds[i] == nil {
		o.seconds[i] = &second{}
	}
	return o.seconds[i]
}

func (o *overTime) interval(v record.Interval, t0 int64) {
	mid := max(float64(v.FromNs+v.ToNs-2*t0)/2e9, 0)
	o.spanS = max(o.spanS, mid)
	o.p50 = append(o.p50, sample{mid, float64(v.P50Ns)})
	o.p99 = append(o.p99, sample{mid, float64(v.P99Ns)})
	o.p999 = append(o.p999, sample{mid, float64(v.P999Ns)})
	if o.reps == 1 {
		o.second(mid).latency = &v
	}
}
