//go:build !linux

package cluster

import "time"

// sharedClock says that processes can tell each other times. Here they cannot.
const sharedClock = false

var began = time.Now()

func monotonicNs() int64 { return int64(time.Since(began)) }

func timeAt(monoNs int64) time.Time { return began.Add(time.Duration(monoNs)) }

func monotonicOf(t time.Time) int64 { return int64(t.Sub(began)) }
