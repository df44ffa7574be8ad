package chaos

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

var trio = []Node{{"worker-1", Worker}, {"worker-2", Worker}, {"worker-3", Worker}}

// newTestProber looks at a network; its time since T0 is that since the test began.
func newTestProber(t *testing.T, n Network, nodes []Node) *ProberProcess {
	t.Helper()
	t0 := time.Now()
	p, err := NewProber(t.Context(), Probing{
		Network: n, Nodes: nodes, Now: func() int64 { return int64(time.Since(t0)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func await(t *testing.T, p Prober, e Expectation) record.Witness {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w := p.Await(ctx, e)
	if !w.Holds {
		t.Fatalf("not seen: %s\nseen: %q", w.Missing, w.Evidence)
	}
	if w.AtNs < e.SinceNs || len(w.Evidence) == 0 || w.Missing != "" {
		t.Errorf("asked about what came after %d: %+v", e.SinceNs, w)
	}
	return w
}

// unseen asks for a while about what did not happen.
func unseen(t *testing.T, p Prober, e Expectation, missing string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	w := p.Await(ctx, e)
	if w.Holds || !strings.Contains(w.Missing, missing) || w.AtNs != 0 {
		t.Fatalf("witness %+v, want one that misses %q", w, missing)
	}
}

// all are the edges between nodes, split by whether they are among those given.
func all(nodes []Node, of []Edge) (in, out []Edge) {
	given := map[Edge]bool{}
	for _, e := range of {
		given[e] = true
	}
	for _, a := range nodes {
		for _, b := range nodes {
			e := Edge{From: a.Name, To: b.Name}
			switch {
			case a == b:
			case given[e]:
				in = append(in, e)
			default:
				out = append(out, e)
			}
		}
	}
	return in, out
}

// plane is a network that can be cut, as tests need it.
type plane interface {
	Network
	Cutter
}

// TestProberSeesExactlyTheEdgesThatAreCut cuts each kind of partition and mends it again.
func TestProberSeesExactlyTheEdgesThatAreCut(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		nodes := append(trio, Node{"coordinator", Coordinator})
		p := newTestProber(t, n, nodes)
		_, every := all(nodes, nil)
		await(t, p, Expectation{SinceNs: p.now(), Open: every})
		for _, c := range []struct {
			name  string
			edges []Edge
		}{
			{"two ways", []Edge{there, back}},
			{"one way", []Edge{there}},
			{"one of four", []Edge{
				{"worker-3", "worker-1"}, {"worker-3", "worker-2"}, {"worker-3", "coordinator"},
				{"worker-1", "worker-3"}, {"worker-2", "worker-3"}, {"coordinator", "worker-3"},
			}},
			{"ring", []Edge{
				{"worker-1", "worker-3"}, {"worker-3", "worker-1"},
				{"worker-2", "coordinator"}, {"coordinator", "worker-2"},
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				since := p.now()
				cutEdges(t, n, c.edges...)
				silent, open := all(nodes, c.edges)
				await(t, p, Expectation{SinceNs: since, Silent: silent, Open: open})
				unseen(t, p, Expectation{SinceNs: since, Silent: open[:1]}, open[0].String())
				unseen(t, p, Expectation{SinceNs: since, Open: silent[:1]}, "not cut, but")
				since = p.now()
				mendEdges(t, n, c.edges...)
				await(t, p, Expectation{SinceNs: since, Open: every})
			})
		}
	})
}

// onEveryPlane runs a test on each plane that can be had here.
func onEveryPlane(t *testing.T, test func(t *testing.T, n plane)) {
	t.Run(PlaneRelay, func(t *testing.T) {
		t.Parallel() // they wait, most of the time
		test(t, newTestRelay(t))
	})
	t.Run(PlaneNetns, func(t *testing.T) {
		t.Parallel()
		test(t, newTestNetns(t))
	})
}

func TestProberSeesThatTheInjectorDidNothing(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		p := newTestProber(t, n, trio)
		_, every := all(trio, nil)
		await(t, p, Expectation{SinceNs: p.now(), Open: every})
		unseen(t, p, Expectation{SinceNs: p.now(), Silent: []Edge{there}}, "worker-1 to worker-2")
		cutEdges(t, n, there) // but not the way back
		unseen(t, p, Expectation{SinceNs: p.now(), Silent: []Edge{there, back}}, "worker-2 to worker-1")
		unseen(t, p, Expectation{SinceNs: p.now(), Slow: []Edge{back},
			Shape: Shape{Delay: 50 * time.Millisecond}}, "worker-2 to worker-1")
		unseen(t, p, Expectation{SinceNs: p.now(), Silent: []Edge{{"worker-1", "worker-9"}}},
			"nobody probes")
		unseen(t, p, Expectation{SinceNs: p.now()}, "nothing was expected")
	})
}

func TestProberMeasuresDelayAndRate(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		p := newTestProber(t, n, trio)
		_, every := all(trio, nil)
		await(t, p, Expectation{SinceNs: p.now(), Open: every})
		both := []Edge{there, back}
		for _, s := range []Shape{
			{Delay: 50 * time.Millisecond},
			{Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond},
			{Rate: 80_000_000},
			{Delay: 20 * time.Millisecond, Rate: 8_000_000},
		} {
			since := p.now()
			if err := n.Shape(t.Context(), both, s); err != nil {
				t.Fatal(err)
			}
			w := await(t, p, Expectation{SinceNs: since, Slow: both, Shape: s})
			t.Log(s, w.Evidence)
			mendEdges(t, n, both...)
			await(t, p, Expectation{SinceNs: p.now(), Open: every})
			t.Log(time.Duration(p.now() - since))
		}
	})
}

// idler is a process that does nothing, as a node.
func idler(t *testing.T) (*exec.Cmd, Process) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, err := ProcessOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, p
}

func FuzzProberRequests(f *testing.F) {
	f.Add(`{"ask":"see","expect":{"SinceNs":5,"Silent":[{"from":"a","to":"b"}],"Quiet":["a"]}}`)
	f.Add(`{"ask":"see","expect":{"Slow":[{"from":"a","to":"b"}],"Shape":{"rate":1}}}`)
	f.Add(`{"ask":"look","view":{"edges":[{"edge":{},"address":"nowhere"}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "look") || strings.Contains(text, "Gone") {
			return // these take sockets and processes, which this one would not give back
		}
		reply, err := newEye().obey([]byte(text))
		if err == nil && reply.Witness.Holds {
			t.Errorf("%q: it has seen nothing at all, and says %+v", text, reply.Witness)
		}
	})
}

func FuzzConnections(f *testing.F) {
	f.Add("  0: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000 0 0 4711 1")
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range parseConnections(text) {
			if !c.local.IsValid() || !c.remote.IsValid() || c.inode == "" {
				t.Errorf("%q: %+v", text, c)
			}
		}
	})
}
