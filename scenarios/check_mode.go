package scenarios

import (
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// mode checks that there is time for what the mode does, and that its numbers are its own.
func (c *checker) mode() {
	m := c.s.Mode
	if !c.has("mode") || !c.sound("mode") {
		return
	}
	if m.Name == "" {
		c.fail("mode", "mode has no name", "write mode: "+record.ModeBackpressure)
		return
	}
	if m.Name == record.ModeBackpressure {
		c.stall(m)
		return
	}
	for _, key := range []string{"at", "for"} {
		if c.has("mode/" + key) {
			c.failKey("mode/"+key, "mode "+m.Name+" stalls no sink", "leave the key out")
		}
	}
	if m.Name == record.ModeBatch {
		c.twice()
	}
}

// twice checks that the input is known before it is offered, and that its results can be compared
// line by line.
func (c *checker) twice() {
	if l := c.s.Load; c.sound("load") && (l.Rate.Max || l.Warmup.Auto) {
		c.fail("mode", "the bounded input is as long as the stream, and how long that is nobody knows",
			"write a load.rate such as 250k/s, and a load.warmup of fixed length")
	}
	if c.bound != nil && c.bound.Query.Output.Kind != workloads.Append {
		c.fail("mode", fmt.Sprintf("query %s refines its results, so their lines depend on when they "+
			"came", c.bound.Query.Name), "choose a query whose results come once")
	}
}

// stall checks that the sink can stall, and the system catch up, while events are offered.
func (c *checker) stall(m Mode) {
	c.within("mode/at", m.At, 0, maxDuration)
	longest := time.Hour
	if c.s.Load.Transport == adapters.Kafka {
		longest = 8 * time.Minute // brokers keep transactions open no longer than a quarter of an hour
	}
	c.within("mode/for", m.For, time.Second, longest)
	if !c.sound("mode", "load") {
		return
	}
	l := c.s.Load
	switch {
	case l.Rate.Max || l.Events > 0:
		c.fail("mode", "a stall is timed in steady, on a schedule",
			"write a load.rate such as 250k/s or {of-capacity: 50%}, and load.steady")
	case m.At+m.For >= l.Steady:
		c.fail("mode", fmt.Sprintf("the stall lasts until %s of steady, which lasts %s",
			formatDuration(m.At+m.For), formatDuration(l.Steady)),
			"lengthen load.steady, or write mode: {name: backpressure, at: 2s, for: 3s}")
	}
}
