package kafka

import "time"

// limits bound everything the transport waits for.
type limits struct {
	dial   time.Duration // a connection
	answer time.Duration // requests about topics and offsets, with all that is tried again
	// produce bounds one send, deliver how long it is tried again, pause the time between two tries.
	produce, deliver, pause time.Duration
	// settle is how long the end of a transaction may take to be written after it was asked for.
	settle time.Duration
}

// usual are the limits of every run; tests have shorter ones.
var usual = limits{
	dial: 5 * time.Second, answer: 20 * time.Second, produce: 15 * time.Second,
	deliver: 30 * time.Second, pause: 100 * time.Millisecond, settle: 10 * time.Second,
}

// orUsual are the limits themselves, unless there are none.
func (l limits) orUsual() limits {
	if l == (limits{}) {
		return usual
	}
	return l
}
