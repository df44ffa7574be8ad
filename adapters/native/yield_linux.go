package native

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// stepBack gives the calling goroutine a thread of its own that makes room for every other one: on
// a host with few cores its work would keep a slot from waking up when an event is due. The thread
// ends with the goroutine.
func stepBack() {
	runtime.LockOSThread()
	// Where the kernel refuses, the work is done at the priority of all others.
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 10)
}
