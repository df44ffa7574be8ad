package flink

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/streambench/streambench/adapters"
)

// profiles are the sets of settings that govern recovery. The first holds Flink's own values,
// written down so that they are read back like any other; the others are laid over it.
var profiles = map[string]map[string]string{
	"defaults": {
		"heartbeat.interval":                                         "10 s",
		"heartbeat.timeout":                                          "50 s",
		"heartbeat.rpc-failure-threshold":                            "2",
		"jobmanager.execution.failover-strategy":                     "region",
		"restart-strategy.type":                                      "exponential-delay",
		"restart-strategy.exponential-delay.initial-backoff":         "1 s",
		"restart-strategy.exponential-delay.max-backoff":             "1 min",
		"restart-strategy.exponential-delay.backoff-multiplier":      "1.5",
		"restart-strategy.exponential-delay.jitter-factor":           "0.1",
		"restart-strategy.exponential-delay.reset-backoff-threshold": "1 h",
		"execution.checkpointing.timeout":                            "10 min",
		"execution.checkpointing.unaligned.enabled":                  "false",
		"execution.checkpointing.incremental":                        "false",
		"execution.checkpointing.local-backup.enabled":               "false",
		"execution.state-recovery.from-local":                        "false",
		"state.backend.type":                                         "hashmap",
	},
	// Every silence is noticed after 6 s.
	"equal-detection": {
		"heartbeat.interval": "1 s",
		"heartbeat.timeout":  "6 s",
	},
	// What Flink's own advice for fast recovery comes to.
	"vendor-tuned": {
		"heartbeat.interval": "1 s",
		"heartbeat.timeout":  "6 s",
		"restart-strategy.exponential-delay.initial-backoff":         "100 ms",
		"restart-strategy.exponential-delay.reset-backoff-threshold": "1 min",
		"execution.checkpointing.incremental":                        "true",
		"execution.checkpointing.local-backup.enabled":               "true",
		"execution.state-recovery.from-local":                        "true",
		"state.backend.type":                                         "rocksdb",
	},
}

// always are the settings of every cluster and job of ours, in every profile.
var always = map[string]string{"execution.checkpointing.mode": "EXACTLY_ONCE"}

// ofProgram are further settings of the generic program, which a job of the user's need not bear.
var ofProgram = map[string]string{
	"pipeline.object-reuse": "true",
	// Nothing may fall back to Kryo.
	"pipeline.generic-types": "false",
}

// ofCluster are further settings of clusters in our containers.
var ofCluster = map[string]string{
	"execution.checkpointing.storage": "filesystem",
	"execution.checkpointing.dir":     "file://" + checkpointDir,
	// The program is on the class path of the cluster: its classes are the same for every job, and
	// stay compiled.
	"classloader.parent-first-patterns.additional": "io.streambench.",
	// A TaskManager that is up before the JobManager tries again soon.
	"cluster.registration.error-delay": "500 ms",
	// On processors that many want at once it may take long.
	"pekko.startup-timeout":           "120 s",
	"metrics.fetcher.update-interval": "1000",
	// What REST tells of a job is this old at most.
	"web.refresh-interval":  "100 ms",
	"jobmanager.rpc.port":   strconv.Itoa(rpcPort),
	"rest.port":             strconv.Itoa(restPort),
	"blob.server.port":      strconv.Itoa(blobPort),
	"jobmanager.bind-host":  "0.0.0.0",
	"taskmanager.bind-host": "0.0.0.0",
	"rest.bind-address":     "0.0.0.0",
	"taskmanager.data.port": strconv.Itoa(dataPort),
	"taskmanager.rpc.port":  strconv.Itoa(taskPort),
}

// ofJob are the beginnings of the names of settings that belong to a job and not to its cluster.
var ofJob = []string{"execution.", "state.", "restart-strategy.", "pipeline."}

// ofClients are the beginnings of the names of settings of the Kafka clients.
var ofClients = []string{"consumer.", "producer."}

// taken are settings that follow from other parts of a scenario, with these.
var taken = map[string]string{
	"parallelism.default":              "resources",
	"taskmanager.numberOfTaskSlots":    "resources.worker.cpus",
	"taskmanager.cpu.cores":            "resources.worker.cpus",
	"taskmanager.resource-id":          "resources.workers",
	"taskmanager.host":                 "resources.workers",
	"jobmanager.rpc.address":           "at",
	"rest.address":                     "at",
	"execution.checkpointing.interval": "checkpoint",
}

// settings are what a cluster and its jobs are declared to have.
type settings struct {
	cluster map[string]string // of Flink's own, those of jobs among them
	clients map[string]string // of the Kafka clients, with their beginnings
	// chosen are the names of those that were asked for: by the scenario, or by a profile that is not
	// Flink's own.
	chosen []string
}

// newSettings lays the settings of a scenario over those of its profile.
func newSettings(job adapters.Job) (settings, error) {
	s := settings{cluster: map[string]string{}, clients: map[string]string{}}
	profile, ok := profiles[job.Profile]
	if !ok && job.Profile != "" {
		return s, fmt.Errorf("profile %q: there are %s", job.Profile,
			strings.Join(slices.Sorted(maps.Keys(profiles)), ", "))
	}
	maps.Copy(s.cluster, always)
	maps.Copy(s.cluster, profiles["defaults"])
	if job.Own.At == "" {
		maps.Copy(s.cluster, ofCluster)
	}
	if job.Profile != "" && job.Profile != "defaults" {
		maps.Copy(s.cluster, profile)
		s.chosen = slices.Collect(maps.Keys(profile))
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(job.Settings)) {
		errs = append(errs, s.choose(name, job.Settings[name]))
	}
	slices.Sort(s.chosen)
	s.chosen = slices.Compact(s.chosen)
	return s, errors.Join(errs...)
}

// choose takes a setting of a scenario.
func (s *settings) choose(name, value string) error {
	_, own := ofCluster[name]
	_, fixed := always[name]
	_, programs := ofProgram[name]
	where, isTaken := taken[name]
	switch {
	case isTaken:
		return fmt.Errorf("config %s: it follows from %s of the scenario", name, where)
	case own && name != "execution.checkpointing.dir" || fixed || programs ||
		strings.HasPrefix(name, "taskmanager.memory."):
		return fmt.Errorf("config %s: the adapter decides that", name)
	case !strings.Contains(name, "."):
		return fmt.Errorf("config %s: no setting of Flink is called so", name)
	case hasBeginning(name, ofClients):
		s.clients[name] = value
	default:
		s.cluster[name] = value
	}
	s.chosen = append(s.chosen, name)
	return nil
}

func hasBeginning(name string, all []string) bool {
	return slices.ContainsFunc(all, func(b string) bool { return strings.HasPrefix(name, b) })
}

// forJob are the settings a job is submitted with.
func (s settings) forJob(job adapters.Job) map[string]string {
	all := map[string]string{
		"execution.checkpointing.interval": milliseconds(job.Checkpoint.Milliseconds()),
	}
	for name, value := range s.cluster {
		if hasBeginning(name, ofJob) {
			all[name] = value
		}
	}
	if job.Own.Jar == "" {
		maps.Copy(all, ofProgram)
	}
	return all
}

// forFile is the configuration file of a cluster.
func (s settings) forFile(further map[string]string) []byte {
	all := map[string]string{}
	maps.Copy(all, s.cluster)
	maps.Copy(all, further)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s: %q\n", name, all[name])
	}
	return []byte(b.String())
}

// differing names the settings of s that are not those of another: of a job that comes to a cluster
// that was started with others.
func (s settings) differing(from settings) error {
	both := maps.Clone(s.cluster)
	maps.Copy(both, from.cluster)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if want := s.cluster[name]; !hasBeginning(name, ofJob) && want != from.cluster[name] {
			return fmt.Errorf("config %s: the cluster was started with %q, not %q", name,
				from.cluster[name], want)
		}
	}
	return nil
}
