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
	if c.has("mode/for") {
		c.failKey("mode/for", "mode "+m.Name+" stalls no sink", "leave the key out")
	}
	if m.Name == record.ModeReplay {
		c.replay(m)
		return
	}
	if c.has("mode/at") {
		c.failKey("mode/at", "mode "+m.Name+" has no time in steady", "leave the key out")
	}
	c.twice()
}

// twice checks that the input is known before it is offered, and that its results can be compared
// line by line.
func (c *checker) twice() {
	if l := c.s.Load; c.sound("load") && (l.Rate.Max || l.Warmup.Auto) {
		c.fail("mode", "the bounded input is as long as the stream, and how long that is nobody knows",
			"write a load.rate such as 250k/s, and a load.warmup of fixed length")
	}
	c.once()
}

// once checks that the lines of the results are the same whenever they come.
func (c *checker) once() {
	if c.bound != nil && c.bound.Query.Output.Kind != workloads.Append {
		c.fail("mode", fmt.Sprintf("query %s refines its results, so their lines depend on when they "+
			"came", c.bound.Query.Name), "choose a query whose results come once")
	}
}

// replay checks that the second instance is deployed while events are offered, that its results
// tell how far it is, and that they do not depend on how fast it reads.
func (c *checker) replay(m Mode) {
	c.within("mode/at", m.At, 0, maxDuration)
	if !c.sound("mode", "load") {
		return
	}
	l := c.s.Load
	switch {
	case l.Rate.Max || l.Events > 0:
		c.fail("mode", "a replay begins in steady and catches up with a schedule",
			"write a load.rate such as 250k/s, and load.steady")
	case m.At >= l.Steady:
		c.fail("mode", fmt.Sprintf("the replay begins at %s of steady, which lasts %s",
			formatDuration(m.At), formatDuration(l.Steady)),
			"lengthen load.steady, or write mode: {name: replay, at: 5s}")
	}
	w := c.bound
	if w != nil && w.Query.Output.Kind == workloads.Upsert && w.Query.TimedAfter() {
		return // the values that stand at the end are compared
	}
	c.once()
	if w == nil || !c.sound("mode") {
		return
	}
	if at, _ := w.Query.Anchor(); at < 0 || sideColumn(w.Query) < 0 {
		c.fail("mode", fmt.Sprintf("nothing tells from a result of query %s which events it is of",
			w.Query.Name), "choose a query over windows, or one that answers events one by one")
	}
	kept := w.Query.BoundMs + w.Query.LatenessMs
	if latest := latestMs(w); !w.Query.PerEvent() && latest > kept {
		c.fail("mode", fmt.Sprintf("events come up to %dms late, and windows are kept for %dms: which "+
			"of them count depends on how fast the input is read", latest, kept),
			"give params.bound at least the largest disorder")
	}
}

// latestMs is how far an event can lie behind others before it, in event time: by the order of the
// slots in a group and by its own delay.
func latestMs(w *workloads.Workload) int64 {
	ms := w.Settings.Values["disorder"].Disorder.Hi
	if g := w.Timeline.Groups; g > 1 {
		ms += w.Timeline.PlaceMs(g) - workloads.EpochMs
	}
	return ms
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
