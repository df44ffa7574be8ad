//go:build !linux

package adapters

import "time"

// Doze puts the calling goroutine to sleep.
func Doze(d time.Duration) { time.Sleep(d) }
