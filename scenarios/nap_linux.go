package scenarios

import (
	"time"

	"golang.org/x/sys/unix"
)

// bind ties the calling thread to the nth of the cores it may use. Where the kernel refuses, the
// thread is moved about as all others are.
func bind(n int) {
	var allowed, one unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil {
		return
	}
	for core := 0; core < len(allowed)*64; core++ {
		if !allowed.IsSet(core) {
			continue
		}
		if n == 0 {
			one.Set(core)
			_ = unix.SchedSetaffinity(0, &one)
			return
		}
		n--
	}
}

// nap puts the calling thread to sleep in the kernel, past the runtime's timers.
func nap(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	// An early return (a signal) reads as a wake-up that was not late.
	_ = unix.Nanosleep(&ts, nil)
}
