package scenarios

import (
	"time"

	"golang.org/x/sys/unix"
)

// nap puts the calling thread to sleep in the kernel, past the runtime's timers.
func nap(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	// An early return (a signal) reads as a wake-up that was not late.
	_ = unix.Nanosleep(&ts, nil)
}
