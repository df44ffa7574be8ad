package main

import (
	"os"
	"strconv"
	"strings"
)

// hostChecks are the checks that read what Linux tells about the host.
func hostChecks(dir string) []diagnosis {
	return []diagnosis{
		cores(coreLimit()), memory(memoryAvailable()), diskOf(dir), clockSource(), governor(),
		controlGroups(),
	}
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// coreLimit is the share of processor time this control group may use, in cores; 0 if unlimited.
func coreLimit() float64 {
	quota, period, _ := strings.Cut(read("/sys/fs/cgroup/cpu.max"), " ")
	q, err1 := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err1 != nil || err2 != nil || p == 0 {
		return 0
	}
	return q / p
}

func memoryAvailable() uint64 {
	for line := range strings.Lines(read("/proc/meminfo")) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseUint(fields[1], 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return 0
}

// clockSource warns of clocks that need a system call or worse for each reading.
func clockSource() diagnosis {
	name := read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	d := diagnosis{Check: "clock", State: stateOK, Found: name}
	switch name {
	case "":
		d.Found = "not told by this kernel"
	case "hpet", "acpi_pm", "jiffies", "refined-jiffies", "xen":
		d.State = stateWarn
		d.Found += ", slow to read"
		d.Fix = "boot with clocksource=tsc if the processor has a stable one"
	}
	return d
}

func governor() diagnosis {
	name := read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	d := diagnosis{Check: "governor", State: stateOK, Found: name}
	switch name {
	case "performance":
	case "":
		d.Found = "not told (a virtual machine?)"
	default:
		d.State = stateWarn
		d.Found += ": the processor changes its speed while measuring"
		d.Fix = "cpupower frequency-set -g performance"
	}
	return d
}

func controlGroups() diagnosis {
	d := diagnosis{Check: "cgroup", State: stateOK, Found: "version 2"}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		d.Found = "version 2 is not mounted; the native system does not need it"
	}
	return d
}
