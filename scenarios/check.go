package scenarios

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// checker finds what a schema cannot: values that do not fit each other, names of things that are
// not there, numbers beyond reason.
type checker struct {
	s    *Scenario
	root *node
	g    *gatherer
	// bound is the workload, once its parameters are known to be sound; nil before.
	bound *workloads.Workload
}

func check(s *Scenario, root *node, g *gatherer) {
	c := &checker{s: s, root: root, g: g}
	c.names()
	c.systems()
	c.unchecked()
	c.load()
	c.transport()
	c.resources()
	c.brokers()
	c.faults()
	c.limits()
	c.trace()
	c.decide()
	c.params()
	c.mode()
	c.windows()
	c.form()
}

// walk finds a node by keys and list positions. Where the path ends early it returns the place of
// the deepest key there is, and no node.
func (c *checker) walk(path []string) (key place, n *node) {
	key, n = place{line: 1, col: 1, width: 1}, c.root
	if c.root.kind == mapNode && len(c.root.fields) > 0 {
		key = c.root.place
	}
	for _, step := range path {
		if n.kind == listNode {
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(n.items) {
				return key, nil
			}
			n = n.items[i]
			key = n.place
			continue
		}
		f := n.field(step)
		if f == nil {
			return key, nil
		}
		key, n = f.place, f.value
	}
	return key, n
}

// fail adds a problem at the value of a path; "/" divides keys, because metrics hold dots.
func (c *checker) fail(path, message, remedy string) {
	key, n := c.walk(strings.Split(path, "/"))
	if n != nil {
		key = n.place
	}
	c.g.add(key, message, remedy)
}

// failKey adds a problem at the key of a path.
func (c *checker) failKey(path, message, remedy string) {
	key, _ := c.walk(strings.Split(path, "/"))
	c.g.add(key, message, remedy)
}

func (c *checker) has(path string) bool {
	_, n := c.walk(strings.Split(path, "/"))
	return n != nil
}

// sound reports whether nothing is wrong yet at a path or inside it, so that one mistake does not
// give a second, misleading message.
func (c *checker) sound(paths ...string) bool {
	for _, path := range paths {
		if _, n := c.walk(strings.Split(path, "/")); n != nil && c.broken(n) {
			return false
		}
	}
	return true
}

func (c *checker) broken(n *node) bool {
	at := n.place
	for _, p := range c.g.list {
		if p.File == at.flag || (at.flag == "" && p.Line == at.line && p.Col == at.col) {
			return true
		}
	}
	for _, f := range n.fields {
		if c.broken(f.value) {
			return true
		}
	}
	return slices.ContainsFunc(n.items, c.broken)
}

var nameLike = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (c *checker) names() {
	switch {
	case !c.has("name"):
		c.fail("", "the scenario has no name", "write name: my-scenario")
	case c.sound("name") && !nameLike.MatchString(c.s.Name):
		c.fail("name", fmt.Sprintf("name is %q", clip(c.s.Name)),
			"write letters, digits, dots and dashes, at most 64: it names run folders")
	}
	if !c.has("workload") {
		c.fail("", "the scenario has no workload", "write workload: iot-telemetry; see list workloads")
		return
	}
	if _, ok := workloads.Find(c.s.Workload); !ok && c.sound("workload") {
		var names []string
		for _, t := range workloads.Catalog {
			names = append(names, t.Name)
		}
		c.fail("workload", fmt.Sprintf("no workload is called %q", clip(c.s.Workload)),
			didYouMean(c.s.Workload, names))
	}
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func (c *checker) resources() {
	r := c.s.Resources
	whole := r.Worker.CPUs == Cores(int(r.Worker.CPUs))
	runsNative := slices.ContainsFunc(c.s.Systems, func(s System) bool { return s.Name == native })
	if runsNative && !whole && c.sound("resources/worker") {
		c.fail("resources/worker/cpus", fmt.Sprintf("native has %v slots a worker", r.Worker.CPUs),
			"write a whole number of cpus")
	}
	for path, size := range map[string]uint64{
		"worker": uint64(r.Worker.Memory), "driver": uint64(r.Driver.Memory),
		"broker": uint64(r.Broker.Memory),
	} {
		path = "resources/" + path + "/memory"
		if size > 0 && size < 64<<20 && c.sound(path) {
			c.fail(path, "memory is "+formatSize(size), "write at least 64m")
		}
	}
}

func (c *checker) trace() {
	if c.s.Trace != nil && c.s.Trace.Zipkin != "" && !isURL(c.s.Trace.Zipkin) && c.sound("trace") {
		c.fail("trace/zipkin", fmt.Sprintf("trace.zipkin is %q", clip(c.s.Trace.Zipkin)),
			"write http://HOST:9411")
	}
}

// limits checks bounds against what the run can measure at all.
func (c *checker) limits() {
	for _, l := range c.s.SLO {
		path := "slo/" + l.Metric
		m, _ := record.FindMetric(l.Metric)
		name := fmt.Sprintf("slo %q", l.Metric)
		switch {
		case m.Better == record.Higher && !l.AtLeast:
			c.fail(path, name+" is an upper bound on a figure that is better higher",
				fmt.Sprintf("write %q", ">= "+l.Text))
		case needsFault(l.Metric) && !c.s.disturbed() && c.sound("faults"):
			c.failKey(path, name+" needs a fault, and there is none",
				"add faults: [{at: 20s, kill: worker, restart: 10s}] or leave the limit out")
		case l.Metric == "sustainable" && !c.s.Load.Rate.bisects() && c.sound("load/rate"):
			c.failKey(path, name+" is found by a search, and load.rate is none",
				"write load.rate: {search: sustainable}")
		case l.Metric == "capacity" && c.s.Load.Rate.estimate() == 0 && c.sound("load/rate"):
			c.failKey(path, name+" is estimated by a drain, and load.rate has none",
				"write load.rate: {of-capacity: 70%, estimate: 20s}")
		case c.s.Load.Rate.Max && needsSchedule(l.Metric):
			c.failKey(path, name+" is not reported at rate max, which has no due times",
				"write a load.rate such as 250k/s, or leave the limit out")
		}
	}
}

func needsFault(metric string) bool {
	return strings.HasPrefix(metric, "calm.") || slices.Contains([]string{
		"recovery", "outage", "recovery.tax", "dip.area", "latency.area", "replayed", "cost-a-day",
	}, metric)
}

func needsSchedule(metric string) bool {
	m, _ := record.FindMetric(metric)
	timed := m.Unit == record.Nanoseconds && metric != "checkpoint.duration"
	return timed || metric == "backlog" || metric == "offered"
}

// within checks a duration against its bounds.
func (c *checker) within(path string, d, low, high time.Duration) {
	if c.has(path) && c.sound(path) && (d < low || d > high) {
		c.fail(path, fmt.Sprintf("%s is %s", strings.ReplaceAll(path, "/", "."), formatDuration(d)),
			fmt.Sprintf("write %s to %s", formatDuration(low), formatDuration(high)))
	}
}
