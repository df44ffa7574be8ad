package record

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ManifestSchema names the form of a manifest.
const ManifestSchema = "streambench/manifest/v1"

// Manifest says what was run, where and from which parts. It is written before the first
// repetition and never changed.
type Manifest struct {
	Schema    string    `json:"schema"` // streambench/manifest/v1
	ID        string    `json:"id"`     // name of the run folder
	Scenario  string    `json:"scenario"`
	Start     time.Time `json:"start"` // UTC twin of the run clock's zero
	Command   []string  `json:"command"`
	Version   string    `json:"version"`
	Commit    string    `json:"commit"`
	GoVersion string    `json:"goVersion"`
	LockHash  string    `json:"lockSha256"` // of scenario.lock.yaml
	// AnchorsHash is the hash of the decision's anchors, empty without one.
	AnchorsHash string `json:"anchorsSha256,omitempty"`
	// StreamDigest is SHA-256 over the canonical parameters and the binary form of events 0..99999.
	StreamDigest string `json:"streamDigest"`
	Host         Host   `json:"host"`

	Conditions Conditions `json:"conditions"`
	Limits     []Limit    `json:"limits,omitempty"`
	Claim      Claim      `json:"claim"`
}

// Host is the machine's fingerprint.
type Host struct {
	Hostname  string `json:"hostname"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Kernel    string `json:"kernel"`
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	MemoryB   uint64 `json:"memoryB"`
	Governor  string `json:"governor,omitempty"`
	Clock     string `json:"clock,omitempty"`
	Container bool   `json:"container,omitempty"`
	// CgroupCPUs and CgroupMemoryB are the least limits of the process's control groups, in cores
	// and in bytes; 0 for none.
	CgroupCPUs    float64 `json:"cgroupCpus,omitempty"`
	CgroupMemoryB uint64  `json:"cgroupMemoryB,omitempty"`
	// Hash is the first 12 hexadecimal digits of SHA-256 over the fields that make two hosts unlike.
	Hash string `json:"hash"`
}

// Conditions are what every figure must be read with; runs that differ here are not compared.
type Conditions struct {
	Workload string `json:"workload"`
	// Mode is the mode of the scenario, one of Modes; empty without.
	Mode      string            `json:"mode,omitempty"`
	Query     string            `json:"query,omitempty"`
	Params    map[string]string `json:"params"`
	Transport string            `json:"transport"`
	// Broker is the kind of broker of a kafka transport: embedded, container or address.
	Broker     string `json:"broker,omitempty"`
	Partitions int    `json:"partitions,omitempty"` // of the input
	Linger     string `json:"linger,omitempty"`     // longest the driver gathers events for a send
	Format     string `json:"format"`
	Guarantee  string `json:"guarantee"`
	// Expect is ExpectNone where results were compared with each other and with no oracle's.
	Expect     string `json:"expect,omitempty"`
	Checkpoint string `json:"checkpoint"`
	Profile    string `json:"profile"`
	// Deployment is "once" where one deployment of a system serves all its repetitions; empty where
	// each has its own.
	Deployment string  `json:"deployment,omitempty"`
	Rate       string  `json:"rate"`              // as in the scenario
	RateMax    bool    `json:"rateMax,omitempty"` // as fast as taken: no latency
	EventRate  uint64  `json:"eventRate"`
	Seed       uint64  `json:"seed"`
	Warmup     string  `json:"warmup"`
	Steady     string  `json:"steady,omitempty"`
	Events     uint64  `json:"events,omitempty"` // of a run of exactly that many
	Workers    int     `json:"workers"`
	WorkerCPUs float64 `json:"workerCpus"`
	DriverCPUs float64 `json:"driverCpus"`
	Shared     bool    `json:"sharedCores,omitempty"` // shares beyond the host's cores
	// Faults are what a run breaks, as its scenario declares it, each in a line of YAML; none where
	// it breaks nothing. Plane is how the nodes of a system of several processes reach each other:
	// direct, relay or netns; empty where there is one process.
	Faults []string `json:"faults,omitempty"`
	Plane  string   `json:"plane,omitempty"`
	// Ceiling is what the same driver, transport and collector reach on this host with a pass-through
	// in place of a system, in events/s; 0 where that was not measured.
	Ceiling float64 `json:"ceiling,omitempty"`
	// Systems are what the scenario declares of each; older runs have none.
	Systems []Declared `json:"systems,omitempty"`
}

// Declared is a system under test as a scenario declares it. What was in force is an entry of the
// record.
type Declared struct {
	System  string `json:"system"` // its name in this run
	Name    string `json:"name"`   // which system it is
	Workers int    `json:"workers"`
	// Settings were handed to the system as they are, on top of those of Conditions.Profile.
	Settings map[string]string `json:"settings,omitempty"`
	Image    string            `json:"image,omitempty"` // where it is not the one built here
	// Jar is the file name of a job in the place of the generic one, JarDigest its SHA-256.
	Jar       string `json:"jar,omitempty"`
	JarDigest string `json:"jarSha256,omitempty"`
	Main      string `json:"main,omitempty"`
	// Existing says that the system was there already: its nodes are not ours.
	Existing bool `json:"existing,omitempty"`
}

// String is what was declared, as a scenario has it.
func (d Declared) String() string {
	text := []string{"name: " + d.Name, fmt.Sprintf("workers: %d", d.Workers)}
	if len(d.Settings) > 0 {
		var all []string
		for _, k := range slices.Sorted(maps.Keys(d.Settings)) {
			all = append(all, k+": "+d.Settings[k])
		}
		text = append(text, "config: {"+strings.Join(all, ", ")+"}")
	}
	for _, own := range []struct{ key, value string }{
		{"image", d.Image}, {"jar", d.Jar}, {"main", d.Main},
	} {
		if own.value != "" {
			text = append(text, own.key+": "+own.value)
		}
	}
	if d.JarDigest != "" {
		text = append(text, fmt.Sprintf("sha256 %.12s", d.JarDigest))
	}
	if d.Existing {
		text = append(text, "at: a deployment that was there")
	}
	return strings.Join(text, ", ")
}

// Of is what was declared of a system, and whether anything was.
func (c Conditions) Of(system string) (Declared, bool) {
	for _, d := range c.Systems {
		if d.System == system {
			return d, true
		}
	}
	return Declared{}, false
}

// ExpectNone says that a run has no oracle.
const ExpectNone = "none"

// Limit is an slo of the scenario: Metric must be at most (or at least) Value.
type Limit struct {
	Metric  string  `json:"metric"`
	AtLeast bool    `json:"atLeast,omitempty"`
	Value   float64 `json:"value"` // ns for times, events/s for rates, otherwise a count
	Text    string  `json:"text"`  // as written
}

// Claim is the delivery guarantee under test.
type Claim struct {
	Guarantee string `json:"guarantee"`
	// Declared are the systems, by their labels, that promise less than the run asks for, and what:
	// that is the claim they are held to.
	Declared map[string]string `json:"declared,omitempty"`
}

// Of is the claim that a system is held to, by its label.
func (c Claim) Of(system string) string {
	if declared, ok := c.Declared[system]; ok {
		return declared
	}
	return c.Guarantee
}
