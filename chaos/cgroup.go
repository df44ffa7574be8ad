package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cgroup is a control group made for one run, below the one its processes came from: to take it
// away is to move them one folder up. On v1 each controller has a hierarchy, on v2 they share one.
type cgroup struct {
	dir     string
	unified bool // v2
}

// findCgroup is the control group that holds a process as far as a controller is concerned.
func findCgroup(pid int, controller string) (cgroup, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return cgroup{}, fmt.Errorf("find the control group of process %d: %w", pid, err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return cgroup{}, fmt.Errorf("find the control group of process %d: %w", pid, err)
	}
	var found cgroup
	for line := range strings.Lines(string(text)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 {
			continue
		}
		own := slices.Contains(strings.Split(part[1], ","), controller)
		unified := part[0] == "0" && part[1] == ""
		if !own && (!unified || found.dir != "") {
			continue
		}
		if dir := mounted(string(mounts), controller, unified, part[2]); dir != "" {
			found = cgroup{dir: dir, unified: unified}
		}
	}
	if found.dir == "" {
		return found, unsupported("no control group for %s is mounted here", controller)
	}
	return found, nil
}

// mounted is the folder of a control group, by the lines of mountinfo: its path in the hierarchy is
// below the root that is mounted.
func mounted(mountinfo, controller string, unified bool, path string) string {
	for lines := bufio.NewScanner(strings.NewReader(mountinfo)); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if len(place) < 5 || len(kind) < 3 {
			continue
		}
		if unified && kind[0] != "cgroup2" || !unified && (kind[0] != "cgroup" ||
			!slices.Contains(strings.Split(kind[2], ","), controller)) {
			continue
		}
		dir := filepath.Join(place[4], strings.TrimPrefix(path, place[3]))
		if unified {
			have, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
			if err != nil || !slices.Contains(strings.Fields(string(have)), controller) {
				continue
			}
		}
		return dir
	}
	return ""
}

// below names a control group of the run below this one.
func (c cgroup) below(name string) cgroup {
	return cgroup{dir: filepath.Join(c.dir, name), unified: c.unified}
}

// make makes the control group, with a controller of its own.
func (c cgroup) make(controller string) error {
	if c.unified {
		// On v2 a group has a controller if its parent hands it down, which a parent with processes
		// of its own may not.
		parent := cgroup{dir: filepath.Dir(c.dir)}
		if err := parent.set("cgroup.subtree_control", "+"+controller); err != nil {
			return err
		}
	}
	if err := os.Mkdir(c.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make control group: %w", err)
	}
	return nil
}

func (c cgroup) set(name, value string) error {
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(value), 0o644); err != nil {
		return fmt.Errorf("set %s of control group: %w", name, err)
	}
	return nil
}

// quota leaves the group with a number of cores.
func (c cgroup) quota(cores float64) error {
	const periodUs = 100_000
	quotaUs := max(int(cores*periodUs), 1000) // the least the kernel takes
	if c.unified {
		return c.set("cpu.max", fmt.Sprintf("%d %d", quotaUs, periodUs))
	}
	if err := c.set("cpu.cfs_period_us", strconv.Itoa(periodUs)); err != nil {
		return err
	}
	return c.set("cpu.cfs_quota_us", strconv.Itoa(quotaUs))
}

// limit leaves the group with so much memory. One that has more already gives it back, or the
// kernel ends a process of it.
func (c cgroup) limit(memory Size) error {
	name := "memory.limit_in_bytes"
	if c.unified {
		name = "memory.max"
	}
	return c.set(name, strconv.FormatUint(uint64(memory), 10))
}

// enter moves processes into the group; one that has ended has nothing to be limited.
func (c cgroup) enter(all []Process) error {
	for _, p := range all {
		if err := c.set("cgroup.procs", strconv.Itoa(p.PID)); err != nil && p.Alive() {
			return err
		}
	}
	return nil
}

// counter reads one number of a file of the group, behind a word, or the only one.
func (c cgroup) counter(file, word string) (uint64, bool) {
	text, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if word == "" && len(fields) == 1 || len(fields) == 2 && fields[0] == word {
			n, err := strconv.ParseUint(fields[len(fields)-1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// throttledNs is how long the kernel has kept the control group of a process from running, ever.
func throttledNs(pid int) (uint64, bool) {
	c, err := findCgroup(pid, "cpu")
	if err != nil {
		return 0, false
	}
	if us, ok := c.counter("cpu.stat", "throttled_usec"); ok {
		return us * 1000, true
	}
	return c.counter("cpu.stat", "throttled_time")
}

// refused is how often the group of a process has asked for memory beyond its limit.
func refused(pid int) (uint64, bool) {
	c, err := findCgroup(pid, "memory")
	if err != nil {
		return 0, false
	}
	if n, ok := c.counter("memory.events", "max"); ok {
		return n, true
	}
	return c.counter("memory.failcnt", "")
}

// removeCgroup moves the processes of a control group named after the run to the group above it,
// and takes it away.
func removeCgroup(ctx context.Context, label, path string) error {
	if own := ownPart(label, path); own == "" || own != path {
		return fmt.Errorf("the control group is not named after the run")
	}
	for {
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if errors.Is(err, fs.ErrNotExist) {
			// It is gone, or is no control group, and then not ours to take away.
			return nil
		}
		if err != nil {
			return err
		}
		above := cgroup{dir: filepath.Dir(path)}
		for _, pid := range strings.Fields(string(text)) {
			// One that has ended meanwhile cannot be moved, and the next round shows the others.
			_ = above.set("cgroup.procs", pid)
		}
		err = os.Remove(path)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}
