package spark

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/streambench/streambench/adapters"
)

// Settings that are none of Spark's.
const (
	// trigger is how batches begin: "default" (at once when the last one has ended), a duration as
	// Spark writes it ("1 second"), or "realtime", "realtime:10 seconds".
	trigger = "trigger"
	// maxOffsets is the most records of a batch.
	maxOffsets = "maxOffsetsPerTrigger"
	// checkpoints is the folder of a cluster that is not ours: driver and executors have to share it.
	checkpoints = "spark.sql.streaming.checkpointLocation"
	// master is where executors are: "local" (in the driver), or "cluster" (in workers of their own).
	master = "master"
)

// profiles are the settings each profile begins with. The first holds Spark's own values, written
// down so that they are read back like any other; the others are laid over it.
var profiles = map[string]map[string]string{
	"defaults": {
		"spark.executor.heartbeatInterval": "10s",
		"spark.network.timeout":            "120s",
		"spark.task.maxFailures":           "4",
		"spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "false",
	},
	// Every silence is noticed after 6 s.
	"equal-detection": {
		"spark.executor.heartbeatInterval": "1s",
		"spark.network.timeout":            "6s",
		"spark.network.timeoutInterval":    "1s",
	},
	// What Spark's own advice for fast recovery comes to: a silence is noticed early, checkpoints of
	// state are what has changed since the last one.
	"vendor-tuned": {
		"spark.executor.heartbeatInterval":                                      "1s",
		"spark.network.timeout":                                                 "6s",
		"spark.network.timeoutInterval":                                         "1s",
		"spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
		"spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming." +
			"state.RocksDBStateStoreProvider",
	},
}

// taken are settings that follow from other parts of a scenario, or from what the adapter does.
var taken = map[string]string{
	"spark.master":                                   "write config master, or at",
	"spark.app.name":                                 "the adapter decides that",
	"spark.driver.host":                              "the adapter decides that",
	"spark.driver.port":                              "the adapter decides that",
	"spark.executor.cores":                           "write resources.worker.cpus",
	"spark.executor.memory":                          "write resources.worker.memory",
	"spark.driver.memory":                            "write resources.worker.memory",
	"spark.cores.max":                                "write resources",
	"spark.sql.ansi.enabled":                         "sums are modulo 2^64",
	"spark.sql.session.timeZone":                     "it is UTC",
	"spark.sql.streaming.multipleWatermarkPolicy":    "any other than min loses events",
	"spark.sql.streaming.noDataMicroBatches.enabled": "without them the last windows stay open",
}

// prefixes are the beginnings of the names of settings there are: Spark's, and those of the Kafka
// clients.
var prefixes = []string{"spark.", "consumer.", "producer."}

// settingsOf are the settings of a job: the profile's, and the scenario's over them.
func settingsOf(job adapters.Job) (map[string]string, error) {
	profile, ok := profiles[job.Profile]
	if !ok && job.Profile != "" {
		return nil, unsupported("run spark with profile %s: it has %s", job.Profile,
			strings.Join(slices.Sorted(maps.Keys(profiles)), ", "))
	}
	all := maps.Clone(profiles["defaults"])
	maps.Copy(all, profile)
	for _, name := range slices.Sorted(maps.Keys(job.Settings)) {
		if name == checkpoints && job.Own.At == "" {
			return nil, unsupported("run spark with setting %s: it is a folder of the deployment", name)
		}
		if why := taken[name]; why != "" {
			return nil, unsupported("run spark with setting %s: %s", name, why)
		}
		known := name == trigger || name == maxOffsets || name == master ||
			slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
		if !known {
			return nil, unsupported("run spark with setting %s: there are %s, %s, %s and those that "+
				"begin with %s", name, trigger, maxOffsets, master, strings.Join(prefixes, ", "))
		}
		all[name] = job.Settings[name]
	}
	if m := all[master]; m != "" && m != localMaster && m != clusterMaster {
		return nil, unsupported("run spark with setting %s=%s: write %s or %s", master, m, localMaster,
			clusterMaster)
	}
	return all, nil
}

// Values of master.
const (
	localMaster   = "local"
	clusterMaster = "cluster"
)

// isLocal reports whether the driver is the executor, too: one worker is, where nothing is to be
// broken. Executors, a master and a driver, each in a virtual machine of its own, would share two
// cores with the brokers and take three times the memory.
func isLocal(job adapters.Job) bool {
	if m := job.Settings[master]; m != "" {
		return m == localMaster && job.Workers == 1
	}
	return job.Workers == 1 && !job.Broken && job.Own.At == ""
}

// ofSession reports whether a setting belongs to the session of a query and not to the virtual
// machines.
func ofSession(name string) bool {
	return strings.HasPrefix(name, "spark.sql.") || !strings.HasPrefix(name, "spark.")
}

// differing names a setting of a job that is of the virtual machines and not what they were started
// with.
func differing(job, from adapters.Job) error {
	asked, err := settingsOf(job)
	if err != nil {
		return err
	}
	has, err := settingsOf(from)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if !ofSession(name) && asked[name] != has[name] {
			return fmt.Errorf("setting %s: the deployment was started with %q, not %q", name,
				has[name], asked[name])
		}
	}
	return nil
}
