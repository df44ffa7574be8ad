package chaos

import "time"

// Declaration is one fault as a scenario declares it. Exactly one verb is set, and the moment is
// either At (from the start of steady) or one of When, During, Between (milestones of the system).
// The field tags name the scenario's keys and say in the schema what they mean.
type Declaration struct {
	At      time.Duration `yaml:"at" doc:"when to inject, from the start of steady"`
	When    Moment        `yaml:"when" doc:"milestone to inject at, as in checkpoint.3.started+200ms"`
	During  string        `yaml:"during" oneof:"restore rebalance checkpoint commit" doc:"phase"`
	Between []string      `yaml:"between" doc:"two milestones to inject between"`

	Kill  Selector `yaml:"kill" doc:"loud loss: SIGKILL to every process of the node"`
	Stop  Selector `yaml:"stop" doc:"graceful: SIGTERM, after grace SIGKILL"`
	Lose  Selector `yaml:"lose" doc:"silent loss: cut the node off, then SIGKILL"`
	Pause Selector `yaml:"pause" doc:"freeze the node; on resume it is a zombie"`

	Partition *Partition `yaml:"partition" doc:"sides that cannot reach each other"`
	Link      *Link      `yaml:"link" doc:"slow or lossy connection between two nodes"`
	Disk      *Disk      `yaml:"disk" doc:"slow, full or lying disk of a node"`
	Clock     *Clock     `yaml:"clock" doc:"shifted or drifting clock of a node"`
	Pressure  *Pressure  `yaml:"pressure" doc:"less processor or memory for a node"`
	Poison    uint64     `yaml:"poison" range:"1 1000000" doc:"malformed events from at on"`
	Random    *Random    `yaml:"random" doc:"a schedule drawn from a seed"`

	For     time.Duration `yaml:"for" doc:"how long the fault lasts before it is healed"`
	Restart time.Duration `yaml:"restart" doc:"delay after which the node is started again"`
	Grace   time.Duration `yaml:"grace" doc:"time a stopped node has before SIGKILL"`
	Wipe    bool          `yaml:"wipe" doc:"empty the node's local disk before its restart"`
}

// Link is a slow or lossy connection; bytes keep their order, loss drops packets.
type Link struct {
	Between []Selector    `yaml:"between" doc:"the two nodes joined by the connection"`
	Delay   time.Duration `yaml:"delay" doc:"added delay"`
	Jitter  time.Duration `yaml:"jitter" doc:"most by which the delay varies"`
	Rate    Bandwidth     `yaml:"rate" doc:"bandwidth of the connection"`
	Loss    Share         `yaml:"loss" doc:"share of packets dropped"`
}

// Disk is what is wrong with a node's data folder; one of Slow, Rate, Full and Lie is set.
type Disk struct {
	Node Selector      `yaml:"node" doc:"the node whose disk it is"`
	Slow time.Duration `yaml:"slow" doc:"delay of each fsync and read"`
	Rate Bandwidth     `yaml:"rate" doc:"bandwidth of the disk"`
	Full bool          `yaml:"full" doc:"writes fail for want of space"`
	Lie  bool          `yaml:"lie" doc:"fsync returns before data is safe"`
}

// Clock shifts CLOCK_REALTIME as a node sees it; one of Step and Drift is set.
type Clock struct {
	Node  Selector      `yaml:"node" doc:"the node whose clock it is"`
	Step  time.Duration `yaml:"step" signed:"true" doc:"how far the clock jumps, as in +5s or -5s"`
	Drift float64       `yaml:"drift" range:"0.5 2" doc:"speed of the clock, 1 being right"`
}

// Pressure takes processor or memory away from a node; one of CPUs and Memory is set.
type Pressure struct {
	Node   Selector `yaml:"node" doc:"the node under pressure"`
	CPUs   float64  `yaml:"cpus" range:"0.01 1024" doc:"cores the node is left with"`
	Memory Size     `yaml:"memory" doc:"memory the node is left with"`
}

// Random draws a schedule from a seed.
type Random struct {
	Seed  uint64   `yaml:"seed,zero" doc:"seed of the schedule"`
	Verbs []string `yaml:"verbs" oneof:"@verbs" doc:"verbs to draw from"`
	Count int      `yaml:"count" range:"1 100" doc:"number of faults"`
}

// Safety caps what a schedule may break at once.
type Safety struct {
	MaxNodes    int           `yaml:"max-nodes" range:"1 64" doc:"most nodes broken at once"`
	MaxDuration time.Duration `yaml:"max-duration" doc:"longest time a fault may last"`
}

// Bandwidth is bits a second.
type Bandwidth uint64

// Share is a part of a whole, 0..1, written as a percentage.
type Share float64

// Size is bytes.
type Size uint64

// Verb is what a fault does.
type Verb string

// The verbs of faults.
const (
	VerbKill      Verb = "kill"
	VerbStop      Verb = "stop"
	VerbLose      Verb = "lose"
	VerbPause     Verb = "pause"
	VerbPartition Verb = "partition"
	VerbLink      Verb = "link"
	VerbDisk      Verb = "disk"
	VerbClock     Verb = "clock"
	VerbPressure  Verb = "pressure"
	VerbPoison    Verb = "poison"
	VerbRandom    Verb = "random"
)

// Verbs are the verbs a declaration sets; a sound one sets exactly one.
func (d Declaration) Verbs() []Verb {
	var verbs []Verb
	for _, v := range []struct {
		verb Verb
		set  bool
	}{
		{VerbKill, d.Kill != ""}, {VerbStop, d.Stop != ""}, {VerbLose, d.Lose != ""},
		{VerbPause, d.Pause != ""}, {VerbPartition, d.Partition != nil}, {VerbLink, d.Link != nil},
		{VerbDisk, d.Disk != nil}, {VerbClock, d.Clock != nil}, {VerbPressure, d.Pressure != nil},
		{VerbPoison, d.Poison != 0}, {VerbRandom, d.Random != nil},
	} {
		if v.set {
			verbs = append(verbs, v.verb)
		}
	}
	return verbs
}

// Selectors are the nodes a declaration names, with the path of the key that names each.
func (d Declaration) Selectors() map[string][]Selector {
	found := map[string][]Selector{}
	add := func(path string, s ...Selector) {
		for _, one := range s {
			if one != "" {
				found[path] = append(found[path], one)
			}
		}
	}
	add("kill", d.Kill)
	add("stop", d.Stop)
	add("lose", d.Lose)
	add("pause", d.Pause)
	if d.Partition != nil {
		add("partition", d.Partition.members()...)
	}
	if d.Link != nil {
		add("link/between", d.Link.Between...)
	}
	if d.Disk != nil {
		add("disk/node", d.Disk.Node)
	}
	if d.Clock != nil {
		add("clock/node", d.Clock.Node)
	}
	if d.Pressure != nil {
		add("pressure/node", d.Pressure.Node)
	}
	return found
}
