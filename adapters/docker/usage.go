package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/streambench/streambench/adapters"
)

// What a container has used is gone with it, so it is looked at again and again, and once more
// before it is ended from here. One that dies by itself has used at most so much longer.
const lookEvery = 250 * time.Millisecond

// life is what a container has used, over all its starts.
type life struct {
	before int64 // CPU time of earlier starts
	cpuNs  int64 // of this one
	nowB   uint64
	peakB  uint64
}

// note takes a look at a container. A counter that has gone back is that of a new start.
func (l *life) note(cpuNs int64, memoryB uint64) {
	if cpuNs < l.cpuNs {
		l.before += l.cpuNs
	}
	l.cpuNs, l.nowB, l.peakB = cpuNs, memoryB, max(l.peakB, memoryB)
}

// Used is what the containers have used, those included that have died or were removed.
func (d *Deployment) Used(ctx context.Context) (adapters.Usage, error) {
	var sum adapters.Usage
	for _, c := range d.all() {
		if err := c.look(ctx); err == nil {
			c.sample()
		}
		c.mu.Lock()
		sum.CPUNs += c.used.before + c.used.cpuNs
		sum.MemoryB += c.used.nowB
		sum.PeakB += c.used.peakB
		c.mu.Unlock()
	}
	return sum, ctx.Err()
}

func (d *Deployment) all() []*Container {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.containers[:len(d.containers):len(d.containers)]
}

// meter looks at all containers until it is stopped.
func (d *Deployment) meter() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			for _, c := range d.all() {
				c.sample()
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// sample looks at what a container uses, where it runs.
func (c *Container) sample() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid == 0 {
		c.used.nowB = 0
		return
	}
	cpuNs, memoryB, err := readCgroup(c.pid, c.id)
	if err != nil {
		cpuNs, memoryB, err = c.d.engine.stats(c.name)
	}
	if err != nil || cpuNs == 0 {
		c.pid, c.used.nowB = 0, 0 // it has ended
		return
	}
	c.used.note(cpuNs, memoryB)
}

// stats asks the engine, where it is not of this host or the host hides its control groups.
func (e *Engine) stats(name string) (cpuNs int64, memoryB uint64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), oneTry)
	defer cancel()
	r, err := e.cli.ContainerStats(ctx, name, client.ContainerStatsOptions{})
	if err != nil {
		return 0, 0, err
	}
	defer r.Body.Close()
	var s struct {
		CPU struct {
			Usage struct {
				Total int64 `json:"total_usage"`
			} `json:"cpu_usage"`
		} `json:"cpu_stats"`
		Memory struct {
			Usage uint64            `json:"usage"`
			Stats map[string]uint64 `json:"stats"`
		} `json:"memory_stats"`
	}
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		return 0, 0, err
	}
	return s.CPU.Usage.Total, s.Memory.Usage - min(s.Memory.Usage, idle(s.Memory.Stats)), nil
}

// idle is the part of memory in use that holds files and is given up as soon as somebody asks: a
// broker's is full of it. The names are those of both versions of control groups.
func idle(stat map[string]uint64) uint64 {
	if n, ok := stat["total_inactive_file"]; ok {
		return n
	}
	return stat["inactive_file"]
}

// errElsewhere says that a process is not one of this host.
var errElsewhere = errors.New("the process is in no control group of the container")

// readCgroup reads the control groups of a container on this host by its first process: version 2,
// or those of version 1.
func readCgroup(pid int, id string) (cpuNs int64, memoryB uint64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return 0, 0, err
	}
	// The number counts where the engine runs, which may be another host or another namespace.
	if !strings.Contains(string(text), id) {
		return 0, 0, errElsewhere
	}
	groups := groupsOf(string(text))
	if dir, ok := groups["cpuacct"]; ok {
		if cpuNs, err = readNumber(filepath.Join(dir, "cpuacct.usage")); err != nil {
			return 0, 0, err
		}
		memoryB, err = readMemory(groups["memory"], "memory.usage_in_bytes")
		return cpuNs, memoryB, err
	}
	dir := groups[""]
	stat, err := readStat(filepath.Join(dir, "cpu.stat"))
	if err != nil {
		return 0, 0, err
	}
	memoryB, err = readMemory(dir, "memory.current")
	return int64(stat["usage_usec"]) * 1000, memoryB, err
}

// groupsOf are the folders of a process's control groups by controller, "" for version 2. That of
// the root, which everybody is in, is no container's.
func groupsOf(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || parts[2] == "/" {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			all[controller] = filepath.Join("/sys/fs/cgroup", parts[1], parts[2])
		}
	}
	return all
}

func readMemory(dir, file string) (uint64, error) {
	used, err := readNumber(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	stat, err := readStat(filepath.Join(dir, "memory.stat"))
	return uint64(used) - min(uint64(used), idle(stat)), err
}

func readNumber(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// readStat reads lines of a name and a number.
func readStat(path string) (map[string]uint64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := map[string]uint64{}
	for line := range strings.Lines(string(text)) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(number, 10, 64); err == nil {
			all[name] = n
		}
	}
	return all, nil
}
