package engine

import "golang.org/x/sys/unix"

// hugePages asks for large pages behind words not touched yet: random access to a large table
// otherwise spends more time on address translation than on memory. Being refused costs speed only.
func hugePages(words []int64) {
	_ = unix.Madvise(bytesOf(words), unix.MADV_HUGEPAGE)
}
