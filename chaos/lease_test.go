//go:build linux

package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// act on what a tool that dies has in its hands.
var doomed = map[string]Planned{
	"deployed":  {},
	"kill":      {Verb: VerbKill},
	"stop":      {Verb: VerbStop},
	"lose":      {Verb: VerbLose},
	"pause":     {Verb: VerbPause},
	"partition": {Verb: VerbPartition, Edges: []Edge{{"worker-1", "worker-2"}, {"worker-2", "worker-1"}}},
	"link": {
		Verb: VerbLink, Edges: []Edge{{"worker-1", "worker-2"}, {"worker-2", "worker-1"}},
		Shape: Shape{Delay: 100 * time.Millisecond},
	},
	"disk":     {Verb: VerbDisk, Disk: Disk{Slow: time.Millisecond}},
	"pressure": {Verb: VerbPressure, Pressure: Pressure{CPUs: 0.05}},
	"memory":   {Verb: VerbPressure, Pressure: Pressure{Memory: 64 << 20}},
	"throttle": {Verb: VerbPressure, Pressure: Pressure{CPUs: 0.05}},
	"coordinator": {
		Verb: VerbPause, Picked: []Node{{Name: "coordinator", Role: Coordinator}},
	},
}

// toyTool deploys nodes, breaks something, says so, and waits to be killed.
func toyTool(what string) {
	time.AfterFunc(3*time.Minute, func() { os.Exit(1) })
	if err := breakSomething(what); err != nil {
		fmt.Println("error:", err)
		return
	}
	for range time.Tick(time.Second) {
		// What it would do next: a lease that was taken away says so.
	}
}

func breakSomething(what string) error {
	ctx := context.Background()
	lease, err := OpenLease(ctx, "doomed")
	if err != nil {
		return err
	}
	network, err := NewNetwork(ctx, PlaneRelay, "doomed", lease)
	if err != nil {
		return err
	}
	s, err := newToys(ctx, lease, network, "worker-1", "worker-2", "coordinator")
	if err != nil {
		return err
	}
	folder := filepath.Join(os.TempDir(), NameFor(lease.Label(), "state"))
	if _, err := lease.Add(Undo{Op: OpRemove, Path: folder}); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(folder, "checkpoints"), 0o755); err != nil {
		return err
	}
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) }
	prober, err := NewProber(ctx, Probing{Network: network, Nodes: s.Nodes(), Now: now, Lease: lease})
	if err != nil {
		return err
	}
	i := &Injector{System: s, Network: network, Lease: lease, Now: now, Prober: prober}
	p := doomed[what]
	p.ID = 1
	if p.Picked == nil {
		p.Picked = worker("worker-1")
	}
	switch {
	case what == "throttle":
		f, t := newPressure(p).(*pressure), i.target(p)
		if err := f.prepare(ctx, t); err != nil {
			return err
		}
		if err := f.throttled(ctx, t); err != nil {
			return err
		}
	case p.Verb != "":
		// Memory is not refused before somebody asks for more: that witness is not waited for.
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if p.Pressure.Memory > 0 {
			time.AfterFunc(time.Second, cancel)
		}
		if f := i.Inject(ctx, p); f.Error != "" || f.Unsupported != "" {
			return fmt.Errorf("%+v", f)
		}
	}
	fmt.Println("broken", lease.Label(), s.cmds["worker-2"].Process.Pid)
	return nil
}

// believed is a network that breaks nothing.
type believed struct{}

func (believed) Plane() string                              { return "believed" }
func (believed) Listen(string) (string, error)              { return "127.0.0.1:0", nil }
func (believed) Dial(string, string) (string, error)        { return "127.0.0.1:1", nil }
func (believed) Prepare(string, *exec.Cmd) error            { return nil }
func (believed) Cut(context.Context, []Edge) error          { return nil }
func (believed) Shape(context.Context, []Edge, Shape) error { return nil }
func (believed) Mend(context.Context, []Edge) error         { return nil }

// startTool starts a tool and waits until it has broken something.
func startTool(t *testing.T, what string) (tool *exec.Cmd, label string, witness Process) {
	t.Helper()
	tool = exec.Command(os.Args[0])
	tool.Env = append(os.Environ(), toyVariable+"=tool "+what)
	tool.Stderr = os.Stderr
	out, err := tool.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tool.Process.Kill()
		tool.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 || words[0] != "broken" {
		t.Fatalf("%q, %v", line, err)
	}
	var pid int
	fmt.Sscan(words[2], &pid)
	witness, err = ProcessOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	return tool, words[1], witness
}

// TestNothingIsLeftOfAToolThatWasKilled kills the tool in every fault: the reaper has to leave
// nothing, whatever state it was in.
func TestNothingIsLeftOfAToolThatWasKilled(t *testing.T) {
	for what := range doomed {
		t.Run(what, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			tool, label, witness := startTool(t, what)
			if left, err := Residue(t.Context(), label); err != nil || len(left) < 6 {
				t.Fatalf("before: %q, %v", left, err)
			}
			if err := tool.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "nothing is left", func() bool {
				left, err := Residue(t.Context(), label)
				return err == nil && len(left) == 0 && !witness.Alive()
			})
		})
	}
}

// TestAToolThatStandsStillLosesItsLease holds that nobody breaks anything once the reaper has begun
// to undo.
func TestAToolThatStandsStillLosesItsLease(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	tool, label, witness := startTool(t, "deployed")
	if err := tool.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is left", func() bool {
		left, err := Residue(t.Context(), label)
		return err == nil && len(left) == 0 && !witness.Alive()
	})
}

func TestALeaseThatWasTakenAwayTakesNoActs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	l, err := OpenLease(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := undoLease(t.Context(), l.path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Add(Undo{Op: OpKill}); !errors.Is(err, errLost) {
		t.Error("an act is done of which the undo was carried out already")
	}
	if !l.Lost() {
		t.Error("it does not say that it is lost")
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("closed with %v", err)
	}
	noResidue(t, l.Label())
}

func TestALeaseInOrderLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	l, err := OpenLease(t.Context(), "a run / with: a name")
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(os.TempDir(), NameFor(l.Label(), "state"))
	first, err := l.Add(Undo{Op: OpRemove, Path: filepath.Join(folder, "kept")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Add(Undo{Op: OpRemove, Path: filepath.Join(folder, "removed")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Drop(first); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"kept", "removed"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s, err := readLease(l.path)
	if err != nil || len(s.Undos) != 2 || s.Undos[1].Path != filepath.Join(folder, "removed") {
		t.Fatalf("on disk: %+v, %v", s, err)
	}
	reaper, err := ProcessOf(l.reaper.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if reaper.Alive() {
		t.Error("the reaper is still there")
	}
	if _, err := os.Stat(filepath.Join(folder, "kept")); err != nil {
		t.Errorf("a dropped undo was carried out: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "removed")); err == nil {
		t.Error("an undo was not carried out")
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	noResidue(t, l.Label())
}

func TestLeftoversAreThoseOfDeadTools(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	mine, err := OpenLease(t.Context(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	// A tool and its reaper that were both killed: what is left is the lease and a node.
	dead := exec.Command("sleep", "0")
	if err := dead.Start(); err != nil {
		t.Fatal(err)
	}
	gone, err := ProcessOf(dead.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	dead.Wait()
	dir, err := leaseFolder()
	if err != nil {
		t.Fatal(err)
	}
	s := leaseState{Run: "dead-1", Tool: gone, Boot: bootID(), Undos: []leasedUndo{{1, Undo{Op: OpKill}}}}
	if err := s.write(leasePath(dir, s.Run)); err != nil {
		t.Fatal(err)
	}
	node := exec.Command("sleep", "120")
	node.Env = []string{labelVariable + "=dead-1"}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	all, err := Leftovers()
	if err != nil || len(all) != 1 || all[0].Run != "dead-1" {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := all[0].Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := node.Wait(); err == nil {
		t.Error("the node ended by itself")
	}
	noResidue(t, labelVariable+"=dead-1")
	if all, err := Leftovers(); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestALeaseFolderThatOthersMayWriteToIsNotTrusted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir, err := leaseFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Leftovers(); err == nil {
		t.Error("its leases are carried out")
	}
	if _, err := leaseFolder(); err == nil {
		t.Error("it is trusted")
	}
}

func FuzzLeasesAreReadOrRefused(f *testing.F) {
	s := leaseState{
		Run: "run-1", Tool: Process{PID: 7, Start: 8}, Boot: "boot",
		Undos: []leasedUndo{
			{1, Undo{Op: OpContinue, Process: &Process{PID: 9, Start: 10}}},
			{2, Undo{Op: OpRelay, Address: "@relay", Edges: []Edge{{"a", "b"}}}},
		},
	}
	dir := f.TempDir()
	path := filepath.Join(dir, "run-1.json")
	if err := s.write(path); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"run":"../x","tool":{"pid":1}}`))
	f.Add([]byte(`{"run":"x","tool":{"pid":1,"start":2},"undos":[{"process":{"pid":1}}]}{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := decodeLease(text)
		if err != nil {
			return
		}
		// What is read can be written, and is read again as the same.
		path := filepath.Join(t.TempDir(), "again.json")
		if err := s.write(path); err != nil {
			t.Fatal(err)
		}
		again, err := readLease(path)
		if err != nil || again.Run != s.Run || len(again.Undos) != len(s.Undos) {
			t.Fatalf("%+v is read as %+v, %v", s, again, err)
		}
		for _, u := range slices.Backward(s.Undos) {
			_ = u.String()
		}
	})
}
