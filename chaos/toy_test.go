//go:build linux

package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// limit is how long tests wait for what has to come; it says nothing about how long that should take.
const limit = 60 * time.Second

// toyVariable makes a process of the test binary a node that talks with others, or a tool.
const toyVariable = "STREAMBENCH_TOY"

func init() {
	role, rest, _ := strings.Cut(os.Getenv(toyVariable), " ")
	switch role {
	case "node":
		toyNode(strings.Fields(rest))
	case "tool":
		toyTool(rest)
	default:
		return
	}
	os.Exit(0)
}

// toyNode listens, greets its peers all the time and works a little. It outlives who started it, as
// it has to be ended by somebody, but not a test that has gone wrong.
func toyNode(addresses []string) {
	time.AfterFunc(3*time.Minute, func() { os.Exit(1) })
	if len(addresses) > 0 {
		l, err := net.Listen("tcp", addresses[0])
		if err != nil {
			fmt.Fprintln(os.Stderr, "toy node:", err)
			os.Exit(1)
		}
		go func() {
			for {
				if c, err := l.Accept(); err == nil {
					go io.Copy(c, c)
				}
			}
		}()
		for _, peer := range addresses[1:] {
			go greet(peer)
		}
	}
	fmt.Println("ready")
	for x := 1.0; ; x++ {
		for range 20000 {
			x = math.Sqrt(x + 1)
		}
		time.Sleep(time.Millisecond)
	}
}

func greet(peer string) {
	for {
		c, err := net.DialTimeout("tcp", peer, time.Second)
		for err == nil {
			_, err = c.Write([]byte("hello"))
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

var _ interface {
	System
	Hosted
	Restarter
	Disker
	Sloted
} = (*toys)(nil)

// toys are a system of toy nodes.
type toys struct {
	lease   Lease
	network Network // nil: they talk to nobody
	nodes   []Node

	mu    sync.Mutex
	cmds  map[string]*exec.Cmd
	wiped []string // nodes that were restarted with an empty disk
	disk  Disk
	dir   string
}

func newToys(ctx context.Context, lease Lease, network Network, names ...string) (*toys, error) {
	s := &toys{lease: lease, network: network, cmds: map[string]*exec.Cmd{}, dir: os.TempDir()}
	for _, name := range names {
		role := Worker
		if name == "coordinator" {
			role = Coordinator
		}
		s.nodes = append(s.nodes, Node{Name: name, Role: role})
	}
	for _, name := range names {
		if err := s.Restart(ctx, name, false); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *toys) Nodes() []Node { return s.nodes }

func (s *toys) Slots(node string) []int {
	return []int{slices.IndexFunc(s.nodes, func(n Node) bool { return n.Name == node })}
}

func (s *toys) Process(node string) (Process, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := s.cmds[node]
	if cmd == nil {
		return Process{}, false
	}
	p, err := ProcessOf(cmd.Process.Pid)
	return p, err == nil
}

func (s *toys) Restart(ctx context.Context, node string, wipe bool) error {
	var addresses []string
	if s.network != nil {
		at, err := s.network.Listen(node)
		if err != nil {
			return err
		}
		addresses = []string{at}
		for _, other := range s.nodes {
			if other.Name == node {
				continue
			}
			at, err := s.network.Dial(node, other.Name)
			if err != nil {
				return err
			}
			addresses = append(addresses, at)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), s.lease.Label(),
		toyVariable+"=node "+strings.Join(addresses, " "))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if s.network != nil {
		if err := s.network.Prepare(node, cmd); err != nil {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.cmds[node] = cmd
	if wipe {
		s.wiped = append(s.wiped, node)
	}
	s.mu.Unlock()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		return fmt.Errorf("start %s: %w", node, err)
	}
	go cmd.Wait() // so that none stays a zombie
	return nil
}

// SetDisk and TryDisk stand for the disk of every node.
func (s *toys) SetDisk(_ context.Context, _ string, d Disk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disk = d
	return nil
}

func (s *toys) TryDisk(context.Context, string) (time.Duration, error) {
	s.mu.Lock()
	d := s.disk
	s.mu.Unlock()
	began := time.Now()
	time.Sleep(d.Slow)
	if d.Rate > 0 {
		time.Sleep(time.Duration(float64(TrialBytes*8) / float64(d.Rate) * float64(time.Second)))
	}
	if d.Full {
		return time.Since(began), fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return time.Since(began), nil
}

// eyes are a Prober that looks at processes itself. It sees no edges: it is told what network there
// is to believe in.
type eyes struct {
	now  func() int64
	seen func(e Expectation) error // of the edges; nil for nothing seen
}

func (w *eyes) Watch(string, Process) error { return nil }

func (w *eyes) Await(ctx context.Context, e Expectation) record.Witness {
	for {
		err := w.look(e)
		if err == nil {
			return record.Witness{Holds: true, AtNs: w.now(), Evidence: []string{"seen"}}
		}
		if pause(ctx, time.Millisecond) != nil {
			return record.Witness{Missing: err.Error()}
		}
	}
}

func (w *eyes) look(e Expectation) error {
	for _, p := range e.Gone {
		if p.Alive() {
			return fmt.Errorf("the end of process %d", p.PID)
		}
	}
	for _, p := range e.Stopped {
		before, err := p.vitals()
		time.Sleep(30 * time.Millisecond)
		after, err2 := p.vitals()
		if errors.Join(err, err2) != nil || before.State != 'T' || after.State != 'T' ||
			before.Ticks != after.Ticks {
			return fmt.Errorf("process %d standing still", p.PID)
		}
	}
	for _, p := range e.Throttled {
		if err := throttledNow(p); err != nil {
			return err
		}
	}
	if len(e.Silent)+len(e.Open)+len(e.Slow) == 0 {
		return nil
	}
	if w.seen == nil {
		return errors.New("edges")
	}
	return w.seen(e)
}

// throttledNow waits for a sign that a process is kept from running.
func throttledNow(p Process) error {
	before, _ := throttledNs(p.PID)
	for range 100 {
		v, err := p.vitals()
		if err != nil {
			return err
		}
		after, ok := throttledNs(p.PID)
		if v.State == 'T' || ok && after > before {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("process %d being kept from running", p.PID)
}

// ground is a deployment of toys with an injector.
type ground struct {
	lease    *HeldLease
	toys     *toys
	injector *Injector
}

func newGround(t *testing.T, network func(Lease) Network, names ...string) *ground {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	lease, err := OpenLease(t.Context(), "toys")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lease.Close(); err != nil {
			t.Error(err)
		}
		noResidue(t, lease.Label())
	})
	var n Network
	if network != nil {
		n = network(lease)
	}
	s, err := newToys(t.Context(), lease, n, names...)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) }
	return &ground{lease: lease, toys: s, injector: &Injector{
		System: s, Network: n, Lease: lease, Now: now, Prober: &eyes{now: now},
	}}
}

func (g *ground) process(t *testing.T, node string) Process {
	t.Helper()
	p, ok := g.toys.Process(node)
	if !ok {
		t.Fatalf("%s has no process", node)
	}
	return p
}

func noResidue(t *testing.T, label string) {
	t.Helper()
	left, err := Residue(context.Background(), label)
	if err != nil || len(left) > 0 {
		t.Errorf("residue %q, %v", left, err)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

func stateOf(p Process) byte {
	v, err := p.vitals()
	if err != nil {
		return 0
	}
	return v.State
}
