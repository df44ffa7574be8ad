package scenarios

import (
	"runtime"
	"runtime/debug"
)

// measuredGCPercent lets the heap grow to four times what lives before garbage is collected. The
// tool itself keeps a few megabytes, and events and state live outside the heap or are used again:
// a collection comes every quarter of a minute, and memory is at its height after the first.
const measuredGCPercent = 300

// restrainGC collects what is garbage now and makes collections rare until the function it returns
// is called: a collection puts a thread on every core for milliseconds, which would be reported as
// the latency of the system.
func restrainGC() (restore func()) {
	runtime.GC()
	before := debug.SetGCPercent(measuredGCPercent)
	return func() { debug.SetGCPercent(before) }
}
