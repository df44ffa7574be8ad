//go:build !linux

package native

// stepBack has no portable way to change the priority of one thread.
func stepBack() {}
