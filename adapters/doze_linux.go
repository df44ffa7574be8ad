package adapters

import (
	"time"

	"golang.org/x/sys/unix"
)

// Doze puts the calling thread to sleep in the kernel: the runtime's timers wake up to a millisecond
// late, which a driver would offer events late by.
func Doze(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	// An early return (a signal) only means that the caller looks again sooner.
	_ = unix.Nanosleep(&ts, nil)
}
