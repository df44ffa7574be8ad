package scenarios

import (
	"fmt"
	"time"

	"github.com/streambench/streambench/reports/record"
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
	if m.Name != record.ModeBackpressure {
		for _, key := range []string{"at", "for"} {
			if c.has("mode/" + key) {
				c.failKey("mode/"+key, "mode "+m.Name+" stalls no sink", "leave the key out")
			}
		}
		return
	}
	c.within("mode/at", m.At, 0, maxDuration)
	c.within("mode/for", m.For, time.Second, time.Hour)
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
