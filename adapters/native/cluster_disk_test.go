package native

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// spoil damages the newest file of a slot's chain in the newest checkpoint.
func (c *crew) spoil(slot int) {
	c.t.Helper()
	dir := filepath.Join(c.job.StateDir, "shared", "checkpoints")
	manifests, err := filepath.Glob(filepath.Join(dir, "manifest-*.json"))
	if err != nil || len(manifests) == 0 {
		c.t.Fatalf("no checkpoint in %s: %v", dir, err)
	}
	raw, err := os.ReadFile(slices.Max(manifests))
	if err != nil {
		c.t.Fatal(err)
	}
	var m checkpoint.Manifest
	_, text, _ := strings.Cut(string(raw), "\n")
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		c.t.Fatal(err)
	}
	files := m.Parts[slot].Files
	path := filepath.Join(dir, files[len(files)-1].Name)
	body, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	body[len(body)/2] ^= 0x10
	if err := os.WriteFile(path, body, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// failure waits for the end and returns why it has come.
func (c *crew) failure() string {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(60 * time.Second):
		c.t.Fatal("it goes on")
	}
	err := c.Wait(c.t.Context())
	if err == nil {
		c.t.Fatal("it has ended as if nothing were wrong")
	}
	return err.Error()
}

// seldom is a crew that makes checkpoints seldom, so that a test has time between two.
func seldom(t *testing.T, guarantee string) crewOf {
	o := exactlyOnceCrew(t)
	o.guarantee, o.interval = guarantee, 1500*time.Millisecond
	return o
}

// spoilt is a crew with two checkpoints, of which the newer one cannot be read, and a lost worker.
func spoilt(t *testing.T, guarantee string) *crew {
	c := seldom(t, guarantee).start(t)
	c.await(record.MilestoneCommit, 2)
	c.spoil(1)
	c.signal(c.owner(), syscall.SIGKILL)
	return c
}

func TestASpoiltCheckpointEndsAnExactlyOnceRun(t *testing.T) {
	why := spoilt(t, exactlyOnce).failure()
	for _, part := range []string{"restore checkpoint", "damaged", "going further back"} {
		if !strings.Contains(why, part) {
			t.Errorf("it does not say %q: %s", part, why)
		}
	}
}

func TestASpoiltCheckpointIsPassedOverAtLeastOnce(t *testing.T) {
	c := spoilt(t, "at-least-once")
	c.await(record.MilestoneTorn, 1)
	c.await(record.MilestoneResumed, 1)
	c.results(1000)
	c.job.Load.LimitHere(1)
	l := c.end()
	if l.Lost+l.Wrong+l.Phantom+l.Unexplained > 0 || l.Duplicated == 0 {
		t.Errorf("ledger %+v", l)
	}
}

func TestADiskFullFromTheStartEndsTheRun(t *testing.T) {
	c := seldom(t, exactlyOnce).start(t)
	for _, n := range []string{"worker-1", "worker-2", "worker-3"} {
		if err := c.SetDisk(t.Context(), n, chaos.Disk{Full: true}); err != nil {
			t.Fatal(err)
		}
	}
	if why := c.failure(); !strings.Contains(why, "first checkpoint") ||
		!strings.Contains(why, "no space left") {
		t.Errorf("it says %s", why)
	}
}

// A disk that is full for a while costs checkpoints and no result.
func TestADiskFullForAWhileLosesNothing(t *testing.T) {
	c := exactlyOnceCrew(t).start(t)
	c.await(record.MilestoneCommit, 3)
	victim := c.owner()
	if err := c.SetDisk(t.Context(), victim, chaos.Disk{Full: true}); err != nil {
		t.Fatal(err)
	}
	c.await(record.MilestoneAbandoned, 3)
	if err := c.SetDisk(t.Context(), victim, chaos.Disk{}); err != nil {
		t.Fatal(err)
	}
	c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+2)
	c.kill()
	c.goOn()
	right(t, c.end())
}

func TestStateBeyondItsLimitEndsTheRun(t *testing.T) {
	o := exactlyOnceCrew(t)
	o.workload, o.memoryB = sensors(t, "100000"), 256<<10
	if why := o.start(t).failure(); !strings.Contains(why, "state") ||
		!strings.Contains(why, "worker-") {
		t.Errorf("it says %s", why)
	}
}

// misplaced gives one node an address nobody can listen at.
type misplaced struct {
	chaos.Network
	node string
}

func (m misplaced) Listen(node string) (string, error) {
	if node == m.node {
		return "127.0.0.1:1e9", nil
	}
	return m.Network.Listen(node)
}

func TestANodeThatDiesAtItsStartIsNamed(t *testing.T) {
	for _, node := range []string{"worker-2", "coordinator"} {
		network, err := chaos.NewNetwork(t.Context(), chaos.PlaneDirect, "dies", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer network.Close()
		o := exactlyOnceCrew(t)
		o.network = misplaced{network, node}
		c := o.prepare(t)
		_, err = cluster.Deploy(t.Context(), c.job)
		if err == nil || !strings.Contains(err.Error(), node) ||
			!strings.Contains(err.Error(), "listen") {
			t.Errorf("deploying with a %s that dies: %v", node, err)
		}
	}
}
