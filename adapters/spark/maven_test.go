package spark

import (
	"testing"

	"github.com/streambench/streambench/adapters/java/javatest"
)

// The Java tests of the job pass: rows and parcels come back as they were written.
func TestJavaJob(t *testing.T) { javatest.Job(t, "job") }
