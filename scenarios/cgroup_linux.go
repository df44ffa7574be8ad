package scenarios

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// readLimits finds the least limits of the control groups that a process is in and of those above
// them: a container's share is often set on a group the process itself does not see as its own.
// root is where the groups are mounted, groups the text of /proc/self/cgroup: lines
// "id:controllers:path", without controllers for version 2.
func readLimits(h *record.Host, root, groups string) {
	cpus, memory := math.Inf(1), math.Inf(1)
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, controller := range strings.Split(parts[1], ",") {
			for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
				dir := filepath.Join(root, controller, at)
				if controller == "" {
					cpus = min(cpus, shareOf(firstLine(filepath.Join(dir, "cpu.max"))))
					memory = min(memory, bytesOf(firstLine(filepath.Join(dir, "memory.max"))))
				} else {
					cpus = min(cpus, shareOf(firstLine(filepath.Join(dir, "cpu.cfs_quota_us"))+" "+
						firstLine(filepath.Join(dir, "cpu.cfs_period_us"))))
					memory = min(memory, bytesOf(firstLine(filepath.Join(dir, "memory.limit_in_bytes"))))
				}
				if at == "/" {
					break
				}
			}
		}
	}
	if !math.IsInf(cpus, 1) {
		h.CgroupCPUs = cpus
	}
	// Version 1 says "no limit" with a number beyond any memory.
	if memory < float64(h.MemoryB) {
		h.CgroupMemoryB = uint64(memory)
	}
}

// shareOf reads "quota period" as cores; anything else, "max" and -1 among it, is no limit.
func shareOf(text string) float64 {
	quota, period, _ := strings.Cut(text, " ")
	q, err1 := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(strings.TrimSpace(period), 64)
	if err1 != nil || err2 != nil || q <= 0 || p <= 0 {
		return math.Inf(1)
	}
	return q / p
}

func bytesOf(text string) float64 {
	b, err := strconv.ParseFloat(text, 64)
	if err != nil || b <= 0 {
		return math.Inf(1)
	}
	return b
}

// describeGroups reads the limits of this process.
func describeGroups(h *record.Host) {
	groups, _ := os.ReadFile("/proc/self/cgroup")
	readLimits(h, "/sys/fs/cgroup", string(groups))
}
