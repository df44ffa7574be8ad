package kafkastreams

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// jobOf is a job that is supported.
func jobOf(t *testing.T) adapters.Job {
	return adapters.Job{
		RunID: "run", Workload: workloadstest.Bind(t, "iot-telemetry", 10_000, nil),
		Transport: adapters.Kafka, Format: workloads.BinaryForm, Guarantee: exactlyOnce,
		Checkpoint: time.Second, Workers: 1, WorkerCPUs: 1, Partitions: 4,
		Broker: adapters.Broker{At: "container"}, Profile: "defaults",
	}
}

func TestWhatIsRefusedSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(job *adapters.Job)
		says   string // empty where it is supported
	}{
		{"nothing is wrong", func(*adapters.Job) {}, ""},
		{"at least once", func(j *adapters.Job) { j.Guarantee = atLeastOnce }, ""},
		{"another transport", func(j *adapters.Job) { j.Transport = adapters.Embedded },
			"set load.transport: kafka"},
		{"at most once", func(j *adapters.Job) { j.Guarantee = "at-most-once" },
			"processing.guarantee is exactly_once_v2 or at_least_once"},
		{"a cluster", func(j *adapters.Job) { j.Own.At = "http://somewhere" }, "load.broker"},
		{"the embedded broker", func(j *adapters.Job) { j.Broker.At = "embedded" },
			"load.broker: container"},
		{"a login", func(j *adapters.Job) { j.Broker.SASL = "plain" }, "SASL"},
		{"a setting of the scenario's",
			func(j *adapters.Job) { j.Settings = map[string]string{"commit.interval.ms": "1"} },
			"commit.interval.ms: write checkpoint"},
		{"a setting brokers have", func(j *adapters.Job) {
			j.Settings = map[string]string{
				"group.protocol": "streams", "consumer.session.timeout.ms": "6000"}
		}, "ignored by KIP-1071; broker minimum 45000"},
		{"a profile of such settings", func(j *adapters.Job) {
			j.Profile, j.Settings = "equal-detection", map[string]string{"group.protocol": "streams"}
		}, "ignored by KIP-1071; broker minimum 45000"},
		{"the classic protocol has them", func(j *adapters.Job) { j.Profile = "equal-detection" }, ""},
		{"no such profile", func(j *adapters.Job) { j.Profile = "fast" },
			"defaults, equal-detection, vendor-tuned"},
		{"no such store", func(j *adapters.Job) { j.Settings = map[string]string{"store": "disk"} },
			"write heap, in_memory or rocksdb"},
		{"windows in RocksDB", func(j *adapters.Job) {
			j.Settings = map[string]string{"store": "rocksdb"}
		}, ""},
		{"a machine in RocksDB", func(j *adapters.Job) {
			j.Workload = workloadstest.Bind(t, "fraud", 10_000, nil)
			j.Settings = map[string]string{"store": "rocksdb"}
		}, "only aggregates of tumbling and hopping windows"},
		{"single events in RocksDB", func(j *adapters.Job) {
			j.Workload = workloadstest.Bind(t, "nexmark", 10_000, map[string]string{"query": "q0"})
			j.Settings = map[string]string{"store": "rocksdb"}
		}, "only aggregates of tumbling and hopping windows"},
		{"a rank with lateness", func(j *adapters.Job) {
			w := workloadstest.Bind(t, "nexmark", 10_000, map[string]string{"query": "q5"})
			w.Query.LatenessMs = 1
			j.Workload = w
		}, "the leaders of a window are told once"},
		{"damage in binary", func(j *adapters.Job) {
			j.Workload = workloadstest.Bind(t, "poison", 10_000, nil)
		}, "it damages events of the form json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := jobOf(t)
			c.change(&job)
			err := Adapter{}.Supports(job)
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says == "":
			case !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), c.says):
				t.Errorf("%v", err)
			}
		})
	}
}

// Every query of the catalog can be asked.
func TestEveryGoldenVectorIsSupported(t *testing.T) {
	for _, v := range workloadstest.Golden {
		job := jobOf(t)
		job.Workload = v.Bind(t)
		if err := (Adapter{}).Supports(job); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

func TestTheProfileIsLaidUnderTheSettings(t *testing.T) {
	job := jobOf(t)
	job.Profile = "equal-detection"
	job.Settings = map[string]string{"heartbeat.interval.ms": "1000"}
	got := settingsOf(job)
	if got["session.timeout.ms"] != "6000" || got["heartbeat.interval.ms"] != "1000" {
		t.Errorf("%v", got)
	}
	if profiles["equal-detection"]["heartbeat.interval.ms"] != "2000" {
		t.Error("the profile itself was changed")
	}
}
