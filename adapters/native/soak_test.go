package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// soakVariable is how many faults the soak test draws; soakSeedVariable is the first seed.
const (
	soakVariable     = "STREAMBENCH_SOAK"
	soakSeedVariable = "STREAMBENCH_SOAK_SEED"
)

// soakRound is how many faults one deployment has to bear.
const soakRound = 10

// TestFaultsLoseNothing breaks exactly-once runs by drawn faults, one after the other while results
// go on to be asked for: whatever is killed, lost, paused or cut off, and whenever that is, no
// result may be lost, come twice or be wrong, and nothing may stay behind.
func TestFaultsLoseNothing(t *testing.T) {
	faults, seed := 20, uint64(1)
	if testing.Short() {
		faults = 5
	}
	if n, err := strconv.Atoi(os.Getenv(soakVariable)); err == nil {
		faults = n
	}
	if n, err := strconv.ParseUint(os.Getenv(soakSeedVariable), 10, 64); err == nil {
		seed = n
	}
	for from := 0; from < faults; from += soakRound {
		before := holdings()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			soak(t, seed, min(soakRound, faults-from))
		})
		letGo(t, before)
		seed++
	}
}

func soak(t *testing.T, seed uint64, faults int) {
	draw := rand.New(rand.NewPCG(seed, 0))
	lease, err := chaos.OpenLease(t.Context(), t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lease.Close(); err != nil {
			t.Error(err)
		}
		left, err := chaos.Residue(context.Background(), lease.Label())
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}()
	network, err := chaos.NewNetwork(t.Context(), chaos.PlaneRelay, t.Name(), lease)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	c := crewOf{
		workload: sensors(t, "2000"), rate: 40_000, workers: 3, guarantee: exactlyOnce,
		interval: time.Duration(50+draw.IntN(150)) * time.Millisecond, format: "binary",
		settings: map[string]string{"heartbeat": "100ms", "heartbeat.timeout": "800ms"},
		network:  network, lease: lease,
	}.start(t)
	defer c.Close()
	now := func() int64 { return c.job.Load.NowNs() }
	prober, err := chaos.NewProber(t.Context(), chaos.Probing{
		Network: network, Nodes: c.Nodes(), Now: now, Lease: lease,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer prober.Close()
	injector := &chaos.Injector{
		System: c.System, Network: network, Lease: lease, Prober: prober, Now: now,
	}
	for i := range faults {
		c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+1+draw.IntN(3))
		p := drawFault(draw, i+1, c.Nodes())
		p.At = time.Duration(now())
		f := injector.Inject(t.Context(), p)
		t.Logf("%d: %s: %+v", p.ID, p.Text, f.Witness)
		if f.Error != "" || f.Unsupported != "" {
			t.Errorf("%s: %s%s", p.Text, f.Error, f.Unsupported)
		}
		if f.Witness == nil || !f.Witness.Holds {
			t.Errorf("%s has no witness: %+v", p.Text, f.Witness)
		}
		time.Sleep(time.Duration(draw.IntN(1500)) * time.Millisecond)
		if h := injector.Heal(t.Context(), p); h.Error != "" {
			t.Errorf("heal %s: %s", p.Text, h.Error)
		}
	}
	c.await(record.MilestoneCommit, c.count(record.MilestoneCommit)+2)
	c.job.Load.LimitHere(1)
	right(t, c.end())
}

// drawFault draws what is broken next.
func drawFault(draw *rand.Rand, id int, nodes []chaos.Node) chaos.Planned {
	victim := nodes[draw.IntN(len(nodes))]
	p := chaos.Planned{ID: id, Picked: []chaos.Node{victim}}
	var others []chaos.Edge
	for _, n := range nodes {
		if n != victim {
			others = append(others, chaos.Edge{From: victim.Name, To: n.Name},
				chaos.Edge{From: n.Name, To: victim.Name})
		}
	}
	switch draw.IntN(5) {
	case 0:
		p.Verb, p.Restart = chaos.VerbKill, time.Millisecond
	case 1:
		p.Verb, p.Restart = chaos.VerbLose, time.Millisecond
	case 2:
		p.Verb, p.For = chaos.VerbPause, time.Millisecond
	case 3:
		p.Verb, p.For, p.Edges = chaos.VerbPartition, time.Millisecond, others
	default:
		p.Verb, p.For, p.Edges = chaos.VerbPartition, time.Millisecond, others[:1]
	}
	p.Text = fmt.Sprintf("%s %s", p.Verb, victim.Name)
	if p.Verb == chaos.VerbPartition {
		p.Text += fmt.Sprintf(" (%d edges)", len(p.Edges))
	}
	return p
}
