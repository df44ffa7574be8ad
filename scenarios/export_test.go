package scenarios

import (
	"runtime"
	"time"
)

// InVirtualTime makes the canary sleep where a synctest bubble sees it, on any thread: there is no
// host to watch.
func (r *RunRequest) InVirtualTime() {
	r.canaryNap = func(d time.Duration) {
		runtime.UnlockOSThread()
		time.Sleep(d)
	}
}
