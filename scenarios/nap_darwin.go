package scenarios

import "time"

// nap waits about as long as it is told.
func nap(d time.Duration) { time.Sleep(d) }

// bind cannot tie a thread to a core here.
func bind(int) {}
