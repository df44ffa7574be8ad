package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// Doze puts the calling thread to sleep in the kernel. The runtime's own sleep rounds what is left
// to wait up to a millisecond when nothing else runs, which would be most of the latency reported.
func Doze(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	// An early return (a signal) only means that the caller looks again sooner.
	_ = unix.Nanosleep(&ts, nil)
}
