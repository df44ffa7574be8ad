package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/streambench/streambench/reports/record"
)

// readHost takes the fingerprint of this machine. What the system does not tell stays empty.
func readHost() record.Host {
	h := record.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU()}
	h.Hostname, _ = os.Hostname()
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		h.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
	describeHost(&h)
	h.Hash = fingerprint(&h)
	return h
}

// fingerprint tells unlike hosts apart. The name is left out: two machines of the same make,
// kernel, settings and limits are alike. Memory counts in steps of 256 MiB, since a kernel keeps
// some of it for itself and not always as much.
func fingerprint(h *record.Host) string {
	text := fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%d\n%d\n%s\n%s\n%t\n", h.OS, h.Arch, h.Kernel, h.CPU,
		h.Cores, h.MemoryB>>28, h.Governor, h.Clock, h.Container)
	if h.CgroupCPUs > 0 || h.CgroupMemoryB > 0 {
		text = fmt.Appendf(text, "%g\n%d\n", h.CgroupCPUs, h.CgroupMemoryB)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}
