package scenarios

import (
	"runtime"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// canaryNap is how long the canary sleeps.
const canaryNap = time.Millisecond

// canary is a thread of its own that only sleeps and records how late it wakes: what the host does
// to a thread that wants almost nothing is a floor under every latency measured beside it.
type canary struct {
	into *record.Series
	now  func() int64        // on the run's clock
	nap  func(time.Duration) // puts the thread to sleep
	quit chan struct{}
	done chan struct{}
}

// start lets the canary sing.
func (c *canary) start() {
	c.quit, c.done = make(chan struct{}), make(chan struct{})
	go c.sing()
}

func (c *canary) sing() {
	defer close(c.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		slept := time.Now()
		c.nap(canaryNap)
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
	<-c.done
}
