package native

import (
	"os"
	"slices"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/kafkatest"
)

// TestKit examines native as every adapter is examined: embedded, and on brokers.
func TestKit(t *testing.T) {
	t.Run("embedded transport", func(t *testing.T) {
		adaptertest.Run(t, adaptertest.Subject{
			Adapter: Adapter{}, Boundary: adaptertest.Inclusive,
		}, adaptertest.Options{})
	})
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		adaptertest.Run(t, adaptertest.Subject{
			Adapter: Adapter{}, Transport: kafka.Transport{}, Boundary: adaptertest.Inclusive,
			Job: adapters.Job{Broker: adapters.Broker{At: at}},
		}, adaptertest.Options{})
	})
}

// TestKitOfWorkerProcesses examines the cluster, which has settings to read back.
func TestKitOfWorkerProcesses(t *testing.T) {
	cases, err := adaptertest.Cases(os.Getenv("STREAMBENCH_KIT"))
	if err != nil {
		t.Fatal(err)
	}
	// Workers are told a workload by its name in the catalog.
	cases = slices.DeleteFunc(slices.Clone(cases), func(c adaptertest.Case) bool {
		return c.Template != nil
	})
	adaptertest.Run(t, adaptertest.Subject{
		Adapter: Adapter{}, Transport: kafka.Transport{}, Boundary: adaptertest.Inclusive,
		Job: adapters.Job{
			Workers: 2, Profile: "equal-detection", Settings: map[string]string{"heartbeat": "1s"},
		},
		Reads:   map[string]string{"heartbeat": "1s", "heartbeat.timeout": "6s", "workers": "2"},
		Refused: map[string]string{"heartbeets": "1s", "heartbeat.timeout": "1s"},
	}, adaptertest.Options{Cases: cases})
}
