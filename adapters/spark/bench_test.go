package spark

import (
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/image"
)

// BenchmarkDrain drains a topic that was filled before, delivered at least once: one driver with two
// slots. It takes some rounds to be warm:
//
//	go test ./adapters/spark -run XXX -bench Drain -benchtime 4x
func BenchmarkDrain(b *testing.B) {
	dockertest.NeedImages(b, image.Image(), Image())
	adaptertest.Drain(b, adaptertest.Subject{
		Adapter: Adapter{}, Transport: kafka.Transport{}, Claim: atLeastOnce,
		Job: adapters.Job{
			Broker:     adapters.Broker{At: kafka.AtContainer},
			WorkerCPUs: 2, MemoryB: 2048 << 20, Checkpoint: time.Second,
		},
	}, 5_000_000)
}
