//go:build unix

package engine

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve maps n zeroed 8-byte words outside the Go heap. Pages cost memory once they are touched,
// so that a table can grow in place: nothing is ever copied, and no pointer into it moves.
func reserve(words int) ([]int64, error) {
	const flags = unix.MAP_ANON | unix.MAP_PRIVATE | unix.MAP_NORESERVE
	raw, err := unix.Mmap(-1, 0, words*8, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return nil, fmt.Errorf("reserve %d MiB of address space: %w", words>>17, err)
	}
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(raw))), words), nil
}

// release unmaps what reserve mapped.
func release(words []int64) {
	if words == nil {
		return
	}
	if err := unix.Munmap(bytesOf(words)); err != nil {
		panic("BUG: unmap state: " + err.Error())
	}
}

func bytesOf(words []int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)
}
