package main

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports"
)

// untwinned is a program that runs a scenario on a plane without its twin, whose baseline alone
// takes longer than all else that is tried.
func untwinned() {
	enterRole()
	a := &app{in: os.Stdin, out: os.Stdout, errs: os.Stderr, dir: "runs", color: "never"}
	err := a.run(os.Args[1:2], runFlags{plane: os.Args[2], untwinned: true})
	os.Exit(a.end(err))
}

// label is the name of the run in its lease; "" where there is no lease.
func (r *ended) label() string {
	leases, err := filepath.Glob(filepath.Join(r.tmp, "streambench-leases-*", "*.json*"))
	if err != nil || len(leases) != 1 {
		return ""
	}
	name, _, _ := strings.Cut(filepath.Base(leases[0]), ".json")
	return name
}

// processes are those of the run that have not ended, and whose environment has an entry; "" for
// any. They are found by the folder for temporary files, which is this run's alone, and not by
// what the product marks them with.
func (r *ended) processes(entry string) (pids []int) {
	for pid, environ := range environs() {
		mine := slices.Contains(environ, "TMPDIR="+r.tmp)
		if mine && (entry == "" || slices.Contains(environ, entry)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// environs are the environments of the processes that have not ended.
func environs() map[int][]string {
	all := map[int][]string{}
	paths, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is right
	for _, path := range paths {
		text, err := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(text) > 0 {
			all[pid] = strings.Split(string(text), "\x00")
		}
	}
	return all
}

// inRun are the files of a run folder that stay: the record, and what is made of it.
var inRun = regexp.MustCompile(`^(record\.jsonl|manifest\.json|scenario\.lock\.yaml|latency\.hlog|` +
	`bench\.txt|faults\.json|grafana|junit\.xml|report\.html|result\.json|series\.csv|summary\.md)$`)

// left is what the host has of the run.
func (r *ended) left() (all []string) {
	for _, pid := range r.processes("") {
		command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // for the message
		all = append(all, fmt.Sprintf("process %d %q", pid, command))
	}
	// What the tool and its reaper are busy with may go while it is looked at.
	_ = filepath.WalkDir(r.tmp, func(path string, d fs.DirEntry, err error) error {
		leases := d != nil && strings.HasPrefix(d.Name(), "streambench-leases-")
		if err == nil && path != r.tmp && !leases {
			all = append(all, path)
		}
		return nil
	})
	folders, _ := filepath.Glob(filepath.Join(r.work, "runs", "*", "*"))
	for _, path := range folders {
		if !inRun.MatchString(filepath.Base(path)) {
			all = append(all, path)
		}
	}
	if r.run == "" {
		return all
	}
	for _, dir := range []string{"/run/netns", "/sys/fs/cgroup"} {
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.Contains(filepath.Base(path), r.run) {
				all = append(all, path)
			}
			return nil
		})
	}
	if _, err := os.Stat(filepath.Join("/sys/class/net", r.device())); err == nil {
		all = append(all, "device "+r.device())
	}
	rules, _ := exec.Command("iptables-save").Output() // where there is none, there are no rules
	if strings.Contains(string(rules), r.run) {
		all = append(all, "rules of the firewall")
	}
	return all
}

// device is the tool's end of its connection to the namespaces.
func (r *ended) device() string {
	h := fnv.New32a()
	h.Write([]byte(r.run))
	return fmt.Sprintf("sb%08x", h.Sum32())
}

// expectHeld checks that there is something to be left: else nothing left would prove nothing.
func (r *ended) expectHeld(e ending) {
	r.Helper()
	held := strings.Join(r.left(), "\n")
	want := []string{"process ", "streambench-leases-", "streambench-mark-", "streambench-state-",
		"streambench-spool-"}
	if e.plane == chaos.PlaneNetns {
		want = append(want, "/run/netns/streambench-worker-1-", "device sb")
	}
	for _, w := range want {
		if !strings.Contains(held, w) {
			r.Fatalf("the run that is on has no %q: it is looked for in the wrong place:\n%s", w, held)
		}
	}
	paused := slices.ContainsFunc(e.faults, func(f string) bool { return strings.Contains(f, "pause") })
	if paused && !slices.ContainsFunc(r.processes(""), stopped) {
		r.Fatal("no process of the run is stopped")
	}
}

func stopped(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && strings.HasPrefix(state, "T")
}

// expectNothing checks that nothing of the run is left, soon.
func (r *ended) expectNothing(e ending) {
	r.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := r.left()
		if len(left) == 0 {
			r.Logf("clean after %s", time.Since(r.killed).Round(time.Millisecond))
			return
		}
		if time.Now().After(limit) {
			for _, pid := range r.processes("") {
				_ = syscall.Kill(pid, syscall.SIGKILL) // the test has failed: leave nothing to the next
			}
			r.Fatalf("left behind with %v:\n%s\n%s", e.faults, strings.Join(left, "\n"), &r.errs)
		}
	}
}

// expectReport checks how a run ends that was asked to: all is healed, and reported.
func (r *ended) expectReport(code int) {
	r.Helper()
	if code != exitInterrupted {
		r.Errorf("exit %d, want %d\n%s", code, exitInterrupted, &r.errs)
	}
	residue, healed, broken := false, map[int]bool{}, map[int]bool{}
	for _, e := range r.entries() {
		switch {
		case e.Residue != nil:
			residue = true
			if len(e.Residue.Left) > 0 {
				r.Errorf("the run says it left %v", e.Residue.Left)
			}
		case e.Fault != nil && e.Fault.HealedNs > 0:
			healed[e.Fault.ID] = true
		case e.Fault != nil && e.Fault.Verb != string(chaos.VerbPoison):
			broken[e.Fault.ID] = true
		}
	}
	for id := range broken {
		if !healed[id] {
			r.Errorf("fault %d was never healed", id)
		}
	}
	if !residue {
		r.Error("nobody has looked for what is left")
	}
	if text, err := os.ReadFile(filepath.Join(r.work, "runs", "latest", reports.ResultFile)); err != nil ||
		!strings.Contains(string(text), `"exit": 130`) {
		r.Errorf("result.json: %v\n%s", err, text)
	}
	if _, err := os.Stat(filepath.Join(r.work, "runs", "latest", "report.html")); err != nil {
		r.Error(err)
	}
}
