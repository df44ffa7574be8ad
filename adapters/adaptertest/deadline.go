package adaptertest

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// InTime skips a test that would begin after STREAMBENCH_DEADLINE, in seconds since 1970, where it
// is set: a check of everything that may only take so long drops the examples before the cases.
func InTime(t *testing.T) {
	t.Helper()
	at, err := strconv.ParseInt(os.Getenv("STREAMBENCH_DEADLINE"), 10, 64)
	if err == nil && time.Now().Unix() > at {
		t.Skip("STREAMBENCH_DEADLINE has passed")
	}
}
