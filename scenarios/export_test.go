package scenarios

import "time"

// InVirtualTime makes the canary sleep where a synctest bubble sees it, on any thread: there is no
// host to watch.
func (r *RunRequest) InVirtualTime() { r.InVirtualTimeOf(time.Sleep) }

// InVirtualTimeOf is InVirtualTime with a canary that sleeps as it is told.
func (r *RunRequest) InVirtualTimeOf(nap func(time.Duration)) { r.canaryNap = nap }
