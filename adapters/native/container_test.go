package native

import (
	"os"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker/dockertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/image"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// inContainer is a transport whose broker is in a container. The test is skipped where there is no
// engine or no image of the broker, or fails where STREAMBENCH_REQUIRE asks for docker.
func inContainer(t testing.TB) adapters.Transport {
	t.Helper()
	dockertest.NeedImages(t, image.Image())
	up, err := kafka.Transport{}.Open(t.Context(), adapters.Job{
		RunID: "native-containers", Broker: adapters.Broker{At: kafka.AtContainer},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := up.Close(); err != nil {
			t.Error(err)
		}
	})
	return up
}

// One broker in a container serves all of them, one after the other.
func TestTheGoldenVectorsComeThroughABrokerInAContainer(t *testing.T) {
	by := inContainer(t)
	for i, v := range workloadstest.Golden {
		t.Run(v.Name, func(t *testing.T) {
			if os.Getenv("STREAMBENCH_KIT") == "" && i%6 != 2 {
				t.Skip("one vector in six, where STREAMBENCH_KIT is not set")
			}
			job, j := onKafka(t, v.Bind(t), v.Events, kafka.AtContainer)
			inTurn(&job, i)
			j.by = by
			v.Check(t, answered(t, job, j, v.Events))
		})
	}
}
