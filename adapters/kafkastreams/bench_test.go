package kafkastreams

import (
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka"
)

// BenchmarkDrain drains a topic that was filled before, exactly once, with a changelog and state in
// memory: one worker with two threads. It is warm from the second time on:
//
//	go test ./adapters/kafkastreams -run XXX -bench Drain -benchtime 3x
func BenchmarkDrain(b *testing.B) {
	dockertest.NeedImages(b, neededImages()...)
	adaptertest.Drain(b, adaptertest.Subject{
		Adapter: Adapter{}, Transport: kafka.Transport{},
		Job: adapters.Job{
			Broker:     adapters.Broker{At: kafka.AtContainer},
			WorkerCPUs: 2, MemoryB: 1536 << 20, Checkpoint: time.Second,
			Own: adapters.Own{Image: otherImage()},
		},
	}, 5_000_000)
}
