package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// killedVariable asks for every fault by itself, ended in every way, instead of a few runs with all
// of them: that takes minutes.
const killedVariable = "STREAMBENCH_SOAK"

// ending is a run with real processes whose tool is ended while its faults are in effect.
type ending struct {
	name   string
	plane  string
	faults []string
	signal syscall.Signal
	format string // of the load; binary where nothing is said
}

// each is every fault by itself.
var each = map[string]string{
	"kill":      "{at: 12s, kill: worker, restart: 20s}",
	"stop":      "{at: 12s, stop: worker-2, restart: 20s}",
	"lose":      "{at: 12s, lose: worker, restart: 20s}",
	"pause":     "{at: 12s, pause: worker, for: 20s}",
	"partition": "{at: 12s, partition: [worker-1 | rest], for: 20s}",
	"one-way":   "{at: 12s, partition: [worker-1 > worker-2], for: 20s}",
	"link": "{at: 12s, link: {between: [worker-1, worker-2], delay: 20ms, rate: 80Mbit/s}, " +
		"for: 20s}",
	"disk":        "{at: 12s, disk: {node: worker-3, slow: 500ms}, for: 20s}",
	"pressure":    "{at: 12s, pressure: {node: worker-4, cpus: 0.01}, for: 20s}",
	"coordinator": "{at: 12s, kill: coordinator, restart: 20s}",
	"poison":      "{at: 3s, poison: 3}",
}

// endings are what is tried: a few runs with many faults at once, or each by itself.
func endings() (all []ending) {
	if os.Getenv(killedVariable) == "" {
		return []ending{
			{name: "killed", plane: chaos.PlaneRelay, signal: syscall.SIGKILL, faults: []string{
				each["one-way"], each["disk"], each["pressure"], "{at: 12s, pause: worker-2, for: 20s}",
			}},
			{name: "killed without a coordinator", plane: chaos.PlaneDirect, format: "json",
				signal: syscall.SIGKILL, faults: []string{each["coordinator"], each["poison"]}},
			{name: "interrupted", plane: chaos.PlaneRelay, signal: syscall.SIGINT, faults: []string{
				each["kill"], "{at: 12s, pause: worker-3, for: 20s}", each["link"],
			}},
			{name: "killed with namespaces", plane: chaos.PlaneNetns, signal: syscall.SIGKILL,
				faults: []string{each["partition"], "{at: 12s, pause: worker-3, for: 20s}",
					"{at: 12s, link: {between: [worker-2, worker-4], delay: 20ms}, for: 20s}"}},
		}
	}
	for name, fault := range each {
		for _, plane := range planes {
			for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM} {
				if plane == chaos.PlaneDirect && strings.Contains("lose partition one-way link", name) {
					continue // there is no edge to break
				}
				all = append(all, ending{name: strings.Join([]string{name, plane, s.String()}, " "),
					plane: plane, faults: []string{fault}, signal: s, format: "json"})
			}
		}
	}
	return all
}

// TestNothingIsLeftOfARunThatIsKilled ends runs while their faults are in effect: by a signal that
// a process cannot see, and by those that it obeys. Nothing of theirs may stay on the host.
func TestNothingIsLeftOfARunThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a baseline of 12 s")
	}
	t.Parallel()
	limit := make(chan struct{}, 4)
	for _, e := range endings() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			limit <- struct{}{}
			defer func() { <-limit }()
			if err := chaos.CanNetns(); e.plane == chaos.PlaneNetns && err != nil {
				t.Skip(err)
			}
			r := e.start(t)
			r.expectHeld(e)
			r.killed = time.Now()
			if err := r.cmd.Process.Signal(e.signal); err != nil {
				t.Fatal(err)
			}
			err := r.cmd.Wait()
			if e.signal != syscall.SIGKILL {
				r.expectReport(codeOf(err))
			}
			r.expectNothing(e)
		})
	}
}

// TestWhatIsLeftWithoutAReaperIsCleaned kills the reaper first and the tool then: what they leave
// harms no other run, and is undone by clean.
func TestWhatIsLeftWithoutAReaperIsCleaned(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a baseline of 12 s")
	}
	t.Parallel()
	e := ending{plane: chaos.PlaneRelay, faults: []string{each["pause"], each["disk"]}}
	r := e.start(t)
	r.killed = time.Now()
	reaper := r.processes("STREAMBENCH_ROLE=reaper")
	if len(reaper) != 1 {
		t.Fatalf("reapers: %v", reaper)
	}
	for _, pid := range []int{reaper[0], r.cmd.Process.Pid} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	_ = r.cmd.Wait() // it was killed
	before := r.left()
	if len(before) == 0 {
		t.Fatal("nothing is left to clean: the test is no test")
	}

	other := ending{plane: chaos.PlaneRelay}.scenario()
	path := filepath.Join(r.work, "other.yaml")
	write := strings.Replace(other, "steady: 40s", "steady: 1s", 1)
	if err := os.WriteFile(path, []byte(write), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := r.command("streambench", "run", path).CombinedOutput()
	if code := codeOf(err); code != exitOK && code != exitInvalid {
		t.Errorf("a run beside what is left: exit %d\n%s", code, out)
	}

	for _, flags := range [][]string{{"--dry-run"}, {}} {
		out, err := r.command("streambench", append([]string{"clean"}, flags...)...).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("of run "+r.label())) {
			t.Errorf("clean %v: %v\n%s", flags, err, out)
		}
		if len(flags) > 0 && len(r.left()) == 0 {
			t.Error("clean --dry-run has removed something")
		}
	}
	r.expectNothing(e)
}

// scenario is a small one: what is broken counts, not how fast the system is.
func (e ending) scenario() string {
	format := e.format
	if format == "" {
		format = "binary"
	}
	text := `name: ended
workload: iot-telemetry
params: {keys: 50, window: 100ms, disorder: 0ms, bound: 0ms}
systems: [{name: native, config: {heartbeat: 200ms, heartbeat.timeout: 5s}}]
guarantee: exactly-once
checkpoint: 500ms
load: {rate: 2k/s, seed: 1, warmup: 0s, steady: 40s, drain: 20s, format: ` + format + `}
resources: {workers: 4, worker: {cpus: 1, memory: 256m}}
`
	if len(e.faults) > 0 {
		text += "safety: {max-nodes: 5}\nfaults:\n  - " + strings.Join(e.faults, "\n  - ") + "\n"
	}
	return text
}

// ended is a run that is on, in folders of its own.
type ended struct {
	*testing.T
	work, tmp string
	run       string // name in its lease
	cmd       *exec.Cmd
	killed    time.Time
	errs      bytes.Buffer
}

// start starts the run and waits until every fault is in effect. A host that gives the run no calm
// baseline gets two more chances.
func (e ending) start(t *testing.T) *ended {
	for tries := 1; ; tries++ {
		r := &ended{T: t, work: t.TempDir()}
		r.tmp = filepath.Join(r.work, "tmp")
		scenario := filepath.Join(r.work, "ended.yaml")
		for _, err := range []error{
			os.Mkdir(r.tmp, 0o755), os.WriteFile(scenario, []byte(e.scenario()), 0o644),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		r.cmd = r.command("streambench-untwinned", scenario, e.plane)
		r.cmd.Stderr = &r.errs
		r.cmd.WaitDelay = 20 * time.Second // what outlives the tool has the pipe too
		if err := r.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = r.cmd.Process.Kill() // it has ended, unless the test failed
			_ = r.cmd.Wait()
		})
		calm, err := r.awaitFaults(len(e.faults))
		switch {
		case err == nil:
			r.run = r.label()
			return r
		case calm || tries == 3:
			t.Fatalf("%v\n%s", err, &r.errs)
		}
		t.Logf("try %d: %v", tries, err)
		_ = r.cmd.Process.Signal(os.Interrupt)
		_ = r.cmd.Wait()
	}
}

func (r *ended) command(name string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(name)
	if err != nil {
		r.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = r.work
	cmd.Env = append(os.Environ(), "TMPDIR="+r.tmp, "XDG_CACHE_HOME="+r.work, "CI=")
	return cmd
}

// awaitFaults waits until the record says of all faults what was seen of their effect. It says
// whether the baseline was calm.
func (r *ended) awaitFaults(n int) (calm bool, err error) {
	effective := map[int]bool{}
	for limit := time.Now().Add(2 * time.Minute); time.Now().Before(limit); {
		for _, e := range r.entries() {
			switch {
			case e.Gate != nil && !e.Gate.Open:
				return false, fmt.Errorf("the gate is shut: %s", e.Gate.Why)
			case e.Error != nil:
				return true, fmt.Errorf("%s: %s", e.Error.Phase, e.Error.Text)
			case e.Fault == nil:
			case e.Fault.Error != "" || e.Fault.Unsupported != "" || e.Fault.HealedNs > 0:
				return true, fmt.Errorf("%s: %+v", e.Fault.Text, e.Fault)
			case e.Fault.Witness != nil:
				// On a crowded host a link may be slower than it was made, and its witness says so.
				effective[e.Fault.ID] = true
			}
		}
		if len(effective) == n {
			return true, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return true, fmt.Errorf("of %d faults these are in effect: %v", n, effective)
}

// entries are those in the record so far.
func (r *ended) entries() (all []record.Entry) {
	paths, err := filepath.Glob(filepath.Join(r.work, "runs", "*", record.RecordFile))
	if err != nil || len(paths) == 0 {
		return nil
	}
	f, err := os.Open(paths[0])
	if err != nil {
		r.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		var e record.Entry
		if err != nil || json.Unmarshal(line, &e) != nil {
			return all // the last line may not be whole yet
		}
		all = append(all, e)
	}
}
