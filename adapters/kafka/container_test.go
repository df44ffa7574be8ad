package kafka

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka/image"
)

// opened starts brokers in containers, or skips the test where there is no engine or no image.
func opened(t *testing.T, job adapters.Job) carrier {
	t.Helper()
	dockertest.NeedImages(t, image.Image())
	c, err := Transport{}.Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c.(carrier)
}

// inContainers is a job over some brokers in containers.
func inContainers(t *testing.T, brokers int, events uint64) adapters.Job {
	job, _ := jobOf(t, AtContainer, newWorkload(t, "iot-telemetry", nil), events)
	job.RunID = "broker-test"
	job.Broker.Nodes, job.Broker.CPUs, job.Broker.MemoryB = brokers, 1, 768<<20
	return job
}

func TestABrokerInAContainerServesSeveralJobs(t *testing.T) {
	const n = 20_000
	job := inContainers(t, 1, n)
	up := opened(t, job)
	for range 2 {
		job.Load = adapters.NewLoad(nil, 1)
		job.Load.Limit(n)
		deployed, err := up.Deploy(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		c := deployed.(accounted)
		checkReach(t, c)
		if _, err := up.Deploy(t.Context(), job); !errors.Is(err, errTaken) {
			t.Errorf("topics that are there: %v", err)
		}
		job.Load.Begin(time.Now())
		if err := c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkInput(t, c.channel, job, n)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkReach looks at what a channel tells of its broker.
func checkReach(t *testing.T, c accounted) {
	t.Helper()
	topics := c.Topics()
	if len(topics.Inside) != 1 || topics.Inside[0] != "kafka-1:9092" || topics.Network == "" ||
		!strings.HasPrefix(topics.Bootstrap[0], "127.0.0.1:") {
		t.Errorf("reached by %+v", topics)
	}
	if nodes := c.Nodes(); len(nodes) != 1 || nodes[0].Name != "kafka-1" {
		t.Errorf("nodes %v", nodes)
	}
	config, err := c.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"broker": "container", "brokers": "1", "broker.log.retention.ms": "-1",
		"broker.auto.create.topics.enable": "false", "topic.retention.ms": "-1",
	} {
		if config[key] != want {
			t.Errorf("%s is %q, not %q", key, config[key], want)
		}
	}
	if u, err := c.Used(t.Context()); err != nil || u.CPUNs < int64(100*time.Millisecond) ||
		u.MemoryB < 1<<20 {
		t.Errorf("used %+v, %v", u, err)
	}
	// What was declared otherwise than it is in force is refused.
	declared := c.containers.declared[0]
	c.containers.declared[0] = maps.Clone(declared)
	c.containers.declared[0]["num.io.threads"] = "3"
	if _, err := c.Config(t.Context()); !errors.Is(err, adapters.ErrNotReady) ||
		!strings.Contains(err.Error(), "num.io.threads is 8, not 3") {
		t.Errorf("a setting that differs: %v", err)
	}
	c.containers.declared[0] = declared
}

func TestABrokerThatDiesIsToldWithItsLastWords(t *testing.T) {
	job := inContainers(t, 1, 1<<40)
	up := opened(t, job)
	c, err := up.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	job.Load.Begin(time.Now())
	if err := up.up.brokers[0].Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = c.Wait(t.Context())
	if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), "kafka-1: the container ended") ||
		!strings.Contains(err.Error(), "| ") {
		t.Errorf("%v", err)
	}
	c.Close() // its topics cannot be deleted any more
}

// One of three may go at any time: acknowledged is what two have.
func TestThreeBrokersBearTheLossOfOne(t *testing.T) {
	const n = 200_000
	job := inContainers(t, 3, n)
	job.Broken = true
	up := opened(t, job)
	job.Load = adapters.NewLoad(nil, 1)
	job.Load.Limit(n)
	deployed, err := up.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	c := deployed.(accounted)
	meta, err := kadm.NewClient(c.admin).Metadata(t.Context(), c.topics.Input)
	if err != nil {
		t.Fatal(err)
	}
	inForce, err := readSettings(t.Context(), kadm.NewClient(c.admin), c.topics.Input)
	if err != nil || inForce["min.insync.replicas"] != "2" {
		t.Errorf("replicas in sync: %s, %v", inForce["min.insync.replicas"], err)
	}
	for _, p := range meta.Topics[c.topics.Input].Partitions {
		if len(p.Replicas) != 3 || len(p.ISR) != 3 {
			t.Errorf("partition %d: replicas %v, in sync %v", p.Partition, p.Replicas, p.ISR)
		}
	}
	if err := up.up.brokers[2].Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	job.Load.Begin(time.Now())
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkInput(t, c.channel, job, n)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestEveryBrokerHasItsPlaceInTheCluster(t *testing.T) {
	own := nodeProperties(1, 3, "127.0.0.1:40001")
	for key, want := range map[string]string{
		"node.id":                    "2",
		"controller.quorum.voters":   "1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093",
		"advertised.listeners":       "INTERNAL://kafka-2:9092,HOST://127.0.0.1:40001",
		"default.replication.factor": "3", "min.insync.replicas": "2",
		"transaction.state.log.min.isr": "2",
	} {
		if own[key] != want {
			t.Errorf("%s = %q, not %q", key, own[key], want)
		}
	}
	common := image.Properties()
	for key := range own {
		if common[key] == "" {
			t.Errorf("%s is of one broker, and the image has no value for it", key)
		}
	}
	if id := clusterID("run"); len(id) != 22 || id == clusterID("another") {
		t.Errorf("cluster id %q", id)
	}
}

func TestTheFirstSettingThatDiffersIsNamed(t *testing.T) {
	declared := map[string]string{"a": "1", "b": "2"}
	for _, c := range []struct {
		inForce map[string]string
		says    string
	}{
		{map[string]string{"a": "1", "b": "2", "c": "3"}, ""},
		{map[string]string{"a": "1", "b": "3"}, "setting b is 3, not 2"},
		{map[string]string{"b": "3"}, "setting a is not told, and was to be 1"},
	} {
		err := differing(declared, c.inForce)
		if (err == nil) != (c.says == "") || (err != nil && err.Error() != c.says) {
			t.Errorf("%v: %v, not %q", c.inForce, err, c.says)
		}
	}
}

func TestTheHeapLeavesRoomForThePagesOfTheLog(t *testing.T) {
	for _, c := range []struct {
		cpus    float64
		memoryB uint64
		want    string
	}{
		{1, 1 << 30, "-Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"},
		{4, 32 << 30, "-Xms3072m -Xmx6144m"},
		{0, 384 << 20, "-Xms96m -Xmx192m"},
	} {
		if got := javaOptions(c.cpus, c.memoryB); got != c.want {
			t.Errorf("%v cpus, %d bytes: %s, not %s", c.cpus, c.memoryB, got, c.want)
		}
	}
}
