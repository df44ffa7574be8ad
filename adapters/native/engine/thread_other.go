//go:build !linux

package engine

import "time"

// Doze waits about as long as it is told.
func Doze(d time.Duration) { time.Sleep(d) }
