package scenarios

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/streambench/streambench/reports/record"
)

// describeHost reads what Linux says about the machine.
func describeHost(h *record.Host) {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(cpuinfo)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			h.CPU = strings.TrimSpace(value)
			break
		}
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		h.MemoryB = uint64(info.Totalram) * uint64(info.Unit)
	}
	h.Governor = firstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	h.Clock = firstLine("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			h.Container = true
		}
	}
	describeGroups(h)
}

// firstLine is the first line of a small file, empty if it cannot be read.
func firstLine(path string) string {
	body, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(body), "\n")
	return strings.TrimSpace(line)
}
