package kafkastreams

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
)

const (
	exactlyOnce = "exactly-once"
	atLeastOnce = "at-least-once"
)

// Supports says why a job cannot be run exactly.
func (Adapter) Supports(job adapters.Job) error {
	name := job.Workload.Name
	switch {
	case job.Transport != adapters.Kafka:
		return unsupported("run %s on kafkastreams over %s: it reads and writes topics of Kafka "+
			"alone: set load.transport: kafka", name, job.Transport)
	case job.Guarantee != exactlyOnce && job.Guarantee != atLeastOnce:
		return unsupported("run %s on kafkastreams %s: processing.guarantee is exactly_once_v2 or "+
			"at_least_once", name, job.Guarantee)
	case job.Own.At != "":
		return unsupported("join kafkastreams at %s: it has no cluster but the brokers: name those "+
			"in load.broker", job.Own.At)
	}
	if err := kafka.ReachedInside(job.Broker); err != nil {
		return fmt.Errorf("run %s on kafkastreams: %w", name, err)
	}
	if err := checkSettings(job); err != nil {
		return err
	}
	switch {
	case job.Own.Jar != "" && len(job.Settings) > 0:
		return unsupported("run %s on kafkastreams by a job of your own with config: what it sets is "+
			"in the job", name)
	case job.Own.Jar != "":
		return nil // whatever it answers is between the user and the oracle
	case job.Own.Main != "":
		return unsupported("run %s on kafkastreams: main without jar", name)
	}
	if err := java.Supports(job.Workload); err != nil {
		return err
	}
	if job.Workload.Spoil != nil && job.Format != workloads.JSONForm {
		return unsupported("run %s on kafkastreams in the form %q: it damages events of the form json",
			name, job.Format)
	}
	if why := beyond(job.Workload.Query); why != "" {
		return unsupported("run %s on kafkastreams: %s", name, why)
	}
	return checkStore(job)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, errors.ErrUnsupported)...)
}

// beyond says what of a query the topologies do not answer exactly; empty if nothing.
func beyond(q workloads.Query) string {
	win := q.Window
	switch {
	case q.Rank != nil && q.LatenessMs > 0:
		return "a rank that late events change: the leaders of a window are told once"
	case q.Rank != nil && win.Kind != workloads.Tumbling && win.Kind != workloads.Hopping:
		return "a rank without windows"
	case q.Join != nil && q.Join.Kind == workloads.WindowJoin && q.LatenessMs > 0:
		return "a join of windows that late events change"
	case win.Kind == workloads.Session && q.LatenessMs > 0 && !q.Retracts:
		return "sessions that late events change and that are not taken back"
	case win.Kind != workloads.Session && q.Retracts:
		return "results that are taken back, of anything but sessions"
	case win.Processing && win.Kind != workloads.Tumbling:
		return "windows of processing time that are not tumbling"
	case win.Kind == workloads.Sliding && q.LatenessMs > 0:
		return "sliding windows with lateness"
	}
	return beyondAggregates(q)
}

// The places windows can be kept in: by our operators, or in a store of Kafka Streams' own.
const (
	store    = "store"
	onHeap   = "heap"
	inMemory = "in_memory"
	rocksDB  = "rocksdb"
)

// checkStore says why state cannot be kept where a job wants it.
func checkStore(job adapters.Job) error {
	where := cmp.Or(job.Settings[store], onHeap)
	if !slices.Contains([]string{onHeap, inMemory, rocksDB}, where) {
		return unsupported("run kafkastreams with setting store %s: write %s, %s or %s", where, onHeap,
			inMemory, rocksDB)
	}
	q := job.Workload.Query
	windows := q.Window.Kind == workloads.Tumbling || q.Window.Kind == workloads.Hopping
	ofEvents := q.Rank != nil && len(q.Aggregates) == 0
	if where == onHeap || windows && !q.Window.Processing && !ofEvents && q.Join == nil {
		return nil
	}
	return unsupported("run %s on kafkastreams with setting store %s: only aggregates of tumbling "+
		"and hopping windows of event time are kept there", job.Workload.Name, where)
}

// additive are the aggregates events can be taken out of.
var additive = []workloads.Func{
	workloads.Count, workloads.Sum, workloads.Avg, workloads.SumSquares, workloads.Mean,
}

func beyondAggregates(q workloads.Query) string {
	takesBack := q.Window.Kind == workloads.Sliding || q.Join != nil
	for _, a := range q.Aggregates {
		if takesBack && !slices.Contains(additive, a.Func) {
			return "an aggregate that events cannot be taken out of: " + a.As
		}
	}
	return ""
}

// ours are settings the scenario has words of its own for.
var ours = map[string]string{
	"application.id":       "it is the run id",
	"bootstrap.servers":    "write load.broker",
	"processing.guarantee": "write guarantee",
	"commit.interval.ms":   "write checkpoint",
	"num.stream.threads":   "write resources.worker.cpus",
	"state.dir":            "it is a folder of the container",
	"client.id":            "it follows from the run id",
}

const (
	groupProtocol = "group.protocol"
	// ofStreams is the protocol of KIP-1071, under which brokers assign tasks.
	ofStreams = "streams"
)

// ignored are settings that clients have under the classic protocol and brokers under that of
// Streams, where Kafka Streams passes them over with at most a line in its log.
var ignored = []string{
	"session.timeout.ms", "heartbeat.interval.ms", "num.standby.replicas", "max.warmup.replicas",
	"acceptable.recovery.lag", "probing.rebalance.interval.ms",
}

// clientPrefixes are how Kafka Streams names the settings of its consumers.
var clientPrefixes = []string{"main.consumer.", "consumer."}

// profiles are the settings each profile begins with (README.md).
var profiles = map[string]map[string]string{
	"":                {},
	"defaults":        {},
	"equal-detection": {"session.timeout.ms": "6000", "heartbeat.interval.ms": "2000"},
	"vendor-tuned":    {"num.standby.replicas": "1"},
}

// settingsOf are the settings of a job: the profile's, and the scenario's over them.
func settingsOf(job adapters.Job) map[string]string {
	all := maps.Clone(profiles[job.Profile])
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, job.Settings)
	return all
}

// checkSettings says which setting is not the scenario's to give, or would be passed over.
func checkSettings(job adapters.Job) error {
	if _, ok := profiles[job.Profile]; !ok {
		return unsupported("run kafkastreams with profile %s: it has %s", job.Profile,
			strings.Join(slices.Sorted(maps.Keys(profiles))[1:], ", "))
	}
	all := settingsOf(job)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if why := ours[name]; why != "" {
			return unsupported("run kafkastreams with setting %s: %s", name, why)
		}
		plain := name
		for _, prefix := range clientPrefixes {
			plain = strings.TrimPrefix(plain, prefix)
		}
		if all[groupProtocol] == ofStreams && slices.Contains(ignored, plain) {
			return unsupported("run kafkastreams with setting %s and %s %s: ignored by KIP-1071; "+
				"broker minimum 45000", name, groupProtocol, ofStreams)
		}
	}
	return nil
}
