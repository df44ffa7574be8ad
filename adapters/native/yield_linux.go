package native

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// stepBack gives the calling goroutine a thread of its own that makes room for every other one at
// once. On a host with few cores its work would keep a slot, or the thread that stamps results,
// from waking up: a lower priority alone still lets it finish a time slice of milliseconds first.
// The thread ends with the goroutine.
func stepBack() {
	runtime.LockOSThread()
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
	if unix.SchedSetAttr(0, &attr, 0) != nil {
		// Where the kernel refuses this too, the work is done at the priority of all others.
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 10)
	}
}
