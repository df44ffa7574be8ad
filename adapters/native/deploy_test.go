package native

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/chaos"
)

// TestNoSystemIsReturnedWhereNoneWasDeployed looks at the interface that a caller compares with nil.
func TestNoSystemIsReturnedWhereNoneWasDeployed(t *testing.T) {
	c := crewOf{workload: sensors(t, "10"), rate: 1000, workers: 2, guarantee: exactlyOnce,
		interval: time.Second, format: "binary"}.prepare(t)
	c.job.StateDir = "/dev/null/state"
	s, err := Adapter{}.Deploy(t.Context(), c.job)
	if err == nil {
		t.Fatal("deployed in a folder that cannot be made")
	}
	if s != nil {
		t.Errorf("beside the error %v there is a system %T", err, s)
	}
}

// taken is a network on which the place of one node is another's.
type taken struct {
	chaos.Network
	address string
}

func (n taken) Listen(node string) (string, error) {
	if node == "worker-2" {
		return n.address, nil
	}
	return n.Network.Listen(node)
}

// TestAPortThatIsTakenIsTold has a stranger listen where a worker is to.
func TestAPortThatIsTakenIsTold(t *testing.T) {
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	direct, err := chaos.NewNetwork(t.Context(), chaos.PlaneDirect, t.Name(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	c := crewOf{workload: sensors(t, "10"), rate: 1000, workers: 2, guarantee: exactlyOnce,
		interval: time.Second, format: "binary",
		network: taken{direct, stranger.Addr().String()}}.prepare(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Adapter{}.Deploy(ctx, c.job)
	if err == nil {
		s.Close()
		t.Fatal("deployed on a port that is taken")
	}
	for _, want := range []string{"worker-2", "address already in use"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}
