package flink

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/image"
	"github.com/streambench/streambench/chaos"
)

// TestMain lets the test binary be what undoes deployments.
func TestMain(m *testing.M) {
	kafka.Enter()
	chaos.Enter()
	os.Exit(m.Run())
}

// needImages skips a test where this host has not what it takes.
func needImages(t testing.TB) {
	t.Helper()
	dockertest.NeedImages(t, Image(), image.Image())
}

// inContainers is what jobs of the kit begin as, with the brokers in a container too.
func inContainers(workers int) adapters.Job {
	return adapters.Job{
		Broker: adapters.Broker{At: kafka.AtContainer, MemoryB: 768 * mebi}, Workers: workers,
		MemoryB: 1200 * mebi, Settings: map[string]string{"heartbeat.timeout": "30 s"},
	}
}

// TestKit examines Flink in containers as every adapter is examined: one cluster serves all jobs.
func TestKit(t *testing.T) {
	needImages(t)
	adaptertest.Run(t, adaptertest.Subject{
		Adapter: Adapter{}, Transport: kafka.Transport{}, Boundary: adaptertest.Inclusive,
		Job: inContainers(1),
		Reads: map[string]string{
			"heartbeat.timeout": "30 s", "heartbeat.interval": "10 s", "parallelism": "1",
			"state.backend.type": "hashmap", "execution.checkpointing.interval": "200 ms",
		},
		// The first is refused before anything starts, the second kills the TaskManager.
		Refused: map[string]string{
			"taskmanager.numberOfTaskSlots": "4", "taskmanager.network.netty.num-arenas": "some",
		},
		Inventory: containers,
	}, adaptertest.Options{Within: 5 * time.Minute})
}

// containers lists containers, networks and volumes of streambench.
func containers(ctx context.Context) (all []string, err error) {
	for _, list := range [][]string{
		{"ps", "-a", "--filter", "label=streambench", "--format", "container {{.Names}}"},
		{"network", "ls", "--filter", "label=streambench", "--format", "network {{.Name}}"},
		{"volume", "ls", "--filter", "label=streambench", "--format", "volume {{.Name}}"},
	} {
		out, err := exec.CommandContext(ctx, "docker", list...).Output()
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Fields(strings.ReplaceAll(string(out), " ", "=")) {
			// Other tests use this engine at the same time.
			if strings.Contains(line, "kit-"+pid()) {
				all = append(all, line)
			}
		}
	}
	return all, nil
}
