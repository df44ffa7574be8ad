package native

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// holdings are what this process has of the kernel's: open files and sockets, and its children.
// Empty where there is no /proc.
func holdings() map[string]bool {
	all := map[string]bool{}
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		// The runtime makes itself its poll set when it first needs one.
		if to, err := os.Readlink(fd); err == nil && !strings.HasPrefix(to, "anon_inode:[event") {
			all[to] = true
		}
	}
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		pids, _ := os.ReadFile(task)
		for _, pid := range strings.Fields(string(pids)) {
			all["process "+pid] = true
		}
	}
	return all
}

// letGo fails a test if this process has come to hold something it did not.
func letGo(t *testing.T, before map[string]bool) {
	t.Helper()
	var more []string
	for range 500 {
		more = nil
		for h := range holdings() {
			if !before[h] && !strings.HasSuffix(h, "/fd") {
				more = append(more, h)
			}
		}
		if len(more) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond) // what was let go may take a moment
	}
	t.Errorf("still held: %v", more)
}
