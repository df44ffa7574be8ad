package chaos

import (
	"fmt"
	"io"
	"os"
)

// A process of this binary whose environment says so has one role and is nothing else.
const roleVariable = "STREAMBENCH_ROLE"

// Roles of processes that break, see or heal.
const (
	relayRole    = "relay"
	proberRole   = "prober"
	shaperRole   = "shaper"
	reaperRole   = "reaper"
	throttleRole = "throttle"
)

// roles are what a process of this binary can be besides the tool. Each obeys its stdin, answers on
// its stdout, and returns once the other end of stdin is gone, as it is when the tool has died. The
// reaper alone does not: its work begins then.
var roles = map[string]func(stdin io.Reader, stdout io.Writer) error{
	relayRole:    serveRelay,
	proberRole:   serveProber,
	shaperRole:   serveShaper,
	reaperRole:   serveReaper,
	throttleRole: serveThrottle,
}

// Enter becomes what this process was started as, if that is a role of this package, and then does
// not return. main calls it first, and so does the TestMain of every test binary that breaks
// something.
func Enter() {
	role := os.Getenv(roleVariable)
	serve, ok := roles[role]
	if !ok {
		return
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		os.Exit(1)
	}
	os.Exit(0)
}
