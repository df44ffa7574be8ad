package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
)

func (c *checker) faults() {
	c.within("safety/max-duration", c.s.Safety.MaxDuration, time.Second, maxDuration)
	for i, f := range c.s.Faults {
		path := fmt.Sprintf("faults/%d", i)
		if c.sound(path) {
			c.fault(i, f, path)
		}
	}
	c.schedule()
}

func (c *checker) fault(i int, f chaos.Declaration, path string) {
	verbs := f.Verbs()
	if len(verbs) != 1 {
		c.verbs(i, verbs, path)
		return
	}
	c.moment(i, f, path, verbs[0])
	c.lasting(i, f, path)
	for key, selectors := range f.Selectors() {
		for _, s := range selectors {
			c.selector(s, path+"/"+key)
		}
	}
	c.parts(f, path)
	c.poison(i, f, path)
	if f.Random != nil {
		c.random(i, *f.Random, path)
	}
}

func (c *checker) verbs(i int, verbs []chaos.Verb, path string) {
	if len(verbs) == 0 {
		c.fail(path, fmt.Sprintf("fault %d does nothing", i+1),
			"write one of kill, stop, lose, pause, partition, link, disk, clock, pressure, poison, random")
		return
	}
	c.failKey(path+"/"+string(verbs[1]),
		fmt.Sprintf("fault %d has two verbs, %s and %s", i+1, verbs[0], verbs[1]),
		"write two faults")
}

// moment checks when a fault is injected.
func (c *checker) moment(i int, f chaos.Declaration, path string, verb chaos.Verb) {
	moments := 0
	for _, key := range []string{"at", "when", "during", "between"} {
		if c.has(path + "/" + key) {
			moments++
		}
	}
	steady := c.s.Load.Steady
	switch {
	case verb == chaos.VerbRandom:
		if moments > 0 {
			c.fail(path, fmt.Sprintf("fault %d is random and has a time", i+1), "leave the time out")
		}
	case moments != 1:
		c.fail(path, fmt.Sprintf("fault %d has %d times", i+1, moments),
			"write one of at, when, during, between")
	case c.has(path+"/between") && len(f.Between) != 2:
		c.fail(path+"/between", fmt.Sprintf("fault %d is between %d milestones", i+1, len(f.Between)),
			"write [precommit, commit]")
	case verb == chaos.VerbPoison && !c.has(path+"/at"):
		c.fail(path, fmt.Sprintf("fault %d poisons a stream that is drawn before it is offered", i+1),
			"write at: 20s")
	case !c.has(path + "/at"):
		c.milestones(f, path)
		if lasts := max(f.For, f.Restart); steady > 0 && chaos.Baseline+lasts >= steady {
			c.fail(path, fmt.Sprintf("fault %d lasts %s, and comes after %s of steady (%s) at the "+
				"earliest: it cannot be healed before the end", i+1, formatDuration(lasts),
				formatDuration(chaos.Baseline), formatDuration(steady)),
				"lengthen steady or shorten the fault")
		}
	case !c.sound("load/steady"):
	case steady > 0 && f.At >= steady:
		c.fail(path+"/at", fmt.Sprintf("fault %d at %s is after steady ends (%s)", i+1,
			formatDuration(f.At), formatDuration(steady)), "lengthen steady or move it")
	case f.At < chaos.Baseline && verb != chaos.VerbPoison:
		c.fail(path+"/at", fmt.Sprintf("fault %d at %s leaves no baseline", i+1,
			formatDuration(f.At)), "write at least 10s: what it breaks is compared with before")
	case steady > 0 && f.At+max(f.For, f.Restart) > steady:
		c.fail(path+"/at", fmt.Sprintf("fault %d is healed at %s, after steady ends (%s)", i+1,
			formatDuration(f.At+max(f.For, f.Restart)), formatDuration(steady)),
			"lengthen steady or shorten the fault")
	}
}

func (c *checker) milestones(f chaos.Declaration, path string) {
	for j, m := range f.Between {
		if _, err := chaos.ParseMilestone(m); err != nil {
			message, remedy := halves(err.Error())
			c.fail(fmt.Sprintf("%s/between/%d", path, j), message, remedy)
		}
	}
}

// lasting holds, by verb, the keys that say how a fault ends.
var lasting = map[chaos.Verb][]string{
	chaos.VerbKill: {"restart", "wipe"}, chaos.VerbStop: {"restart", "wipe", "grace"},
	chaos.VerbLose: {"restart"}, chaos.VerbPause: {"for"}, chaos.VerbPartition: {"for"},
	chaos.VerbLink: {"for"}, chaos.VerbDisk: {"for"}, chaos.VerbClock: {"for"},
	chaos.VerbPressure: {"for"},
}

// lasting checks how a fault ends.
func (c *checker) lasting(i int, f chaos.Declaration, path string) {
	verb := f.Verbs()[0]
	for _, key := range []string{"for", "restart", "grace", "wipe"} {
		if c.has(path+"/"+key) && !slices.Contains(lasting[verb], key) {
			remedy := "leave it out"
			if len(lasting[verb]) > 0 {
				remedy = "write " + strings.Join(lasting[verb], " or ")
			}
			c.failKey(path+"/"+key, fmt.Sprintf("fault %d: %s has no %s", i+1, verb, key), remedy)
		}
	}
	if slices.Contains(lasting[verb], "for") && f.For <= 0 {
		c.failKey(path+"/"+string(verb), fmt.Sprintf("fault %d is never healed: %s has no end", i+1,
			verb), "add for: 10s")
	}
	for key, lasts := range map[string]time.Duration{"for": f.For, "restart": f.Restart} {
		if c.sound("safety") && lasts > c.s.Safety.MaxDuration {
			c.fail(path+"/"+key, fmt.Sprintf("fault %d lasts %s, safety.max-duration is %s", i+1,
				formatDuration(lasts), formatDuration(c.s.Safety.MaxDuration)),
				"shorten it or raise the cap")
		}
	}
}

// selector checks that the nodes a fault names are there.
func (c *checker) selector(s chaos.Selector, path string) {
	if s == "" || !c.sound("resources/workers", "systems", "load/transport") {
		return
	}
	role := s.Role()
	if s == chaos.Rest && !strings.HasSuffix(path, "/partition") {
		c.fail(path, "rest is a side of a partition", "write worker, worker-2 or coordinator")
		return
	}
	if role == chaos.Broker && c.s.Load.Transport != adapters.Kafka {
		c.fail(path, fmt.Sprintf("no %s: the transport is %s", s, c.s.Load.Transport),
			"write load.transport: kafka")
		return
	}
	if p := s.Partition(); p >= c.s.Load.Partitions && p > 0 {
		c.fail(path, fmt.Sprintf("no partition %d of %d", p, c.s.Load.Partitions),
			fmt.Sprintf("write 0 to %d", c.s.Load.Partitions-1))
	}
	c.nodes(s, role, path)
	if n := c.s.Safety.MaxNodes; n > 0 && s.Count(c.s.Resources.Workers) > n && c.sound("safety") {
		c.fail(path, fmt.Sprintf("%s are %d nodes, safety.max-nodes is %d", s,
			s.Count(c.s.Resources.Workers), n), "break fewer or raise the cap")
	}
}

func (c *checker) nodes(s chaos.Selector, role chaos.Role, path string) {
	if role == "" {
		return
	}
	missing := 0
	for _, sys := range c.s.Systems {
		have := c.s.nodesOf(role, sys)
		switch {
		case have == 0:
			missing++
		case s.Index() > have:
			c.fail(path, fmt.Sprintf("no %s: %s has %d %s", s, sys.Label(), have,
				plural(string(role), have)), fmt.Sprintf("write %s-1 to %s-%d", role, role, have))
			return
		case s == "minority" && have < 3:
			c.fail(path, fmt.Sprintf("%d %s have no minority", have, plural(string(role), have)),
				"write resources.workers: 3")
			return
		}
	}
	if missing == len(c.s.Systems) && missing > 0 {
		c.fail(path, fmt.Sprintf("%s has no %s", c.s.Systems[0].Label(), role),
			"write group-coordinator")
	}
}

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// parts checks the verbs that have keys of their own.
func (c *checker) parts(f chaos.Declaration, path string) {
	switch {
	case f.Link != nil:
		c.link(*f.Link, path+"/link")
	case f.Disk != nil:
		c.one(path+"/disk", f.Disk.Node, "slow", "rate", "full", "lie")
	case f.Clock != nil:
		c.one(path+"/clock", f.Clock.Node, "step", "drift")
	case f.Pressure != nil:
		c.one(path+"/pressure", f.Pressure.Node, "cpus", "memory")
	case f.Partition != nil && f.Partition.Ring && c.s.Resources.Workers < 4:
		c.fail(path+"/partition", "a ring needs 4 workers", "write resources.workers: 4")
	case f.Partition != nil && f.Partition.Bridge != "" && c.s.Resources.Workers < 3:
		c.fail(path+"/partition", "a bridge needs 3 workers", "write resources.workers: 3")
	}
}

func (c *checker) link(l chaos.Link, path string) {
	if len(l.Between) != 2 {
		c.fail(path, fmt.Sprintf("link has %d of its two ends", len(l.Between)),
			"write between: [worker-1, worker-2]")
	}
	if l.Delay == 0 && l.Rate == 0 && l.Loss == 0 {
		c.fail(path, "link changes nothing", "add delay: 100ms, rate: 80Mbit/s or loss: 2%")
	}
	if len(l.Between) == 2 && l.Between[0] == l.Between[1] && l.Between[0].Index() > 0 {
		c.fail(path, fmt.Sprintf("%s has no link to itself", l.Between[0]), "name two nodes")
	}
	if l.Jitter > l.Delay {
		c.fail(path+"/jitter", "jitter is above delay", "write at most "+formatDuration(l.Delay))
	}
}

// one checks that a fault of a node names it and exactly one way to break it.
func (c *checker) one(path string, node chaos.Selector, ways ...string) {
	verb := path[strings.LastIndex(path, "/")+1:]
	if node == "" {
		c.fail(path, verb+" names no node", "add node: worker-1")
	}
	n := 0
	for _, way := range ways {
		if c.has(path + "/" + way) {
			n++
		}
	}
	if n != 1 {
		c.fail(path, fmt.Sprintf("%s is broken in %d ways", verb, n),
			"write one of "+strings.Join(ways, ", "))
	}
}
