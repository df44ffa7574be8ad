package flink

import (
	"os"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/kafka"
)

// BenchmarkDrain drains a topic that was filled before, exactly once, with a checkpoint a second:
// one TaskManager with two slots. The cluster is warm from the second time on:
//
//	go test ./adapters/flink -run XXX -bench Drain -benchtime 3x
//
// STREAMBENCH_FLINK and STREAMBENCH_KAFKA name a cluster and a broker that run already.
func BenchmarkDrain(b *testing.B) {
	job := inContainers(1)
	job.Checkpoint, job.WorkerCPUs, job.Partitions = time.Second, 2, 8
	job.MemoryB = 2048 * mebi
	if at := os.Getenv("STREAMBENCH_FLINK"); at != "" {
		job.Own.At, job.Broker.At = at, os.Getenv("STREAMBENCH_KAFKA")
		job.Settings = nil
	} else {
		needImages(b)
	}
	adaptertest.Drain(b, adaptertest.Subject{
		Adapter:   Adapter{program: os.Getenv("STREAMBENCH_FLINK_JOB")},
		Transport: kafka.Transport{}, Job: job,
	}, 10_000_000)
}
