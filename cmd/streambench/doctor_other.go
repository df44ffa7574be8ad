//go:build !linux

package main

import "runtime"

// hostChecks are the checks that need nothing of Linux. Memory, clock source and governor are not
// looked at here: measurements are made on Linux, other hosts are for trying and reading.
func hostChecks(dir string) []diagnosis {
	return []diagnosis{
		cores(0), diskOf(dir),
		{Check: "system", State: stateWarn, Found: runtime.GOOS + ": good for trying and reading",
			Fix: "measure on Linux: control groups and processor times are read there"},
	}
}
