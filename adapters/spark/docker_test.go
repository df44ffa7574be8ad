package spark

import (
	"context"
	"errors"
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
	dockertest.NeedImages(t, image.Image(), Image())
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
// the folder they share. Five virtual machines on two cores take minutes, so this is for whoever asks
// for more than the first cases.
func TestTwoWorkersInContainers(t *testing.T) {
	needImages(t)
	if os.Getenv("STREAMBENCH_KIT") == "" {
		t.Skip("STREAMBENCH_KIT is not set: two workers are examined with the larger forms of the kit")
	}
	cases, err := adaptertest.Cases("q5,orders,fraud")
	if err != nil {
		t.Fatal(err)
	}
	s := inContainers(2)
	s.Refused = nil
	adaptertest.Run(t, s, adaptertest.Options{Cases: cases})
}

// apart is a cluster that the test starts by itself, on the network of the brokers, and an adapter
// that is told where it is.
type apart struct {
	Adapter
	t *testing.T
}

// Open starts the cluster before the host that goes to it.
func (a apart) Open(ctx context.Context, job adapters.Job) (adapters.Host, error) {
	e, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	a.t.Cleanup(func() { e.Close() })
	d, err := e.NewDeployment(ctx, docker.DeploymentConfig{
		RunID: job.RunID + "-apart", Network: job.Topics.Network,
	})
	if err != nil {
		return nil, err
	}
	c := &containers{engine: e, deployment: d}
	if err := c.startCluster(ctx, job); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	h, err := a.Adapter.Open(ctx, job)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return apartHost{h, d}, nil
}

// apartHost closes the cluster behind the host.
type apartHost struct {
	adapters.Host
	cluster *docker.Deployment
}

func (h apartHost) Close() error { return errors.Join(h.Host.Close(), h.cluster.Close()) }

// A cluster that runs already is named by its master. Its one worker keeps state in a folder of its
// own, which need not be the driver's as long as there is only one.
func TestAClusterThatRunsAlready(t *testing.T) {
	adaptertest.InTime(t)
	needImages(t)
	cases, err := adaptertest.Cases("q5")
	if err != nil {
		t.Fatal(err)
	}
	s := inContainers(1)
	s.Adapter = apart{t: t}
	s.Job.Own.At = "spark://" + masterName + ":7077"
	s.Job.Settings[checkpoints] = "file:///tmp/checkpoints"
	s.Refused, s.Boundary = nil, ""
	// What the job does with odd events is examined where the nodes are ours.
	adaptertest.Run(t, s, adaptertest.Options{
		Cases: cases, Only: []string{"settings", "exact/q5"},
	})
}
