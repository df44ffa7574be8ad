package scenarios

import "time"

// InVirtualTime makes the canary sleep where a synctest bubble sees it, on any thread: there is no
// host to watch.
func (r *RunRequest) InVirtualTime() { r.InVirtualTimeOf(time.Sleep) }

// InVirtualTimeOf is InVirtualTime with a canary that sleeps as it is told. Memory stays what it is
// now: minutes of virtual time are a moment of this process's, whose other tests allocate in it.
func (r *RunRequest) InVirtualTimeOf(nap func(time.Duration)) {
	now := readUsage().memoryB
	r.canaryNap = nap
	r.used = func() usage {
		u := readUsage()
		u.memoryB = now
		return u
	}
}
