package scenarios

import "time"

// InVirtualTime makes the canary sleep where a synctest bubble sees it, on any thread: there is no
// host to watch.
func (r *RunRequest) InVirtualTime() { r.canaryNap = time.Sleep }
