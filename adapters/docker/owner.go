package docker

import (
	"fmt"
	"os"
	"strings"

	"github.com/streambench/streambench/chaos"
)

// Labels of everything made here.
const (
	labelRun   = "streambench"       // the run id
	labelOwner = "streambench.owner" // the tool that made it: PID:START@BOOT
	labelLease = "streambench.lease" // the run of the lease that undoes it
	labelImage = "streambench.image" // of images: the name
)

// owner names this process so that another that is given its number is told apart.
func owner() string {
	p, err := chaos.ProcessOf(os.Getpid())
	if err != nil {
		p = chaos.Process{PID: os.Getpid()} // not on Linux
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot = nil
	}
	return fmt.Sprintf("%d:%d@%s", p.PID, p.Start, strings.TrimSpace(string(boot)))
}
