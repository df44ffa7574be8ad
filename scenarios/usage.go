package scenarios

import "golang.org/x/sys/unix"

// usage is what the process has used.
type usage struct {
	cpuNs   int64  // processor time since it started
	memoryB uint64 // resident set now
	peakB   uint64 // largest resident set since resetPeak, or since the process started
}

// readUsage asks the operating system. What it does not tell is 0.
func readUsage() usage {
	var u usage
	var ru unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &ru) == nil {
		u.cpuNs = ru.Utime.Nano() + ru.Stime.Nano()
		u.peakB = uint64(ru.Maxrss) * maxrssUnit
	}
	readMemory(&u)
	return u
}
