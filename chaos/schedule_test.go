package chaos

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// cluster is a ground with some workers, a coordinator and brokers.
func cluster(workers, brokers int) Ground {
	g := Ground{Seed: 1, From: 5 * time.Second, Steady: time.Minute}
	for i := range workers {
		g.Nodes = append(g.Nodes, Node{fmt.Sprintf("worker-%d", i+1), Worker})
	}
	g.Nodes = append(g.Nodes, Node{"coordinator", Coordinator})
	for i := range brokers {
		g.Nodes = append(g.Nodes, Node{fmt.Sprintf("broker-%d", i+1), Broker})
	}
	return g
}

func scheduled(t *testing.T, g Ground, declared ...Declaration) Schedule {
	t.Helper()
	s, err := NewSchedule(declared, g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sidesOf(t *testing.T, items ...string) *Partition {
	t.Helper()
	p, err := ParseSides(items)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestTheSameSeedGivesTheSameSchedule(t *testing.T) {
	declared := []Declaration{
		{At: 12 * time.Second, Kill: "worker", Restart: time.Second},
		{At: 20 * time.Second, Partition: sidesOf(t, "minority | majority"), For: time.Second},
		{At: 25 * time.Second, Pause: "worker", For: time.Second},
		{Random: &Random{Seed: 7, Count: 6}},
		{When: "checkpoint.3.started+200ms", Lose: "worker"},
	}
	g := cluster(5, 1)
	first := scheduled(t, g, declared...)
	differ := false
	for seed := range uint64(20) {
		g.Seed = seed
		again := scheduled(t, g, declared...)
		if !reflect.DeepEqual(again, scheduled(t, g, declared...)) {
			t.Fatalf("seed %d gives two schedules", seed)
		}
		differ = differ || again.Faults[0].Picked[0] != first.Faults[0].Picked[0]
	}
	if !differ {
		t.Error("every seed picks the same worker")
	}
	if got := first.Faults[0]; got.ID != 1 || got.At != 17*time.Second ||
		got.Text != "kill "+got.Picked[0].Name {
		t.Errorf("first fault %+v", got)
	}
}

func TestAWorkerThatIsAwayIsNotPickedAgain(t *testing.T) {
	for seed := range uint64(50) {
		g := cluster(3, 0)
		g.Seed = seed
		s := scheduled(t, g,
			Declaration{At: 10 * time.Second, Kill: "worker-2"},
			Declaration{At: 20 * time.Second, Pause: "worker", For: 5 * time.Second},
			Declaration{At: 22 * time.Second, Kill: "worker"},
			Declaration{At: 26 * time.Second, Pause: "worker", For: time.Second})
		two, three, four := s.Faults[1].Picked[0], s.Faults[2].Picked[0], s.Faults[3].Picked[0]
		if two.Name == "worker-2" || three.Name == "worker-2" || three == two || four != two {
			t.Errorf("seed %d: after worker-2, %s, %s and %s are picked", seed, two.Name, three.Name,
				four.Name)
		}
	}
}

func TestPartitionsCutTheEdgesBetweenTheirSides(t *testing.T) {
	for _, c := range []struct {
		items   []string
		edges   int
		text    string
		picked  int
		without string // a pair that is not cut
	}{
		{[]string{"worker-1 | rest"}, 2 * 4, "partition worker-1 | rest", 1, "worker-2 worker-3"},
		{[]string{"worker-1", "worker-2 | rest"}, 2 * 2 * 3, "partition worker-1, worker-2 | rest", 2,
			"worker-1 worker-2"},
		{[]string{"worker-1 > coordinator"}, 1, "partition worker-1 > coordinator", 2,
			"coordinator worker-1"},
		{[]string{"worker-1 | worker-2"}, 2, "partition worker-1 | worker-2", 2, "worker-1 worker-3"},
	} {
		f := scheduled(t, cluster(4, 0), Declaration{
			At: 10 * time.Second, For: time.Second, Partition: sidesOf(t, c.items...),
		}).Faults[0]
		if len(f.Edges) != c.edges || f.Text != c.text || len(f.Picked) != c.picked {
			t.Errorf("%v: %q cuts %v, picked %v", c.items, f.Text, f.Edges, f.Picked)
		}
		from, to, _ := strings.Cut(c.without, " ")
		if slices.Contains(f.Edges, Edge{from, to}) {
			t.Errorf("%v cuts %s", c.items, c.without)
		}
	}
}

// TestACoordinatorStandsWithTheLargerSide holds for workers that are split by number.
func TestACoordinatorStandsWithTheLargerSide(t *testing.T) {
	for seed := range uint64(20) {
		g := cluster(5, 0)
		g.Seed = seed
		for _, text := range []string{"minority | majority", "majority | minority"} {
			f := scheduled(t, g, Declaration{
				At: 10 * time.Second, For: time.Second, Partition: sidesOf(t, text),
			}).Faults[0]
			cut := map[string]int{}
			for _, e := range f.Edges {
				cut[e.From]++
			}
			// Two workers against three and the coordinator.
			if len(f.Edges) != 2*2*4 || cut["coordinator"] != 2 {
				t.Fatalf("seed %d: %s cuts %v", seed, text, f.Edges)
			}
		}
	}
}

func TestABridgeIsSeenByBothHalves(t *testing.T) {
	f := scheduled(t, cluster(5, 0), Declaration{
		At: 10 * time.Second, For: time.Second, Partition: &Partition{Bridge: "worker-3"},
	}).Faults[0]
	for _, e := range f.Edges {
		if e.From == "worker-3" || e.To == "worker-3" {
			t.Errorf("the bridge is cut: %v", e)
		}
		if !slices.Contains(f.Edges, Edge{e.To, e.From}) {
			t.Errorf("%v is cut one way", e)
		}
	}
	if len(f.Edges) != 2*3*2 {
		t.Errorf("%d edges are cut between three and two nodes", len(f.Edges))
	}
}

func TestARingLeavesNeighbours(t *testing.T) {
	f := scheduled(t, cluster(5, 0), Declaration{
		At: 10 * time.Second, For: time.Second, Partition: &Partition{Ring: true},
	}).Faults[0]
	if len(f.Edges) != 5*2 || slices.Contains(f.Edges, Edge{"worker-1", "worker-5"}) {
		t.Errorf("a ring of five cuts %v", f.Edges)
	}
}

func TestFaultsWithoutANodeAreNotApplicable(t *testing.T) {
	for _, d := range []Declaration{
		{Kill: "broker-1"}, {Kill: "worker-9"}, {Lose: "leader-of input/0"},
		{Kill: "txn-coordinator"}, {Pause: "minority", For: time.Second},
		{Partition: &Partition{Ring: true}, For: time.Second},
		{Partition: sidesOf(t, "worker-1 | broker"), For: time.Second},
		{Link: &Link{Between: []Selector{"worker-1", "broker-1"}, Delay: 1}, For: time.Second},
	} {
		d.At = 10 * time.Second
		g := cluster(2, 0)
		s := scheduled(t, g, d, Declaration{At: 20 * time.Second, Kill: "worker-1"})
		if !errors.Is(s.Lacking[1], errors.ErrUnsupported) || s.Faults[0].Text == "" {
			t.Errorf("%+v is scheduled as %+v: %v", d, s.Faults[0], s.Lacking[1])
		}
		if len(s.Faults) != 2 || s.Lacking[2] != nil {
			t.Errorf("the fault behind it is %+v", s.Faults[1:])
		}
	}
}

func TestTextsSayWhatBreaks(t *testing.T) {
	for want, d := range map[string]Declaration{
		"kill coordinator":                         {Kill: "coordinator"},
		"lose worker-2":                            {Lose: "worker-2"},
		"disk worker-1 slow 20ms":                  {Disk: &Disk{Node: "worker-1", Slow: 20 * time.Millisecond}},
		"disk worker-1 full":                       {Disk: &Disk{Node: "worker-1", Full: true}},
		"clock worker-1 step -5s":                  {Clock: &Clock{Node: "worker-1", Step: -5 * time.Second}},
		"pressure worker-1 cpus 0.2":               {Pressure: &Pressure{Node: "worker-1", CPUs: 0.2}},
		"link worker-1, worker-2 delay 1s loss 2%": {Link: &Link{Between: []Selector{"worker-1", "worker-2"}, Delay: time.Second, Loss: 0.02}},
		"poison 10":                                {Poison: 10},
	} {
		d.At, d.For = 10*time.Second, time.Second
		if got := scheduled(t, cluster(3, 0), d).Faults[0].Text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestRandomSchedulesHaveABaselineAndRoomToHeal is for every seed, number of faults and length.
func TestRandomSchedulesHaveABaselineAndRoomToHeal(t *testing.T) {
	verbs := map[Verb]bool{}
	for seed := range uint64(300) {
		g := cluster(1+int(seed%6), int(seed%2))
		g.Steady = time.Duration(30+seed%100) * time.Second
		g.Safety = Safety{MaxNodes: 2, MaxDuration: 6 * time.Second}
		r := Random{Seed: seed, Count: 1 + int(seed%6)}
		all, err := r.Draw(g)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) < r.Count {
			t.Errorf("seed %d: %d of %d faults", seed, len(all), r.Count)
		}
		ends := Baseline
		for _, f := range scheduled(t, g, all...).Faults {
			verbs[f.Verb] = true
			lasts, healed := f.Healed()
			at := f.At - g.From
			if !healed || at < Baseline || lasts > g.Safety.MaxDuration || at+lasts > g.Steady-time.Second {
				t.Errorf("seed %d: %s at %s for %s in %s of steady", seed, f.Text, at, lasts, g.Steady)
			}
			if f.Verb != VerbPartition && at < ends {
				t.Errorf("seed %d: %s at %s, before what is before it has ended", seed, f.Text, at)
			}
			ends = max(ends, at+lasts)
			for _, n := range f.Picked {
				if n.Role == Broker {
					t.Errorf("seed %d: %s", seed, f.Text)
				}
			}
		}
	}
	if len(verbs) != 6 {
		t.Errorf("verbs drawn: %v", verbs)
	}
}

func TestRandomDrawsTheVerbsAskedFor(t *testing.T) {
	names := []string{"disk", "clock", "pressure", "pause"}
	seen := map[Verb]int{}
	for seed := range uint64(100) {
		all, err := Random{Seed: seed, Verbs: names, Count: 3}.Draw(cluster(3, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			seen[d.Verbs()[0]]++
		}
	}
	for _, n := range names {
		if seen[Verb(n)] < 40 {
			t.Errorf("%s was drawn %d times of 300", n, seen[Verb(n)])
		}
	}
	if len(seen) != len(names) {
		t.Errorf("drawn: %v", seen)
	}
}

// TestSwizzleMendsInAnotherOrder is about all links of a node, each cut once.
func TestSwizzleMendsInAnotherOrder(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(30) {
		g := cluster(3, 0)
		all, err := Random{Seed: seed, Verbs: []string{"swizzle"}, Count: 1}.Draw(g)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 3 {
			t.Fatalf("seed %d: %d links are cut", seed, len(all))
		}
		if !slices.IsSortedFunc(all, func(a, b Declaration) int { return int(a.At - b.At) }) {
			t.Errorf("seed %d: cut at %v", seed, all)
		}
		order := slices.Clone(all)
		slices.SortFunc(order, func(a, b Declaration) int { return int(a.At + a.For - b.At - b.For) })
		text := ""
		for _, d := range order {
			text += fmt.Sprint(slices.IndexFunc(all, func(o Declaration) bool { return o.At == d.At }))
			if d.Partition.Sides[0][0] != all[0].Partition.Sides[0][0] {
				t.Errorf("seed %d: links of two nodes are cut", seed)
			}
		}
		orders[text] = true
	}
	if len(orders) < 5 {
		t.Errorf("links are mended in the orders %v", orders)
	}
}

func TestASteadyTooShortForItsFaultsIsRefused(t *testing.T) {
	g := cluster(3, 0)
	g.Steady = 20 * time.Second
	_, err := NewSchedule([]Declaration{{Random: &Random{Count: 5}}}, g)
	if err == nil || !strings.Contains(err.Error(), "lengthen load.steady to 25s") {
		t.Errorf("error %v", err)
	}
	g.Nodes = g.Nodes[:1]
	_, err = NewSchedule([]Declaration{{Random: &Random{Count: 1, Verbs: []string{"link"}}}}, g)
	if err == nil || !strings.Contains(err.Error(), "raise resources.workers") {
		t.Errorf("error %v", err)
	}
}
