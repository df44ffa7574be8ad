package summary

import (
	"slices"

	"github.com/streambench/streambench/reports/record"
)

// recoveryFigures are the figures of a repetition's faults, the worst fault of each. A figure that
// one of its faults has not is not there: the worst could be that one.
func recoveryFigures(f map[string]float64, all []Recovery) {
	counted := slices.DeleteFunc(slices.Clone(all), func(x Recovery) bool {
		return x.Excluded != "" || x.Unsupported != ""
	})
	if len(counted) == 0 {
		return
	}
	delete(f, "latency.area") // that of all of steady: a fault has its own baseline
	for name, read := range map[string]func(*Recovery) (float64, bool){
		"recovery":     func(x *Recovery) (float64, bool) { return deref(x.TotalNs) },
		"outage":       func(x *Recovery) (float64, bool) { return largest(x.Outage) },
		"recovery.tax": func(x *Recovery) (float64, bool) { return largest(x.Tax) },
		"dip.area":     func(x *Recovery) (float64, bool) { return x.Dip.area() },
		"latency.area": func(x *Recovery) (float64, bool) { return deref(x.LatencyArea) },
		"replayed":     func(x *Recovery) (float64, bool) { return x.Replay.most() },
		"cost-a-day":   func(x *Recovery) (float64, bool) { return x.Cost.day() },
	} {
		worst, known := 0.0, true
		for i := range counted {
			v, ok := read(&counted[i])
			worst, known = max(worst, v), known && ok
		}
		if known {
			f[name] = worst
		}
	}
}

func deref[T int64 | float64](v *T) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return float64(*v), true
}

func largest(s *Spread) (float64, bool) {
	if s == nil {
		return 0, false
	}
	return float64(s.MaxNs), true
}

func (d *Dip) area() (float64, bool) {
	if d == nil {
		return 0, false
	}
	return d.Area, true
}

// most is what the system counted or, where it counts nothing, what its commits tell.
func (r *Replay) most() (float64, bool) {
	switch {
	case r == nil:
		return 0, false
	case r.Counted > 0:
		return float64(r.Counted), true
	}
	return r.Events, true
}

func (c *Cost) day() (float64, bool) {
	if c == nil {
		return 0, false
	}
	return deref(c.ADayNs)
}

// calmLatency is the result latency outside [t0, t6] of every fault, by time of receipt in whole
// seconds. A fault whose t6 is unresolved takes all that follows.
func calmLatency(f map[string]float64, t *Trail, h *record.HistogramLog, all []Recovery) {
	var broken []span
	for _, fault := range t.Faults {
		if !witnessed(&fault) {
			continue
		}
		s := span{fault.ActualNs, 1 << 62}
		for _, x := range all {
			if x.Fault == fault.ID && x.TotalNs != nil {
				s.to = s.from + *x.TotalNs
			}
		}
		broken = append(broken, s)
	}
	if len(broken) == 0 {
		return
	}
	t0 := t.T0Ns()
	distribution(f, "calm.latency.", h.Within(tagOf(t, record.StageResult),
		func(fromNs, toNs int64) bool {
			return !slices.ContainsFunc(broken, func(s span) bool {
				return toNs-t0 > s.from && fromNs-t0 < s.to
			})
		}))
}

// inTwins are the figures a repetition with faults is held against its twin in.
var inTwins = []string{"accepted", "emitted", "latency.p50", "latency.p99",
	"latency.p99.9", "backlog", "cpu"}

// twins are the twins of a system's repetitions, each beside the nearest with faults that is kept.
func twins(trails []Trail, reps []Repetition) []Twin {
	var all []Twin
	for i := range reps {
		if reps[i].Twin || !reps[i].Kept || len(trails[i].Faults) == 0 {
			continue
		}
		j, ok := nearestTwin(trails, i)
		if !ok {
			continue
		}
		all = append(all, twinOf(&reps[j], &reps[i]))
	}
	return all
}

// nearestTwin is the twin next to a repetition in the order they ran.
func nearestTwin(trails []Trail, i int) (nearest int, ok bool) {
	away := func(j int) int {
		return max(trails[i].order-trails[j].order, trails[j].order-trails[i].order)
	}
	for j := range trails {
		if trails[j].Twin && (!ok || away(j) < away(nearest)) {
			nearest, ok = j, true
		}
	}
	return nearest, ok
}

func twinOf(twin, broken *Repetition) Twin {
	t := Twin{Rep: twin.Rep, Against: broken.Rep}
	switch {
	case twin.Status != Valid:
		t.Why = "the twin is " + string(twin.Status)
		return t
	case broken.Status != Valid:
		t.Why = "the repetition with the faults is " + string(broken.Status)
		return t
	}
	t.Figures = map[string][2]float64{}
	for _, name := range inTwins {
		a, ok1 := twin.Figures[name]
		b, ok2 := broken.Figures[name]
		if ok1 && ok2 {
			t.Figures[name] = [2]float64{a, b}
		}
	}
	t.SameResults = twin.Results != nil && broken.Results != nil && *twin.Results == *broken.Results
	return t
}

// comeback is what a sentence says of the recoveries of a system: the slowest, or that one is not
// known.
func comeback(all []Recovery) string {
	var worst *Recovery
	for i := range all {
		switch x := &all[i]; {
		case x.Excluded != "" || x.Unsupported != "":
		case x.TotalNs == nil:
			return "; when it had recovered from " + x.Text + " is not known"
		case worst == nil || *x.TotalNs > *worst.TotalNs:
			worst = x
		}
	}
	if worst == nil {
		return ""
	}
	return "; it recovered from " + worst.Text + " in " +
		Format(float64(*worst.TotalNs), record.Nanoseconds)
}
