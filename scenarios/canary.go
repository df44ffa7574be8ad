package scenarios

import (
	"runtime"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// canaryNap is how long the canary sleeps.
const canaryNap = time.Millisecond

// canary is a thread a core that only sleeps and records how late it wakes: what the host does to a
// thread that wants almost nothing is a floor under every latency measured beside it. A host takes
// its cores away one at a time, so one thread that the kernel moves out of the way would miss most
// of what happens to a slot.
type canary struct {
	into *record.Series
	now  func() int64        // on the run's clock
	nap  func(time.Duration) // puts the thread to sleep; nil for the kernel's sleep
	quit chan struct{}
	sung sync.WaitGroup
}

// start lets the canary sing.
func (c *canary) start() {
	c.quit = make(chan struct{})
	for core := range runtime.NumCPU() {
		c.sung.Go(func() { c.sing(core) })
	}
}

func (c *canary) sing(core int) {
	sleep := c.nap
	if sleep == nil {
		runtime.LockOSThread() // for good: a thread bound to a core ends with its goroutine
		bind(core)
		sleep = nap
	}
	for {
		slept := time.Now()
		sleep(canaryNap)
		c.record(time.Since(slept) - canaryNap)
		select {
		case <-c.quit:
			return
		default:
		}
	}
}

// record counts a late wake-up once for every nap it swallowed, each as late as it would have been:
// events that were due meanwhile are counted one by one too, and the two are compared.
func (c *canary) record(late time.Duration) {
	for now := c.now(); ; late -= canaryNap {
		c.into.RecordN(now, int64(max(0, late)), 1)
		if late < canaryNap {
			return
		}
	}
}

// stop ends the canary and waits for it; twice is harmless.
func (c *canary) stop() {
	select {
	case <-c.quit:
	default:
		close(c.quit)
	}
	c.sung.Wait()
}
