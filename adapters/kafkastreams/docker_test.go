package kafkastreams

import (
	"os"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/image"
)

// needImages skips a test where this host has not what it takes.
func needImages(t *testing.T) {
	t.Helper()
	dockertest.NeedImages(t, neededImages()...)
}

// otherImage is one to test in the place of that which the sources make.
func otherImage() string { return os.Getenv("STREAMBENCH_KAFKASTREAMS_IMAGE") }

// neededImages are those of the brokers and of the workers.
func neededImages() []docker.Image {
	if otherImage() != "" {
		return []docker.Image{image.Image()}
	}
	return []docker.Image{image.Image(), Image()}
}

// inContainers is a subject whose workers and broker are containers.
func inContainers(workers int) adaptertest.Subject {
	return adaptertest.Subject{
		Adapter:   Adapter{},
		Transport: kafka.Transport{},
		Job: adapters.Job{
			Broker:     adapters.Broker{At: kafka.AtContainer, MemoryB: 768 << 20},
			Partitions: 4, Workers: workers, MemoryB: 768 << 20,
			Settings: map[string]string{"fetch.max.wait.ms": "50"},
			Own:      adapters.Own{Image: otherImage()},
		},
		Reads: map[string]string{
			"fetch.max.wait.ms":                    "50",
			"processing.guarantee":                 "exactly_once_v2",
			"commit.interval.ms":                   "200",
			"group.protocol":                       "classic",
			"consumer.session.timeout.ms":          "45000",
			"topic.query-changelog.retention.ms":   "-1",
			"topic.query-changelog.cleanup.policy": "compact",
			"producer.compression.type":            "none",
			"consumer.isolation.level":             "read_committed",
			"group.state":                          "Stable",
			"num.stream.threads":                   "1",
			"topic.query-changelog.partitions":     "4",
		},
		Refused: map[string]string{
			"bootstrap.servers": "elsewhere:9092",
			"no.such.setting":   "1",
		},
		Boundary: adaptertest.Inclusive,
	}
}

func TestOneWorkerInAContainer(t *testing.T) {
	needImages(t)
	adaptertest.Run(t, inContainers(1), adaptertest.Options{})
}

// Partitions are handed out to two workers, and what one has repartitioned the other reads.
func TestTwoWorkersInContainers(t *testing.T) {
	needImages(t)
	if os.Getenv("STREAMBENCH_KIT") == "" {
		t.Skip("STREAMBENCH_KIT is not set: this is for the larger forms of the kit")
	}
	cases, err := adaptertest.Cases("q5,golden ysb")
	if err != nil {
		t.Fatal(err)
	}
	only := []string{"settings", "exact/q5", "exact/golden ysb", "refused settings"}
	s := inContainers(2)
	s.Job.Settings[groupProtocol] = ofStreams
	s.Reads = map[string]string{groupProtocol: ofStreams, "workers": "2"}
	s.Refused = map[string]string{"session.timeout.ms": "6000"}
	adaptertest.Run(t, s, adaptertest.Options{Cases: cases, Only: only})
}

// Windows in a store of Streams' own answer as those on the heap do, also behind a gap.
func TestWindowsInRocksDB(t *testing.T) {
	needImages(t)
	cases, err := adaptertest.Cases("iot-telemetry,gap,gap q5")
	if err != nil {
		t.Fatal(err)
	}
	s := inContainers(1)
	s.Job.Settings[store] = rocksDB
	s.Reads = map[string]string{
		store: rocksDB, "topic.query-rows-changelog.retention.ms": "-1",
		"topic.query-rows-changelog.cleanup.policy": "compact",
	}
	s.Refused, s.Boundary = map[string]string{store: "disk"}, ""
	adaptertest.Run(t, s, adaptertest.Options{Cases: cases, Only: []string{
		"settings", "exact/iot-telemetry", "exact/gap", "exact/gap q5", "refused settings",
	}})
}

// The example of docs/own-logic.md, in the place of the generic job.
func TestAJobOfTheUsersOwn(t *testing.T) {
	needImages(t)
	s := inContainers(1)
	s.Job.Settings, s.Reads, s.Refused = nil, nil, nil
	adaptertest.RunOwn(t, s, "../../docs/own-logic/kafkastreams")
}
