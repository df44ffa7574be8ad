package scenarios

import (
	"golang.org/x/sys/unix"

	"github.com/streambench/streambench/reports/record"
)

// describeHost reads what the kernel says about the machine.
func describeHost(h *record.Host) {
	h.CPU, _ = unix.Sysctl("machdep.cpu.brand_string")
	h.MemoryB, _ = unix.SysctlUint64("hw.memsize")
}
