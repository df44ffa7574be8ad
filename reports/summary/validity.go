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

// subject is what a validity rule looks at: one repetition that began and did not fail.
type subject struct {
	manifest *record.Manifest
	trail    *Trail
	log      *record.HistogramLog
	figures  map[string]float64 // measured, whether or not they may be printed
	stopped  bool               // the run was interrupted
}

// rule is one way in which a measurement can be worthless. broken returns the reason in words and
// what to do about it, or an empty reason.
type rule struct {
	code   string
	broken func(s *subject) (reason, remedy string)
}

// rules are all validity rules, in the order in which reasons are listed.
var rules = []rule{
	{"interrupted", interrupted},
	{"cut-off", cutOff},
	{"no-steady-state", noSteadyState},
	{"behind-schedule", behindSchedule},
	{"driver-lag", driverLag},
	{"driver-share", driverBusy},
	{"oracle-inconclusive", oracleInconclusive},
	{"samples-refused", samplesRefused},
	{"config-differs", configDiffers},
}

// judge applies every rule. What a repetition that was stopped halfway also lacks (a steady state,
// a ledger) follows from that and is not listed again.
func judge(s *subject) []Reason {
	var reasons []Reason
	for _, r := range rules {
		if text, remedy := r.broken(s); text != "" {
			reasons = append(reasons, Reason{Code: r.code, Text: text, Remedy: remedy})
			if r.code == "interrupted" || r.code == "cut-off" {
				return reasons
			}
		}
	}
	return reasons
}

func interrupted(s *subject) (string, string) {
	end := s.trail.End
	if (end != nil && end.Interrupted) || (end == nil && s.stopped) {
		return "the run was interrupted before this repetition ended", "run it again"
	}
	return "", ""
}

func cutOff(s *subject) (string, string) {
	switch {
	case s.trail.End == nil && !s.stopped:
		return "the record is cut off: the tool was killed before this repetition ended",
			"run it again, and see that the disk has room"
	case s.log.CutOff:
		return "the latency log is cut off: the tool was killed before it was written",
			"run it again, and see that the disk has room"
	}
	return "", ""
}

func noSteadyState(s *subject) (string, string) {
	remedy := "lengthen load.warmup or lower load.rate"
	for _, w := range s.trail.Warnings {
		if w.Code == record.CodeNoSteady {
			return "no steady state: " + w.Text, remedy
		}
	}
	if _, _, ok := s.trail.Steady(); !ok {
		return "no steady state: the repetition ended before steady began", remedy
	}
	return "", ""
}

func behindSchedule(s *subject) (string, string) {
	if s.manifest.Conditions.RateMax {
		return "", ""
	}
	end := s.trail.End
	offered, accepted := s.figures["offered"], s.figures["accepted"]
	if end.DueAtSteadyEnd == 0 || offered == 0 {
		return "the record does not say how much was due by the end of steady", "run it again"
	}
	share := float64(end.AcceptedAtSteadyEnd+end.BlockedAtSteadyEnd) / float64(end.DueAtSteadyEnd)
	if share >= scheduleShare {
		return "", ""
	}
	return fmt.Sprintf("the driver sent %s/s of %s/s offered (%.1f%% of the schedule, %s)",
			rate(accepted), rate(offered), math.Floor(share*1000)/10, s.processors()),
		s.lighter(accepted)
}

// processors says how busy the host was over steady.
func (s *subject) processors() string {
	from, to, _ := s.trail.Steady()
	used := s.trail.rise(from, to, func(k *record.Tick) float64 {
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
func driverLag(s *subject) (string, string) {
	lag := s.figures["lag.p99.9"]
	p99, timed := s.figures["latency.p99"]
	if !timed || lag <= lagFloorNs || lag <= lagShare*p99 {
		return "", "" // without a latency there is none to be mistaken for
	}
	canary := s.log.Merged[tagOf(s.trail, record.StageCanary)]
	if canary != nil && lag <= float64(canary.ValueAtPercentile(99.9)) {
		return "", ""
	}
	return fmt.Sprintf("the driver lagged %s (p99.9) behind the schedule, against a latency p99 of %s",
			Format(lag, record.Nanoseconds), Format(p99, record.Nanoseconds)),
		s.lighter(s.figures["accepted"])
}

func driverBusy(s *subject) (string, string) {
	c := s.manifest.Conditions
	from, to, ok := s.trail.Steady()
	if !ok || c.Transport == "embedded" || c.Shared || c.RateMax || c.DriverCPUs <= 0 {
		return "", ""
	}
	used := s.trail.rise(from, to, func(k *record.Tick) float64 { return float64(k.CPU.DriverNs) })
	share := used / float64(to-from) / c.DriverCPUs
	if share <= driverShare {
		return "", ""
	}
	return fmt.Sprintf("the driver used %.0f%% of its %g cores, more than the %.0f%% that leave room",
			100*share, c.DriverCPUs, 100*driverShare),
		s.lighter(s.figures["accepted"] * driverShare / share)
}

func oracleInconclusive(s *subject) (string, string) {
	l := s.trail.Ledger
	switch {
	case l == nil:
		return "the oracle gave no answer", "run it again"
	case !l.Conclusive:
		why := l.Why
		if why == "" {
			why = "input or sink was not sealed"
		}
		return "the oracle was inconclusive: " + why, "lengthen load.drain"
	}
	return "", ""
}

func samplesRefused(s *subject) (string, string) {
	dropped, negative := s.trail.End.DroppedSamples, s.trail.End.NegativeSamples
	for tag, n := range s.log.Dropped {
		if tag.System == s.trail.System && tag.Rep == s.trail.Rep {
			dropped += uint64(n)
		}
	}
	if dropped == 0 && negative == 0 {
		return "", ""
	}
	return fmt.Sprintf("%s latency samples were beyond an hour or refused, %s below zero",
			Count(float64(dropped)), Count(float64(negative))),
		"look for a clock that was set during the run"
}

// configDiffers compares what was declared with what the system read back, where it names it.
func configDiffers(s *subject) (string, string) {
	c := s.manifest.Conditions
	for _, d := range []struct{ key, want string }{
		{"transport", c.Transport}, {"format", c.Format}, {"guarantee", c.Guarantee},
		{"workers", strconv.Itoa(c.Workers)},
	} {
		if got, ok := s.trail.Config[d.key]; ok && got != d.want {
			return fmt.Sprintf("the system runs with %s %s, declared is %s", d.key, got, d.want),
				"correct the scenario, or the system's own configuration"
		}
	}
	return "", ""
}
