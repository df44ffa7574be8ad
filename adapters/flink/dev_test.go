package flink

import (
	"os"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/kafka"
)

func TestMain(m *testing.M) {
	kafka.Enter()
	os.Exit(m.Run())
}

func TestDev(t *testing.T) {
	at := os.Getenv("DEV_FLINK")
	if at == "" {
		t.Skip("no cluster")
	}
	workers := 1
	if os.Getenv("DEV_WORKERS") == "2" {
		workers = 2
	}
	adaptertest.Run(t, adaptertest.Subject{
		Adapter: Adapter{program: os.Getenv("STREAMBENCH_FLINK_JOB")}, Transport: kafka.Transport{}, Boundary: adaptertest.Inclusive,
		Job: adapters.Job{Broker: adapters.Broker{At: os.Getenv("STREAMBENCH_KAFKA")},
			Own: adapters.Own{At: at}, Workers: workers, Partitions: 2},
	}, adaptertest.Options{Within: 90 * time.Second})
}
