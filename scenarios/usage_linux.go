package scenarios

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"
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

// clockTick is the unit of processor time in /proc/PID/stat; it has been a hundredth of a second on
// every architecture for as long as there is Linux for it.
const clockTick = int64(10 * time.Millisecond)

// readProcess reads what another process has used; ok is false where it is gone. Its threads that
// have ended count too.
func readProcess(pid int) (u usage, ok bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return u, false
	}
	// The name in brackets may hold anything; behind it stand state, parent, … with user and system
	// time twelfth and thirteenth.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return u, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	status, err3 := os.ReadFile(dir + "/status")
	if err1 != nil || err2 != nil || err3 != nil {
		return u, false
	}
	u.cpuNs = (user + system) * clockTick
	u.memoryB, _ = statusBytes(string(status), "VmRSS:")
	u.peakB, _ = statusBytes(string(status), "VmHWM:")
	return u, true
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
