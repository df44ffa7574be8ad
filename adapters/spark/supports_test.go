package spark

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// asked is a job that Spark runs.
func asked(t *testing.T, workload string, params map[string]string) adapters.Job {
	t.Helper()
	return adapters.Job{
		Workload:  workloadstest.Bind(t, workload, 10_000, params),
		Transport: adapters.Kafka, Format: workloads.BinaryForm, Guarantee: exactlyOnce,
		Checkpoint: time.Second, Workers: 1, WorkerCPUs: 1, Partitions: 4,
		Broker: adapters.Broker{At: "broker:9092"}, Settings: map[string]string{},
	}
}

func TestWhatIsNotExactIsRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		sentence string
		workload string
		params   map[string]string
		change   func(*adapters.Job)
		says     string // empty where the job is to be run
	}{
		{"sums of windows are run", "iot-telemetry", nil, nil, ""},
		{"late events are run", "orders", nil, nil, ""},
		{"sessions that are taken back are run", "clickstream",
			map[string]string{"profile": "lateness"}, nil, ""},
		{"processing time is not", "nexmark", map[string]string{"query": "q12"}, nil,
			"processing time"},
		{"nor what comes by no topic", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Transport = adapters.Embedded }, "load.transport"},
		{"nor at most once", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Guarantee = "at-most-once" }, "at-most-once"},
		{"nor brokers only this host reaches", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Broker.At = "embedded" }, "loopback"},
		{"nor windows in real time", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Settings[trigger] = "realtime" }, "real-time mode"},
		{"but events on their own in real time", "nexmark", map[string]string{"query": "q0"},
			func(j *adapters.Job) { j.Settings[trigger] = "realtime" }, ""},
		{"nor another watermark policy", "iot-telemetry", nil, func(j *adapters.Job) {
			j.Settings["spark.sql.streaming.multipleWatermarkPolicy"] = "max"
		}, "multipleWatermarkPolicy"},
		{"nor settings of others", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Settings["heartbeat.timeout"] = "6 s" }, "heartbeat.timeout"},
		{"nor a profile nobody knows", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Profile = "fast" }, "equal-detection"},
		{"nor a cluster without a folder it shares", "iot-telemetry", nil,
			func(j *adapters.Job) { j.Own.At = "spark://master:7077" }, checkpoints},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			job := asked(t, c.workload, c.params)
			if c.change != nil {
				c.change(&job)
			}
			err := Adapter{}.Supports(job)
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (!errors.Is(err, errors.ErrUnsupported) ||
				!strings.Contains(err.Error(), c.says)):
				t.Errorf("error %v, want one that is unsupported and says %q", err, c.says)
			}
		})
	}
}

func TestTheSinkClaimsAtLeastOnce(t *testing.T) {
	job := asked(t, "iot-telemetry", nil)
	if got := (Adapter{}).Claim(job); got != atLeastOnce {
		t.Errorf("claim %s of a job that asks for %s, want %s", got, job.Guarantee, atLeastOnce)
	}
	job.Own.Jar = "mine.jar" // nobody knows its sink
	if got := (Adapter{}).Claim(job); got != exactlyOnce {
		t.Errorf("claim %s of a job of the user's, want %s", got, exactlyOnce)
	}
}

func TestOneWorkerIsTheDriverUnlessSomethingIsToBeBroken(t *testing.T) {
	job := asked(t, "iot-telemetry", nil)
	if !isLocal(job) {
		t.Error("one worker has a cluster")
	}
	broken, two, chosen := job, job, job
	broken.Broken, two.Workers = true, 2
	chosen.Settings = map[string]string{master: clusterMaster}
	for name, j := range map[string]adapters.Job{"faults": broken, "two workers": two,
		"master: cluster": chosen} {
		if isLocal(j) {
			t.Errorf("%s: driver and executor are one", name)
		}
	}
}

func TestSettingsOfTheVirtualMachinesCannotChangeFromJobToJob(t *testing.T) {
	first, next := asked(t, "iot-telemetry", nil), asked(t, "iot-telemetry", nil)
	next.Settings = map[string]string{"spark.sql.shuffle.partitions": "7", trigger: "1 second"}
	if err := differing(next, first); err != nil {
		t.Error(err)
	}
	next.Profile = "equal-detection"
	if err := differing(next, first); err == nil ||
		!strings.Contains(err.Error(), "spark.executor.heartbeatInterval") {
		t.Errorf("error %v, want one that names the first setting that differs", err)
	}
}

func TestTheImageIsBuiltFromWhatIsEmbedded(t *testing.T) {
	if ref := Image().Ref(); !strings.HasPrefix(ref, "streambench/spark:"+version+"-") {
		t.Errorf("image %s", ref)
	}
}

func TestAClusterIsNamedWithAFolderItShares(t *testing.T) {
	job := asked(t, "iot-telemetry", nil)
	job.Own.At = "spark://master:7077"
	job.Settings[checkpoints] = "hdfs://namenode/checkpoints"
	if err := (Adapter{}).Supports(job); err != nil {
		t.Error(err)
	}
	if isLocal(job) {
		t.Error("the driver is the executor, too")
	}
}
