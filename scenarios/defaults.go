package scenarios

import (
	"slices"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// systems are the names of systems under test a scenario may use.
var systems = []string{
	native, "flink", "kafkastreams", "spark", "storm", "beam", "pekko", "samza", "pulsar",
}

const native = "native"

// fill writes the defaults of everything the file leaves out. Whether a key is there decides, not
// its value: seed 0 is a seed.
func (s *Scenario) fill(root *node) {
	if root.get("systems") == nil {
		s.Systems = []System{{Name: native}}
	}
	fallback(&s.Guarantee, "exactly-once")
	fallback(&s.Expect, expectOracle)
	if root.get("checkpoint") == nil {
		s.Checkpoint = time.Second
	}
	fallback(&s.Profile, "defaults")
	fallback(&s.Deployment, deployEach)
	if root.get("repeat") == nil {
		s.Repeat = Repeat{N: 1}
	}
	s.fillMode(root.get("mode"))
	s.fillLoad(root.get("load"))
	s.fillResources()
	if len(s.Faults) > 0 {
		s.fillFaults()
	}
	if s.Trace != nil {
		fallback(&s.Trace.Sample, 20_000)
		if root.get("trace").get("slowest") == nil {
			s.Trace.Slowest = 50
		}
	}
	s.fillDecide(root.get("decide"))
}

func (s *Scenario) fillMode(n *node) {
	at := time.Duration(0)
	switch s.Mode.Name {
	case record.ModeBackpressure:
		at = time.Minute
		fallback(&s.Mode.For, 30*time.Second)
	case record.ModeReplay:
		at = 30 * time.Second
	}
	if n.get("at") == nil {
		s.Mode.At = at
	}
}

// fallback gives a value that is not there its default.
func fallback[T comparable](v *T, value T) {
	var none T
	if *v == none {
		*v = value
	}
}

func (s *Scenario) alone() bool {
	return !slices.ContainsFunc(s.Systems, func(sys System) bool { return sys.Name != native })
}

func (s *Scenario) fillLoad(n *node) {
	l := &s.Load
	own := EventRate(0)
	if t, ok := workloads.Find(s.Workload); ok {
		own = EventRate(t.Rate)
	}
	if n.get("rate") == nil {
		l.Rate.PerSecond = own
	}
	if n.get("event-rate") == nil {
		l.EventRate = l.Rate.highest()
		fallback(&l.EventRate, own)
	}
	if l.Transport == "" {
		l.Transport = adapters.Kafka
		if s.alone() {
			l.Transport = adapters.Embedded
		}
	}
	if l.Transport == adapters.Kafka {
		l.Broker.fill(s.alone())
	}
	if l.Transport != adapters.Embedded {
		fallback(&l.Partitions, 8)
	}
	fallback(&l.Format, "binary")
	if n.get("seed") == nil {
		l.Seed = 1
	}
	if n.get("events") == nil {
		if n.get("warmup") == nil {
			l.Warmup = Warmup{For: 10 * time.Second}
		}
		if n.get("steady") == nil {
			l.Steady = time.Minute
		}
	}
	if n.get("drain") == nil {
		l.Drain = 2 * time.Minute
	}
	fallback(&l.Settle, "none")
}

// Where a broker is that has no address.
const (
	atContainer = "container"
	atEmbedded  = "embedded"
)

func (b *Broker) fill(alone bool) {
	if b.At == "" {
		b.At = atContainer
		if alone {
			b.At = atEmbedded
		}
	}
}

// kind is what may be said of a broker to everybody: not its address.
func (b Broker) kind() string {
	switch b.At {
	case "", atContainer, atEmbedded:
		return b.At
	}
	return "address"
}

func (s *Scenario) fillResources() {
	r := &s.Resources
	fallback(&r.Workers, 1)
	fallback(&r.Worker.CPUs, 1)
	fallback(&r.Worker.Memory, 1536<<20)
	if s.Load.Transport != adapters.Embedded {
		fallback(&r.Driver.CPUs, 1)
	}
	if s.Load.Transport != adapters.Kafka {
		return
	}
	fallback(&r.Brokers, 1)
	fallback(&r.Broker.CPUs, 1)
	fallback(&r.Broker.Memory, 1<<30)
}

func (s *Scenario) fillFaults() {
	fallback(&s.Safety.MaxDuration, 10*time.Minute)
	nodes := max(1, (s.Resources.Workers-1)/2)
	for i := range s.Faults {
		f := &s.Faults[i]
		if f.Stop != "" {
			fallback(&f.Grace, 30*time.Second)
		}
		for _, selectors := range f.Selectors() {
			for _, selector := range selectors {
				nodes = max(nodes, selector.Count(s.Resources.Workers))
			}
		}
	}
	fallback(&s.Safety.MaxNodes, nodes)
}

// fillDecide writes the anchors that limits imply: good is the limit, bad ten times it.
func (s *Scenario) fillDecide(n *node) {
	d := s.Decide
	if d == nil {
		return
	}
	if n.get("mrd") == nil {
		d.MRD = 0.05
	}
	doubt := n.get("doubt")
	fallback(&d.Doubt.Kappa, 50)
	fallback(&d.Doubt.Draws, 20_000)
	if doubt.get("seed") == nil {
		d.Doubt.Seed = 1
	}
	for i := range d.Criteria {
		c := &d.Criteria[i]
		fallback(&c.Scale, scaleOf(c.Metric))
		limit := slices.IndexFunc(s.SLO, func(l record.Limit) bool { return l.Metric == c.Metric })
		if limit < 0 || c.Good.Text != "" || c.Bad.Text != "" {
			continue
		}
		c.Good.Text, c.Bad.Text = anchorsOf(s.SLO[limit])
	}
}

// scaleOf is the scale that suits a metric: times and costs differ by factors, the rest by amounts.
func scaleOf(metric string) string {
	m, _ := record.FindMetric(metric)
	if m.Unit == record.Nanoseconds || m.Unit == record.MicrosEvent {
		return "ratio"
	}
	return "linear"
}

// anchorsOf are the texts of a limit and of ten times as bad. A limit of 0 has no tenfold.
func anchorsOf(l record.Limit) (good, bad string) {
	m, _ := record.FindMetric(l.Metric)
	far := l.Value * 10
	if l.AtLeast {
		far = l.Value / 10
	}
	return textOf(m, l.Value), textOf(m, far)
}

// textOf writes a value of a metric with its unit; measure reads it back.
func textOf(m record.Metric, value float64) string {
	switch m.Unit {
	case record.Nanoseconds:
		return formatDuration(time.Duration(value))
	case record.MicrosEvent:
		return plain(value) + "us"
	case record.PerSecond:
		return formatCount(uint64(value)) + "/s"
	case record.Bytes:
		return formatSize(uint64(value))
	}
	return formatCount(uint64(value))
}

// nodesOf is how many nodes of a role a system has.
func (s *Scenario) nodesOf(role chaos.Role, sys System) int {
	switch role {
	case chaos.Worker:
		if sys.Workers > 0 {
			return sys.Workers
		}
		return s.Resources.Workers
	case chaos.Broker:
		return s.Resources.Brokers
	case chaos.Coordinator:
		if sys.Name == "kafkastreams" {
			return 0
		}
	}
	return 1
}
