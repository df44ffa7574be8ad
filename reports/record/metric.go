package record

import "strings"

// Unit is what a metric is counted in; a limit or an anchor is written with it.
type Unit string

// The units of metrics. The value of a Nanoseconds metric is kept in ns, whatever it is written in.
const (
	Nanoseconds  Unit = "ns"
	PerSecond    Unit = "events/s"
	Events       Unit = "events"
	Results      Unit = "results"
	MicrosEvent  Unit = "us/event"
	Bytes        Unit = "bytes"
	EventSeconds Unit = "event-seconds"
)

// Direction says which way a metric is better.
type Direction string

// The directions.
const (
	Lower  Direction = "lower"
	Higher Direction = "higher"
)

// Metric is a figure that limits, criteria and comparisons name.
type Metric struct {
	Name   string
	Unit   Unit
	Better Direction
	Doc    string
	// Ready is false for a figure this build does not measure yet: a limit on it cannot be judged.
	// Where a figure that is ready does not exist for a query or a transport, its Note says so.
	Ready bool
}

// family is a group of latency figures that differ by their statistic.
type family struct {
	name, doc string
	ready     bool
}

var families = []family{
	{"latency", "result latency: due time of the trigger to the result's receipt", true},
	{"calm.latency", "result latency outside [t0, t6] of every fault", true},
	{"refinement", "refinement latency: due time of a late event to the receipt of what it refines",
		true},
	{"contributor", "contributor latency: due time of the last event inside to the result's receipt",
		true},
	{"ingest", "ingest latency: trigger accepted by the transport to the result's receipt", true},
	{"lag", "driver lag: due time to hand-over, waiting for room apart", true},
}

var statistics = []struct{ name, doc string }{
	{"p50", "median of "}, {"p90", "90th percentile of "}, {"p99", "99th percentile of "},
	{"p99.9", "99.9th percentile of "}, {"p99.99", "99.99th percentile of "},
	{"max", "largest "}, {"mean", "mean "},
}

// single are the figures that stand alone.
var single = []Metric{
	{"offered", PerSecond, Higher, "events due a second", true},
	{"accepted", PerSecond, Higher, "events taken by the transport a second", true},
	{"emitted", PerSecond, Higher, "results a second", true},
	{"sustainable", PerSecond, Higher, "highest rate at which backlog does not grow", true},
	{"capacity", PerSecond, Higher, "ESTIMATED: events a second drained of a full topic, its " +
		"start-up apart", true},
	{"backlog", Events, Lower, "largest number of slots due and not yet answered, read as results " +
		"arrive", true},
	{"blocked", Nanoseconds, Lower, "time in which events were due and the system had no room", true},
	{"lost", Results, Lower, "results expected that never came", true},
	{"duplicated", Results, Lower, "further copies of a result", true},
	{"wrong", Results, Lower, "results whose value differs from the oracle's", true},
	{"phantom", Results, Lower, "results nothing in the stream explains", true},
	{"corrupt", Results, Lower, "results that do not parse", true},
	{"reordered", Results, Lower, "results behind a later one of their key", false},
	{"late", Events, Lower, "events that came after their window was dropped", true},
	{"unexplained", Results, Lower, "results in no class of the ledger; must be 0", true},
	{"recovery", Nanoseconds, Lower, "t6 - t0 of the worst fault", true},
	{"outage", Nanoseconds, Lower, "t4 - t0 of the worst key range", true},
	{"recovery.tax", Nanoseconds, Lower, "t3 - t1: detection to restored state", true},
	{"dip.area", Events, Lower, "events not answered in time between t0 and t6", true},
	{"latency.area", EventSeconds, Lower,
		"latency above the baseline's, summed over results: of a fault, or of steady without one",
		true},
	{"replayed", Events, Lower, "inputs processed twice", true},
	{"cost-a-day", Nanoseconds, Lower, "protection and recovery, as equivalent time a day", true},
	{"cpu", MicrosEvent, Lower, "processor time an event, all roles", true},
	{"cpu.driver", MicrosEvent, Lower, "processor time an event of the driver", true},
	{"cpu.broker", MicrosEvent, Lower, "processor time an event of the brokers", true},
	{"cpu.system", MicrosEvent, Lower, "processor time an event of the system under test", true},
	{"memory", Bytes, Lower, "peak resident memory, all roles", true},
	{"memory.broker", Bytes, Lower, "peak resident memory of the brokers", true},
	{"memory.system", Bytes, Lower,
		"peak resident memory of a system with processes of its own", true},
	{"memory.tool", Bytes, Lower,
		"peak resident memory of the process that drives, collects and checks", true},
	{"checkpoint.duration", Nanoseconds, Lower, "time a checkpoint takes", true},
}

// Metrics lists every figure that can be named, latency families first.
func Metrics() []Metric {
	var all []Metric
	for _, f := range families {
		for _, s := range statistics {
			all = append(all, Metric{f.name + "." + s.name, Nanoseconds, Lower, s.doc + f.doc, f.ready})
		}
	}
	return append(all, single...)
}

// FindMetric finds a metric by its name.
func FindMetric(name string) (Metric, bool) {
	for _, m := range single {
		if m.Name == name {
			return m, true
		}
	}
	for _, f := range families {
		rest, ok := strings.CutPrefix(name, f.name+".")
		if !ok {
			continue
		}
		for _, s := range statistics {
			if s.name == rest {
				return Metric{name, Nanoseconds, Lower, s.doc + f.doc, f.ready}, true
			}
		}
	}
	return Metric{}, false
}
