package summary

import (
	"fmt"
	"math"
	"strconv"

	"github.com/streambench/streambench/reports/record"
)

const (
	// scheduleShare of the schedule must have been offered, or the driver measured something else.
	scheduleShare = 0.999
	// lagShare of the result latency's p99, and lagFloorNs, may be the driver's own lag.
	lagShare   = 0.10
	lagFloorNs = 1e6
	// driverShare of its processors is the most a driver with cores of its own may use.
	driverShare = 0.80
)

const runAgain = "run it again"

func interrupted(s *subject) finding {
	end := s.trail.End
	if (end == nil && !s.stopped) || (end != nil && !end.Interrupted) {
		return finding{}
	}
	return finding{"the run was interrupted before this repetition ended", runAgain,
		[]Evidence{s.reached()}}
}

// reached is how far the record of a repetition goes.
func (s *subject) reached() Evidence {
	e := Evidence{What: "last entry of this repetition", Measured: "none", Limit: "the end of close"}
	if n := len(s.trail.Phases); n > 0 {
		e.Measured = "in " + s.trail.Phases[n-1].Phase.Name
	}
	if n := len(s.trail.Ticks); n > 0 {
		e.Measured += ", " + Format(float64(s.trail.Ticks[n-1].Tick.ScheduleNs), record.Nanoseconds) +
			" after T0"
	}
	return e
}

func cutOff(s *subject) finding {
	f := finding{remedy: runAgain + ", and see that the disk has room",
		evidence: []Evidence{s.reached()}}
	switch {
	case s.trail.End == nil && !s.stopped:
		f.text = "the record is cut off: the tool was killed before this repetition ended"
	case s.log.CutOff:
		f.text = "the latency log is cut off: the tool was killed before it was written"
		f.evidence = []Evidence{{"last line of latency.hlog", "a histogram", "#[End of log]"}}
	}
	return f
}

func noSteadyState(s *subject) finding {
	f := finding{remedy: "lengthen load.warmup or lower load.rate"}
	for _, w := range s.trail.Warnings {
		if w.Code == record.CodeNoSteady {
			f.text = "no steady state: " + w.Text
			f.evidence = []Evidence{{"change point in throughput or p99 over the last 10 s of warm-up",
				w.Text, "none"}}
			return f
		}
	}
	if _, _, ok := s.trail.Steady(); !ok {
		f.text = "no steady state: the repetition ended before steady began"
		f.evidence = []Evidence{s.reached()}
	}
	return f
}

func behindSchedule(s *subject) finding {
	if s.manifest.Conditions.RateMax {
		return finding{}
	}
	end := s.trail.End
	offered, accepted := s.figures["offered"], s.figures["accepted"]
	if end.DueAtSteadyEnd == 0 || offered == 0 {
		return finding{"the record does not say how much was due by the end of steady", runAgain,
			[]Evidence{{"events due by the end of steady", "0", "the schedule's"}}}
	}
	taken := end.AcceptedAtSteadyEnd + end.BlockedAtSteadyEnd
	share := float64(taken) / float64(end.DueAtSteadyEnd)
	if share >= scheduleShare {
		return finding{}
	}
	blocked := ""
	if end.BlockedAtSteadyEnd > 0 {
		blocked = "with what the system kept waiting "
	}
	return finding{
		text: fmt.Sprintf("the driver sent %s/s of %s/s offered (%s%s of the schedule, %s)",
			rate(accepted), rate(offered), blocked, percentDown(share), s.processors()),
		remedy: s.lighter(accepted),
		evidence: []Evidence{
			{"accepted + blocked, of events due by the end of steady",
				fmt.Sprintf("%s + %s of %s, %s", Count(float64(end.AcceptedAtSteadyEnd)),
					Count(float64(end.BlockedAtSteadyEnd)), Count(float64(end.DueAtSteadyEnd)),
					percentDown(share)), "≥ 99.9%"},
			{"processors of this host over steady", s.processors(), "room to spare"},
		},
	}
}

// percentDown rounds a share down to a tenth of a percent, so that what missed a limit never looks
// as if it had met it.
func percentDown(share float64) string {
	return fmt.Sprintf("%.1f%%", math.Floor(share*1000)/10)
}

// processors says how busy the host was over steady.
func (s *subject) processors() string {
	from, to, _ := s.trail.Steady()
	used := s.trail.Rise(from, to, func(k *record.Tick) float64 {
		return float64(k.CPU.DriverNs + k.CPU.SystemNs + k.CPU.ToolNs)
	})
	cores := max(s.manifest.Host.Cores, 1)
	text := fmt.Sprintf("CPU %.0f%%, %d cores", 100*used/float64(to-from)/float64(cores), cores)
	if s.manifest.Conditions.Shared {
		text += " shared with the system"
	}
	return text
}

// lighter is the remedy for a driver that cannot keep up: more processors where there are some,
// or nine tenths of the rate it did reach.
func (s *subject) lighter(reached float64) string {
	c := s.manifest.Conditions
	remedy := "load.rate: " + lowerRate(reached*0.9)
	for _, w := range s.trail.Warnings {
		if w.Code == record.CodeSharedHost {
			return "run it without another run beside it, or " + remedy
		}
	}
	if c.Shared {
		return remedy // there is no core to give the driver
	}
	if c.Transport != "embedded" {
		return fmt.Sprintf("resources.driver.cpus: %.0f, or %s", math.Floor(c.DriverCPUs)+1, remedy)
	}
	if next := c.WorkerCPUs + 1; next <= float64(s.manifest.Host.Cores) {
		return fmt.Sprintf("resources.worker.cpus: %.0f, or %s", next, remedy)
	}
	return remedy
}

// lowerRate rounds a rate down to two digits, as a scenario writes it.
func lowerRate(v float64) string {
	if v < 1 {
		return "1/s"
	}
	unit := math.Pow10(int(math.Floor(math.Log10(v))) - 1)
	v = math.Floor(v/unit) * unit
	for _, s := range []step{{1e6, "M/s"}, {1e3, "k/s"}} {
		if v >= s.size {
			return strconv.FormatFloat(math.Round(v/s.size*1000)/1000, 'f', -1, 64) + s.unit
		}
	}
	return strconv.FormatFloat(math.Max(math.Round(v), 1), 'f', -1, 64) + "/s"
}

// driverLag compares the driver's lag with the latency it would be mistaken for. A host whose own
// scheduler is as late as that (the canary) is told by the floor beside the figures instead.
func driverLag(s *subject) finding {
	lag := s.figures["lag.p99.9"]
	p99, timed := s.figures["latency.p99"]
	if !timed || lag <= lagFloorNs || lag <= lagShare*p99 {
		return finding{} // without a latency there is none to be mistaken for
	}
	ns := func(v float64) string { return Format(v, record.Nanoseconds) }
	late := "not measured"
	if canary := s.log.Merged[tagOf(s.trail, record.StageCanary)]; canary != nil {
		floor := float64(canary.ValueAtPercentile(99.9))
		if lag <= floor {
			return finding{}
		}
		late = ns(floor)
	}
	return finding{
		text: fmt.Sprintf("the driver lagged %s (p99.9) behind the schedule, "+
			"against a latency p99 of %s", ns(lag), ns(p99)),
		remedy: s.lighter(s.figures["accepted"]),
		evidence: []Evidence{
			{"driver lag p99.9 against result latency p99", fmt.Sprintf("%s, %.0f%% of %s", ns(lag),
				100*lag/p99, ns(p99)), "≤ 10%, or ≤ 1 ms, or ≤ the canary"},
			{"canary p99.9: late wake-ups of a thread that only sleeps", late, "≥ the driver's lag"},
		},
	}
}

func driverBusy(s *subject) finding {
	c := s.manifest.Conditions
	from, to, ok := s.trail.Steady()
	if !ok || c.Transport == "embedded" || c.Shared || c.RateMax || c.DriverCPUs <= 0 {
		return finding{}
	}
	used := s.trail.Rise(from, to, func(k *record.Tick) float64 { return float64(k.CPU.DriverNs) })
	share := used / float64(to-from) / c.DriverCPUs
	if share <= driverShare {
		return finding{}
	}
	return finding{
		text: fmt.Sprintf("the driver used %.0f%% of its %g cores, more than the %.0f%% that leave room",
			100*share, c.DriverCPUs, 100*driverShare),
		remedy: s.lighter(s.figures["accepted"] * driverShare / share),
		evidence: []Evidence{{"processor time of the driver over steady",
			fmt.Sprintf("%s in %s, %.0f%% of %g cores", Format(used, record.Nanoseconds),
				Format(float64(to-from), record.Nanoseconds), 100*share, c.DriverCPUs), "≤ 80%"}},
	}
}

func oracleInconclusive(s *subject) finding {
	l := s.trail.Ledger
	if l == nil {
		return finding{"the oracle gave no answer", runAgain,
			[]Evidence{{"ledger of this repetition", "none", "one"}}}
	}
	if l.Conclusive {
		return finding{}
	}
	why := l.Why
	if why == "" {
		why = "input or sink was not sealed"
	}
	return finding{"the oracle was inconclusive: " + why, "lengthen load.drain", []Evidence{
		{"results received of those expected",
			Count(float64(l.Received)) + " of " + Count(float64(l.Expected)), "all, and the sink sealed"},
		{"why it is not known whether more would come", why, "nothing"},
	}}
}

func sendsUnknown(s *subject) finding {
	n := s.trail.End.SendsUnknown
	if n == 0 {
		return finding{}
	}
	return finding{
		text: fmt.Sprintf("%s were sent and neither acknowledged nor refused: whether they are part "+
			"of the input is not known", Format(float64(n), record.Events)),
		remedy: "look at the brokers: one that answers late, or changes its leaders, leaves sends " +
			"unknown",
		evidence: []Evidence{{"events of unknown outcome", Count(float64(n)), "0"}},
	}
}

func samplesRefused(s *subject) finding {
	dropped, negative := s.trail.End.DroppedSamples, s.trail.End.NegativeSamples
	for tag, n := range s.log.Dropped {
		if tag.System == s.trail.System && tag.Rep == s.trail.Rep {
			dropped += uint64(n)
		}
	}
	if dropped == 0 && negative == 0 {
		return finding{}
	}
	return finding{
		text: fmt.Sprintf("%s latency samples were beyond an hour or refused, %s below zero",
			Count(float64(dropped)), Count(float64(negative))),
		remedy: "look for a clock that was set during the run",
		evidence: []Evidence{
			{"samples beyond an hour, or refused in a merge", Count(float64(dropped)), "0"},
			{"samples below zero", Count(float64(negative)), "0"},
		},
	}
}

func spansDropped(s *subject) finding {
	n := s.trail.End.SpansDropped
	if n == 0 {
		return finding{}
	}
	return finding{
		text:     fmt.Sprintf("%s spans of traces found no room", Count(float64(n))),
		remedy:   "trace fewer events: a smaller trace.sample",
		evidence: []Evidence{{"spans dropped", Count(float64(n)), "0"}},
	}
}

// configDiffers compares what was declared with what the system read back, where it names it. A
// system that declares a weaker guarantee than the run asks for has to be run with that.
func configDiffers(s *subject) finding {
	c := s.manifest.Conditions
	if d, ok := c.Of(s.trail.base()); ok {
		c.Workers = d.Workers
	}
	if weaker, ok := s.manifest.Claim.Declared[s.trail.base()]; ok {
		c.Guarantee = weaker
	}
	f := finding{remedy: "correct the scenario, or the system's own configuration"}
	for _, d := range []struct{ key, want string }{
		{"transport", c.Transport}, {"format", c.Format}, {"guarantee", c.Guarantee},
		{"workers", strconv.Itoa(c.Workers)},
	} {
		got, ok := s.trail.Config[d.key]
		if !ok || got == d.want {
			continue
		}
		if f.text == "" {
			f.text = fmt.Sprintf("the system runs with %s %s, declared is %s", d.key, got, d.want)
		}
		f.evidence = append(f.evidence, Evidence{d.key + " in force", got, d.want})
	}
	return f
}
