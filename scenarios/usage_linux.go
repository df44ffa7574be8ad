package scenarios

import (
	"os"
	"strconv"
	"strings"
)

// maxrssUnit is the unit of rusage's largest resident set in bytes.
const maxrssUnit = 1024

// readMemory reads the resident set from /proc/self/status.
func readMemory(u *usage) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	if b, ok := statusBytes(string(status), "VmRSS:"); ok {
		u.memoryB = b
	}
	if b, ok := statusBytes(string(status), "VmHWM:"); ok {
		u.peakB = b
	}
}

// statusBytes finds a line like "VmRSS:	  1234 kB".
func statusBytes(status, key string) (uint64, bool) {
	for line := range strings.Lines(status) {
		rest, found := strings.CutPrefix(line, key)
		if !found {
			continue
		}
		kB, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		return kB * 1024, err == nil
	}
	return 0, false
}

// resetPeak makes the peak resident set count from now, so that a repetition is not charged with
// those before it. Where the kernel refuses, the peak is that of the process so far.
func resetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}
