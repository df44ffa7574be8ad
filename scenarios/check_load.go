package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

const maxPartitions = 1_000_000

// hostPort is an address: a name, an IPv4 or, in brackets, an IPv6 address, and a port.
var hostPort = regexp.MustCompile(`^(?:[^\s:,/\[\]]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})$`)

func (c *checker) load() {
	c.within("checkpoint", c.s.Checkpoint, time.Millisecond, time.Hour)
	c.within("load/warmup", c.s.Load.Warmup.For, 0, time.Hour)
	c.within("load/steady", c.s.Load.Steady, time.Second, maxDuration)
	c.within("load/drain", c.s.Load.Drain, time.Second, time.Hour)
	c.rate()
	if c.has("load/events") && c.sound("load/events") {
		c.exact()
	}
}

// exact checks a run of exactly so many events: it has no phases to discard or to break.
func (c *checker) exact() {
	if c.s.Load.Events == 0 {
		c.fail("load/events", "load.events is 0", "write at least 1")
	}
	if c.has("load/steady") {
		c.failKey("load/steady", "both events and steady say how long the run is",
			"leave one of them out")
	}
	if c.s.Load.Warmup != (Warmup{}) {
		c.failKey("load/warmup", "a run of exactly so many events discards nothing",
			"leave warmup out, or write steady in place of events")
	}
	if c.s.Load.Rate.searches() {
		c.failKey("load/events", "a search for a rate needs time, not a number of events",
			"write steady in place of events")
	}
	if len(c.s.Faults) > 0 {
		c.failKey("faults", "faults are timed from the start of steady, and events leaves it out",
			"write load.steady in place of load.events")
	}
}

func (c *checker) transport() {
	l := c.s.Load
	if l.Transport != adapters.Kafka && c.has("load/broker") {
		c.failKey("load/broker", c.way()+" has no broker",
			"write load.transport: kafka or leave the key out")
	}
	if l.Transport != adapters.Kafka && c.has("load/linger") {
		c.failKey("load/linger", c.way()+" has no sends to gather events for",
			"write load.transport: kafka or leave the key out")
	}
	if l.Linger > mostLinger {
		c.fail("load/linger", "load.linger is "+formatDuration(l.Linger),
			"write at most "+formatDuration(mostLinger)+": every latency has it in it")
	}
	switch l.Transport {
	case adapters.Embedded:
		if c.has("load/partitions") {
			c.failKey("load/partitions", "an embedded transport has no partitions",
				"write load.transport: kafka or leave the key out")
		}
		if l.Settle == "input" {
			c.fail("load/settle", "an embedded transport has no input log to read back",
				"write settle: none")
		}
		return
	case adapters.Kafka:
		if b := l.Broker; c.sound("load/broker") && b.At != atContainer && b.At != atEmbedded &&
			!addresses(b.At) {
			c.fail("load/broker", fmt.Sprintf("load.broker is %q", clip(b.At)),
				"write container, embedded or HOST:PORT,HOST:PORT with ports of 1 to 65535")
		}
	case adapters.Log:
		if l.Partitions > maxLogPartitions {
			c.fail("load/partitions", "too many partitions for a log: each is a folder of files",
				fmt.Sprintf("write at most %d", maxLogPartitions))
		}
	}
	if l.Partitions > maxPartitions {
		c.fail("load/partitions", "too many partitions", "write at most 1000000")
	}
}

// mostLinger bounds what a driver may keep events from a system.
const mostLinger = time.Second

// maxLogPartitions bounds the files that are open at a time.
const maxLogPartitions = 256

// way is the transport, for people.
func (c *checker) way() string {
	if t := c.s.Load.Transport; t != adapters.Embedded {
		return "a " + t + " transport"
	}
	return "an embedded transport"
}

// addresses reports whether a text is HOST:PORT, or several with commas between.
func addresses(text string) bool {
	for one := range strings.SplitSeq(text, ",") {
		m := hostPort.FindStringSubmatch(one)
		if m == nil {
			return false
		}
		if port, err := strconv.Atoi(m[1]); err != nil || port < 1 || port > 65535 {
			return false
		}
	}
	return true
}

// quotedName finds the parameter an error of the catalog is about.
var quotedName = regexp.MustCompile(`parameter "([^"]*)"`)

// params checks the parameters of the workload and writes their defaults.
func (c *checker) params() {
	t, ok := workloads.Find(c.s.Workload)
	if !ok || !c.sound("params") {
		return
	}
	values, errs := t.Resolve(c.s.Params)
	for _, err := range errs {
		message, remedy := halves(err.Error())
		path, unknown := "params", strings.HasPrefix(message, "unknown")
		if m := quotedName.FindStringSubmatch(err.Error()); m != nil {
			if name, e := strconv.Unquote(`"` + m[1] + `"`); e == nil {
				path += "/" + name
			}
		}
		if unknown {
			c.failKey(path, message, remedy)
			continue
		}
		c.fail(path, message, remedy)
	}
	if len(errs) > 0 {
		return
	}
	c.s.Params = Params{}
	for _, p := range t.Params {
		if v, ok := values[p.Name]; ok {
			c.s.Params[p.Name] = v.String(p.Kind)
		}
	}
	w, err := c.s.Bind()
	if err != nil {
		message, remedy := halves(err.Error())
		c.fail("params", message, remedy)
		return
	}
	c.bound = w
}

// halves divides a message at its last ": ", behind which stands what to do.
func halves(text string) (message, remedy string) {
	i := strings.LastIndex(text, ": ")
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i+2:]
}

// windows refuses a window that cannot close while the run measures.
func (c *checker) windows() {
	w := c.bound
	if w == nil || !c.sound("params", "load") || c.s.Load.Steady == 0 {
		return
	}
	span, ok := c.s.eventSpan(w)
	size := windowSpan(w.Query.Window)
	if !ok || size == 0 || size <= span {
		return
	}
	wall := time.Duration(float64(c.s.Load.Steady) * float64(size) / float64(span))
	if w.Query.Window.Processing {
		wall = size
	}
	path := "load/steady"
	if !c.has(path) {
		path = "load/rate"
	}
	c.fail(path, fmt.Sprintf("a window of %s takes %s at this rate and cannot close in steady (%s)",
		formatDuration(size), formatDuration(wall.Round(time.Millisecond)),
		formatDuration(c.s.Load.Steady)),
		"lengthen steady, lower load.event-rate or shorten the window in params")
}

// form refuses a wire form in which the workload cannot do to its events what it is about.
func (c *checker) form() {
	if c.bound == nil || c.bound.Spoil == nil || c.s.Load.Format == "json" ||
		!c.sound("load/format") {
		return
	}
	path := "load/format"
	if !c.has(path) {
		path = "load"
	}
	c.fail(path, fmt.Sprintf("%s damages the text of events, and their form is %s",
		c.s.Workload, c.s.Load.Format), "write format: json")
}

// windowSpan is the time a window needs to close: its size, of a session at least its gap.
func windowSpan(w workloads.Window) time.Duration {
	if w.Kind == workloads.Session {
		return time.Duration(w.GapMs) * time.Millisecond
	}
	return time.Duration(w.SizeMs) * time.Millisecond
}

// eventSpan is the time that passes in the stream while steady does: processing time for queries
// that go by it, else events offered over the rate of event time. It is unknown where the rate is.
func (s *Scenario) eventSpan(w *workloads.Workload) (time.Duration, bool) {
	if w.Query.Window.Processing {
		return s.Load.Steady, true
	}
	events, ok := s.steadyEvents()
	if !ok || s.Load.EventRate == 0 {
		return 0, false
	}
	ns := events / float64(s.Load.EventRate) * float64(time.Second)
	return time.Duration(min(ns, 1<<62)), true
}

// steadyEvents is how many events are offered in steady, if the scenario fixes it; of several rates
// at the lowest that it fixes.
func (s *Scenario) steadyEvents() (events float64, ok bool) {
	if s.Load.Events > 0 {
		return float64(s.Load.Events), true
	}
	for _, r := range s.Load.Rate.legs() {
		if n, known := s.steadyEventsAt(r); known && (!ok || n < events) {
			events, ok = n, true
		}
	}
	return events, ok
}

func (s *Scenario) steadyEventsAt(r Rate) (float64, bool) {
	switch {
	case r.PerSecond > 0:
		return float64(r.PerSecond) * s.Load.Steady.Seconds(), true
	case r.Pieces == nil || s.Load.Warmup.Auto:
		return 0, false
	}
	return offered(r.Pieces, s.Load.Warmup.For+s.Load.Steady) - offered(r.Pieces, s.Load.Warmup.For),
		true
}

// offered counts the events a profile offers up to a time; its last piece goes on.
func offered(pieces []Piece, until time.Duration) float64 {
	events := 0.0
	for i, p := range pieces {
		d := min(p.For, until)
		if i == len(pieces)-1 {
			d = until
		}
		events += float64(p.Rate) * d.Seconds()
		until -= d
	}
	return events
}
