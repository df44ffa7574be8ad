//go:build unix && !linux

package engine

// hugePages does nothing where the system decides on the size of pages by itself.
func hugePages([]int64) {}
