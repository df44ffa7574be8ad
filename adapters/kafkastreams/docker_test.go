package kafkastreams

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/image"
)

// needImages skips a test where no engine has the images, or fails where somebody asks for it.
func needImages(t *testing.T) {
	t.Helper()
	err := lackingFor(t)
	if err == nil {
		return
	}
	if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker") {
		t.Fatal(err)
	}
	t.Skip(err)
}

// otherImage is one to test in the place of that which the sources make.
func otherImage() string { return os.Getenv("STREAMBENCH_KAFKASTREAMS_IMAGE") }

func lackingFor(t testing.TB) error {
	e, err := docker.Connect(t.Context())
	if err != nil {
		return err
	}
	defer e.Close()
	for _, i := range []docker.Image{image.Image(), Image()} {
		if i.Name == Image().Name && otherImage() != "" {
			continue
		}
		there, err := e.Has(t.Context(), i.Ref())
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("image %s is not there: streambench images build %s: %w", i.Ref(),
				i.Name, errors.ErrUnsupported)
		}
	}
	return nil
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

// The example of docs/own-logic.md, in the place of the generic job.
func TestAJobOfTheUsersOwn(t *testing.T) {
	needImages(t)
	s := inContainers(1)
	s.Job.Settings, s.Reads, s.Refused = nil, nil, nil
	adaptertest.RunOwn(t, s, "../../docs/own-logic/kafkastreams")
}
