package native

import (
	"os"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/image"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// inContainer is a transport whose broker is in a container. The test is skipped where there is no
// engine or no image of the broker, or fails where STREAMBENCH_REQUIRE asks for docker.
func inContainer(t testing.TB) adapters.Transport {
	t.Helper()
	there := false
	e, err := docker.Connect(t.Context())
	if err == nil {
		defer e.Close()
		there, err = e.Has(t.Context(), image.Image().Ref())
	}
	switch {
	case err == nil && there:
	case strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker"):
		t.Fatalf("no broker in a container: the image is there: %v, %v", there, err)
	default:
		t.Skipf("no broker in a container: the image is there: %v, %v", there, err)
	}
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
