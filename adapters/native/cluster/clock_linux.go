package cluster

import (
	"time"

	"golang.org/x/sys/unix"
)

// sharedClock says that processes can tell each other times.
const sharedClock = true

// monotonicNs reads CLOCK_MONOTONIC, which all processes of a host share.
func monotonicNs() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("BUG: no monotonic clock: " + err.Error())
	}
	return ts.Nano()
}

// timeAt is the instant of a reading of CLOCK_MONOTONIC, of any process, in this one's time.
func timeAt(monoNs int64) time.Time {
	return time.Now().Add(time.Duration(monoNs - monotonicNs()))
}

// monotonicOf is the reading CLOCK_MONOTONIC had at a time of this process.
func monotonicOf(t time.Time) int64 { return monotonicNs() - int64(time.Since(t)) }
