package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
)

// longestEstimate bounds how long a topic is filled and drained for an estimate.
const longestEstimate = 5 * time.Minute

func (c *checker) rate() {
	r := c.s.Load.Rate
	if !c.has("load/rate") || !c.sound("load/rate") {
		return
	}
	if r.Pieces != nil && len(r.Pieces) == 0 {
		c.fail("load/rate", "load.rate has no pieces", "write [{for: 10s, rate: 100k/s}]")
	}
	for i, p := range r.Pieces {
		path := fmt.Sprintf("load/rate/%d", i)
		if p.For <= 0 {
			c.fail(path, fmt.Sprintf("piece %d of load.rate has no time", i+1), "write for: 10s")
		}
		if p.Rate == 0 {
			c.fail(path, fmt.Sprintf("piece %d of load.rate has no rate", i+1), "write rate: 100k/s")
		}
	}
	if r.Legs != nil {
		c.legs(r.Legs)
		return
	}
	c.share("load/rate", r)
}

// share checks a share of the capacity and how that is found.
func (c *checker) share(path string, r Rate) {
	_, n := c.walk(strings.Split(path, "/"))
	if n.get("of-capacity") != nil && r.OfCapacity <= 0 {
		c.fail(path+"/of-capacity", "load.rate.of-capacity is 0%", "write 70%")
	}
	if n.get("estimate") == nil {
		return
	}
	if r.OfCapacity == 0 {
		return // the decoder has said so
	}
	c.within(path+"/estimate", r.Estimate, time.Second, longestEstimate)
	if c.s.Load.Transport == adapters.Embedded {
		c.fail(path+"/estimate", "nothing can be drained that no topic holds: the transport is embedded",
			"write load.transport: kafka, or leave estimate out")
	}
}

// legs checks rates that are offered one after the other.
func (c *checker) legs(legs []Rate) {
	seen, estimate := map[string]bool{}, time.Duration(-1)
	for i, r := range legs {
		path := fmt.Sprintf("load/rate/%d", i)
		if r.PerSecond == 0 && r.OfCapacity == 0 {
			c.fail(path, fmt.Sprintf("rate %d of load.rate is neither fixed nor a share", i+1),
				"write 20k/s or {of-capacity: 70%}")
			continue
		}
		c.share(path, r)
		if seen[r.mark()] {
			c.fail(path, fmt.Sprintf("load.rate holds %s twice", r), "leave one of them out")
		}
		seen[r.mark()] = true
		if r.OfCapacity == 0 {
			continue
		}
		if estimate >= 0 && estimate != r.Estimate {
			c.fail(path, "load.rate has the capacity found in two ways",
				"give each of-capacity the same estimate, or none")
		}
		estimate = r.Estimate
	}
	if len(legs) < 2 {
		c.fail("load/rate", "load.rate is a list of one rate", "write it without the brackets")
	}
	for _, key := range []string{"mode", "load/events"} {
		if c.has(key) {
			c.failKey(key, "load.rate holds several rates, and this is about one", "write one load.rate")
		}
	}
}
