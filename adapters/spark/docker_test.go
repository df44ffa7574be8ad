package spark

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
	err := lacking(t)
	if err == nil {
		return
	}
	if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker") {
		t.Fatal(err)
	}
	t.Skip(err)
}

func lacking(t *testing.T) error {
	e, err := docker.Connect(t.Context())
	if err != nil {
		return err
	}
	defer e.Close()
	for _, i := range []docker.Image{image.Image(), Image()} {
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

// inContainers is a subject whose nodes and broker are containers.
func inContainers(workers int) adaptertest.Subject {
	return adaptertest.Subject{
		Adapter:   Adapter{},
		Transport: kafka.Transport{},
		Job: adapters.Job{
			Broker:     adapters.Broker{At: kafka.AtContainer, MemoryB: 768 << 20},
			Partitions: 4, Workers: workers, MemoryB: 1280 << 20,
			Settings: map[string]string{
				"spark.task.maxFailures": "3", "spark.sql.streaming.pollingDelay": "5ms",
			},
		},
		Claim: atLeastOnce,
		Reads: map[string]string{
			"spark.task.maxFailures":                      "3",
			"spark.sql.streaming.pollingDelay":            "5ms",
			"spark.network.timeout":                       "120s",
			"spark.sql.streaming.multipleWatermarkPolicy": "min",
			"spark.sql.ansi.enabled":                      "false",
			"trigger":                                     "default",
		},
		Refused: map[string]string{
			"spark.sql.streaming.multipleWatermarkPolicy": "max",
			"spark.sql.streaming.noSuchSetting":           "1",
			"heartbeat.timeout":                           "6 s",
			trigger:                                       "now and then",
		},
		Boundary: adaptertest.Inclusive,
	}
}

func TestOneWorkerInAContainer(t *testing.T) {
	needImages(t)
	adaptertest.Run(t, inContainers(1), adaptertest.Options{})
}

// A master, two workers and a driver: what one worker shuffles the other reads, and both keep state in
// the folder they share.
func TestTwoWorkersInContainers(t *testing.T) {
	needImages(t)
	cases, err := adaptertest.Cases("q5,orders,fraud")
	if err != nil {
		t.Fatal(err)
	}
	s := inContainers(2)
	s.Refused = nil
	adaptertest.Run(t, s, adaptertest.Options{Cases: cases})
}
