// Package scenarios holds the declared experiment: the scenario file with its checks, the plan made
// of it, and the runner that carries the plan out.
//
//	file --read--> nodes --set--> nodes --decode--> Scenario --check--> Scenario, or Problems
//	                                                   |--Lock--> scenario.lock.yaml
//	                                                   \--NewPlan--> Plan --run--> record
//
// The structs below are the file: the decoder, the lock and the JSON Schema read their field tags,
// so that a key is declared once.
package scenarios

import (
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/matrix"
	"github.com/streambench/streambench/reports/record"
)

// Scenario is a declared experiment with every default filled in.
type Scenario struct {
	Name     string   `yaml:"name" doc:"name of the scenario, part of its run folders"`
	Workload string   `yaml:"workload" doc:"what is streamed and asked; see list workloads"`
	Params   Params   `yaml:"params" doc:"parameters of the workload, by name"`
	Mode     Mode     `yaml:"mode" doc:"what a repetition does beside offering its load"`
	Systems  []System `yaml:"systems" doc:"systems under test, in any order"`

	Guarantee  string        `yaml:"guarantee" oneof:"@guarantees" doc:"the claim that is tested"`
	Expect     string        `yaml:"expect" oneof:"oracle none" doc:"none = compare systems alone"`
	Checkpoint time.Duration `yaml:"checkpoint" doc:"checkpoint or commit interval of every system"`
	Load       Offer         `yaml:"load" doc:"what is offered, how fast and for how long"`
	Profile    string        `yaml:"profile" oneof:"@profiles" doc:"recovery settings of the systems"`
	Resources  Resources     `yaml:"resources" doc:"processes, cores and memory"`
	Deployment string        `yaml:"deployment" oneof:"each once" doc:"each = one a repetition"`

	Faults []chaos.Declaration `yaml:"faults" doc:"what breaks, and when"`
	Safety chaos.Safety        `yaml:"safety" doc:"caps on what faults may break"`
	SLO    Limits              `yaml:"slo" doc:"upper bounds by metric; a lower one is \">= 300k/s\""`
	Trace  *Trace              `yaml:"trace" doc:"which events are traced"`
	Repeat Repeat              `yaml:"repeat" doc:"kept blocks; auto = as the statistics need"`
	Decide *matrix.Declaration `yaml:"decide" doc:"the decision the figures are for"`
}

// Params are the parameters of a workload as written, by name.
type Params map[string]string

// Mode is what a repetition does beside offering its load: its name alone, or with its numbers.
type Mode struct {
	Name string        `yaml:"name" oneof:"@modes" doc:"which mode"`
	At   time.Duration `yaml:"at,zero" doc:"when in steady the sink stalls, or the replay begins"`
	For  time.Duration `yaml:"for" doc:"backpressure: how long the sink stalls"`
}

// System is a system under test. One that only has a name is written as the name.
type System struct {
	Name    string `yaml:"name" doc:"which system; see list systems"`
	As      string `yaml:"as" doc:"name in reports, to tell two settings of one system apart"`
	Workers int    `yaml:"workers" range:"1 64" doc:"workers, in place of resources.workers"`
	Config  Config `yaml:"config" doc:"settings handed to the system as they are"`
	Image   string `yaml:"image" doc:"image to run in place of the one built here"`
	Jar     string `yaml:"jar" doc:"your own job in place of the generic one"`
	Main    string `yaml:"main" doc:"main class of jar"`
	At      string `yaml:"at" doc:"URL of a deployment that is already there"`
}

// Config holds settings of a system by name, handed on as they are.
type Config map[string]string

// Label is the name of the system in plans and reports.
func (s System) Label() string {
	if s.As != "" {
		return s.As
	}
	return s.Name
}

// Offer is the load: what is offered, how fast, for how long and by which way.
type Offer struct {
	Rate       Rate      `yaml:"rate" doc:"250k/s, max, a profile, a search, of-capacity, or several"`
	EventRate  EventRate `yaml:"event-rate" doc:"events per second of event time; default the rate"`
	Events     Count     `yaml:"events" doc:"exactly this many in place of steady, none discarded"`
	Transport  string    `yaml:"transport" oneof:"embedded kafka log" doc:"how events travel"`
	Broker     Broker    `yaml:"broker" doc:"container, embedded, HOST:PORT,… or a map"`
	Partitions int       `yaml:"partitions" range:"1 1000000" doc:"partitions of the input"`
	Format     string    `yaml:"format" oneof:"binary json" doc:"wire form; embedded: columns or json"`
	Seed       uint64    `yaml:"seed,zero" doc:"seed of the stream, the order of runs, every draw"`
	Warmup     Warmup    `yaml:"warmup" doc:"discarded start; auto = until steady"`

	Steady time.Duration `yaml:"steady" doc:"measured phase"`
	Linger time.Duration `yaml:"linger" doc:"longest the driver gathers events for a send"`
	Drain  time.Duration `yaml:"drain" doc:"longest wait without a new result"`
	Settle string        `yaml:"settle" oneof:"none input" doc:"input = settle sends by the log"`
}

// Rate is the offered rate in one of its six forms; exactly one is set.
type Rate struct {
	PerSecond  EventRate
	Max        bool // as fast as taken: latency and lag are not reported
	Pieces     []Piece
	Search     *Search
	OfCapacity matrix.Percent
	// Estimate is of OfCapacity: the longest drain that the capacity is estimated by, in place of a
	// search; 0 for a search.
	Estimate time.Duration
	// Legs are rates that a system is offered one after the other, each in a repetition of its own.
	Legs []Rate
}

// Piece is a part of a load profile.
type Piece struct {
	For  time.Duration `yaml:"for" doc:"how long"`
	Rate EventRate     `yaml:"rate" doc:"offered rate"`
}

// Search finds the highest rate that meets limits.
type Search struct {
	For    string // sustainable
	Limits Limits
}

// Broker is where the broker of the kafka transport is.
type Broker struct {
	At   string `yaml:"at" doc:"container, embedded or HOST:PORT,…"`
	TLS  string `yaml:"tls" oneof:"none system insecure" doc:"encryption of the connection"`
	SASL string `yaml:"sasl" oneof:"@sasl" doc:"authentication"`
}

// Warmup is the discarded start.
type Warmup struct {
	Auto bool
	For  time.Duration
}

// Resources are what the systems and the driver may use.
type Resources struct {
	Workers int     `yaml:"workers" range:"1 64" doc:"workers of a system"`
	Worker  Process `yaml:"worker" doc:"cores and memory of a worker"`
	Driver  Process `yaml:"driver" doc:"cores and memory of the driver"`
	Brokers int     `yaml:"brokers" range:"1 16" doc:"brokers of the kafka transport"`
	Broker  Process `yaml:"broker" doc:"cores and memory of a broker"`
}

// Process is what one process may use.
type Process struct {
	CPUs   Cores      `yaml:"cpus" range:"0.1 1024" doc:"cores; of a worker also its slots"`
	Memory chaos.Size `yaml:"memory" doc:"memory limit"`
}

// Limits are bounds on metrics, ordered by name.
type Limits []record.Limit

// Trace says which events are traced.
type Trace struct {
	Sample  Fraction `yaml:"sample" doc:"share of events traced, as in 1/20000"`
	Slowest int      `yaml:"slowest,zero" range:"0 10000" doc:"how many of the slowest are traced"`
	Zipkin  string   `yaml:"zipkin" doc:"URL of a Zipkin server that gets the spans too"`
}

// Repeat is how many blocks are kept. More than one block, or auto, has one more that runs first
// and is discarded.
type Repeat struct {
	Auto bool
	N    int
}
