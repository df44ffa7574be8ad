//go:build !linux

package chaos

import (
	"errors"
	"io"
)

const throttleVariable = "STREAMBENCH_THROTTLE"

func serveThrottle(io.Reader, io.Writer) error { return errors.ErrUnsupported }

func formatThrottle(float64, []Process) string { return "" }
