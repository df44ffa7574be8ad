package summary

import (
	"fmt"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

// Quantile is a percentile that has a figure.
type Quantile struct {
	Name    string  // as in latency.p99.9
	Percent float64 // 99.9
}

// Quantiles are the percentiles that have figures, ascending.
var Quantiles = []Quantile{
	{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99},
}

// codeFloor marks a latency that the host's own noise reaches.
const codeFloor = "host-floor"

// codeClocks marks a latency between machines.
const codeClocks = "clocks-apart"

// codeOverloaded marks a throughput below the offered one; overloadShare of it is enough.
const (
	codeOverloaded = "overloaded"
	overloadShare  = 0.99
)

// beyond is how many samples must lie above a percentile for it to be more than one event's luck.
const beyond = 10

// measured are the figures of one repetition. It does not ask whether they may be printed.
func measured(m *record.Manifest, t *Trail, h *record.HistogramLog) map[string]float64 {
	f := map[string]float64{}
	if from, to, ok := t.Steady(); ok {
		throughput(f, t, span{from, to}, m.Conditions.RateMax)
		cost(f, t, from, to)
	}
	if !m.Conditions.RateMax {
		for _, of := range latencies {
			distribution(f, of.prefix, h.Merged[tagOf(t, of.stage)])
		}
		distribution(f, "lag.", h.Merged[tagOf(t, record.StageDriver)])
		if area, ok := latencyArea(t, h); ok {
			f["latency.area"] = area
		}
	}
	memory(f, t)
	checkpointDuration(f, t)
	ledgerFigures(f, t.Ledger)
	return f
}

func tagOf(t *Trail, stage string) record.Tag {
	return record.Tag{System: t.System, Rep: t.Rep, Stage: stage}
}

// span is a stretch of time in ns since T0.
type span struct{ from, to int64 }

func throughput(f map[string]float64, t *Trail, steady span, rateMax bool) {
	from, to := steady.from, steady.to
	seconds := float64(to-from) / 1e9
	acceptedEnd := t.at(to, accepted)
	if t.End != nil && t.End.AcceptedAtSteadyEnd > 0 {
		acceptedEnd = float64(t.End.AcceptedAtSteadyEnd)
	}
	f["accepted"] = (acceptedEnd - t.at(from, accepted)) / seconds
	f["emitted"] = t.Rise(from, to, results) / seconds
	if rateMax {
		return // nothing is due, so nothing is offered, behind or blocked
	}
	dueStart, dueEnd := t.at(from, offered), t.at(to, offered)
	if p, ok := t.Phase(record.PhaseSteady); ok && (p.EventsDue > 0 || from == 0) {
		dueStart = float64(p.EventsDue)
	}
	if t.End != nil && t.End.DueAtSteadyEnd > 0 {
		dueEnd = float64(t.End.DueAtSteadyEnd)
	}
	f["offered"] = (dueEnd - dueStart) / seconds
	f["blocked"] = t.Rise(from, to, func(k *record.Tick) float64 { return float64(k.BlockedNs) })
	f["backlog"] = 0
	for _, e := range t.Ticks {
		if at := e.Tick.ScheduleNs; at >= from && at <= to {
			f["backlog"] = max(f["backlog"], float64(e.Tick.Backlog))
		}
	}
	for _, r := range t.readings() {
		if r.AtNs <= to {
			f["backlog"] = max(f["backlog"], float64(r.Events))
		}
	}
}

func offered(k *record.Tick) float64  { return float64(k.Offered) }
func accepted(k *record.Tick) float64 { return float64(k.Accepted) }
func results(k *record.Tick) float64  { return float64(k.Results) }

// cost is processor time an event over steady, by role. What the tool itself spends on its canary,
// screen and oracle is not the price of an event.
func cost(f map[string]float64, t *Trail, from, to int64) {
	events := t.Rise(from, to, accepted)
	driver := t.Rise(from, to, driverNs)
	broker := t.Rise(from, to, brokerNs)
	system := t.Rise(from, to, systemNs)
	if events <= 0 || driver+broker+system <= 0 {
		return
	}
	f["cpu"] = (driver + broker + system) / events / 1e3
	f["cpu.driver"] = driver / events / 1e3
	f["cpu.system"] = system / events / 1e3
	if broker > 0 {
		f["cpu.broker"] = broker / events / 1e3
	}
}

func distribution(f map[string]float64, prefix string, h *hdr.Histogram) {
	if h == nil || h.TotalCount() == 0 {
		return
	}
	for _, q := range Quantiles {
		f[prefix+q.Name] = float64(h.ValueAtPercentile(q.Percent))
	}
	f[prefix+"max"] = float64(h.Max())
	f[prefix+"mean"] = h.Mean()
}

// memory is the peak of resident memory: of each role with processes of its own, of the tool's
// process with all that lives in it, and their sum.
func memory(f map[string]float64, t *Trail) {
	var tool, broker, system uint64
	for _, e := range t.Ticks {
		tool = max(tool, e.Tick.MemoryB)
		broker = max(broker, e.Tick.BrokerMemoryB)
		system = max(system, e.Tick.SystemMemoryB)
	}
	if t.End != nil {
		tool = max(tool, t.End.MemoryPeakB)
	}
	for name, peak := range map[string]uint64{
		"memory": tool + broker + system, "memory.tool": tool, "memory.broker": broker,
		"memory.system": system,
	} {
		if peak > 0 {
			f[name] = float64(peak)
		}
	}
	if broker+system == 0 {
		delete(f, "memory.tool") // it is all there is
	}
}

func ledgerFigures(f map[string]float64, l *record.Ledger) {
	if l == nil || !l.Conclusive || l.Unchecked {
		return
	}
	for name, n := range map[string]uint64{
		"lost": l.Lost, "duplicated": l.Duplicated, "wrong": l.Wrong, "phantom": l.Phantom,
		"corrupt": l.Corrupt, "late": l.TooLate, "unexplained": l.Unexplained,
	} {
		f[name] = float64(n)
	}
}

// series are the values of one figure in the order the repetitions ran.
type series struct{ order, values []float64 }

// combine takes the median of each figure over the repetitions that count, and how far it drifted.
func combine(trails []Trail, reps []Repetition) map[string]Figure {
	samples := map[string]series{}
	for i, r := range reps {
		if !r.counts() {
			continue
		}
		for name, v := range r.Figures {
			s := samples[name]
			s.order = append(s.order, float64(trails[i].order))
			s.values = append(s.values, v)
			samples[name] = s
		}
	}
	figures := map[string]Figure{}
	for name, s := range samples {
		metric, ok := record.FindMetric(name)
		if !ok {
			panic("BUG: figure " + name + " is no metric")
		}
		v := stats.Median(s.values)
		f := Figure{Median: v.Median, N: v.N, Unit: metric.Unit, Drift: driftOf(s.order, s.values)}
		if v.Ok {
			f.Lo, f.Hi = &v.Lo, &v.Hi
		}
		if w, ok := f.Drift.warning(); ok {
			f.Warnings = append(f.Warnings, w)
		}
		figures[name] = f
	}
	return figures
}

// weaken adds to latency figures what the reader must know about them: the floor the host itself
// sets, and percentiles that stand on a handful of samples.
func weaken(figures map[string]Figure, trails []Trail, h *record.HistogramLog) {
	for name, f := range figures {
		stage, ok := stageOf(name)
		if !ok {
			continue
		}
		if w, ok := clocks(trails); ok {
			f.Warnings = append(f.Warnings, w)
		}
		for _, t := range trails {
			result := h.Merged[tagOf(&t, stage)]
			if w, ok := floor(name, f, h.Merged[tagOf(&t, record.StageCanary)]); ok {
				f.Warnings = append(f.Warnings, w)
				break
			}
			if w, ok := fewSamples(name, result); ok {
				f.Warnings = append(f.Warnings, w)
				break
			}
		}
		figures[name] = f
	}
}

// clocks bounds what the clocks of drivers on other machines may have done to latencies.
func clocks(trails []Trail) (w record.Warning, ok bool) {
	apart := int64(0)
	for _, t := range trails {
		if t.End != nil {
			apart = max(apart, t.End.ClockNs)
		}
	}
	if apart == 0 {
		return w, false
	}
	return record.Warning{Code: codeClocks, Text: "the clocks of drivers and collector were apart " +
		"by up to " + Format(float64(apart), record.Nanoseconds) +
		": the figure holds to within that"}, true
}

// floor warns where the canary's hiccups reach the figure: it was late by half the figure or more
// at the same percentile, so half of what is printed may be the host's.
func floor(name string, f Figure, canary *hdr.Histogram) (record.Warning, bool) {
	if canary == nil || canary.TotalCount() == 0 {
		return record.Warning{}, false
	}
	late := float64(canary.Max())
	if p, ok := percentOf(name); ok {
		late = float64(canary.ValueAtPercentile(p))
	} else if strings.HasSuffix(name, ".mean") {
		late = canary.Mean()
	}
	if late < f.Median/2 {
		return record.Warning{}, false
	}
	return record.Warning{Code: codeFloor, Text: "this host wakes a sleeping thread up to " +
		Format(late, record.Nanoseconds) + " late at the same percentile: what lies below that " +
		"may be the host's and not the system's"}, true
}

// overloaded warns where a system took fewer events than were offered: it passes its limits, if it
// has none on latency, and yet does not keep up.
func overloaded(figures map[string]Figure) {
	accepted, ok := figures["accepted"]
	offered, due := figures["offered"]
	if !ok || !due || accepted.Median >= overloadShare*offered.Median {
		return
	}
	accepted.Warnings = append(accepted.Warnings, record.Warning{Code: codeOverloaded,
		Text: fmt.Sprintf("OVERLOADED: the system took %.3g%% of the %s offered, the rest still waited "+
			"when steady ended", 100*accepted.Median/offered.Median,
			Format(offered.Median, record.PerSecond))})
	figures["accepted"] = accepted
}

func fewSamples(name string, h *hdr.Histogram) (record.Warning, bool) {
	p, ok := percentOf(name)
	if !ok || h == nil || float64(h.TotalCount())*(100-p)/100 >= beyond {
		return record.Warning{}, false
	}
	return record.Warning{Code: "few-samples", Text: "fewer than 10 of " +
		Format(float64(h.TotalCount()), record.Results) + " lie beyond this percentile"}, true
}

func percentOf(name string) (float64, bool) {
	for _, q := range Quantiles {
		if strings.HasSuffix(name, "."+q.Name) {
			return q.Percent, true
		}
	}
	return 0, false
}
