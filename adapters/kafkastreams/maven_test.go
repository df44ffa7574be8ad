package kafkastreams

import (
	"path/filepath"
	"testing"

	"github.com/streambench/streambench/adapters/java/javatest"
)

// The Java tests of the job pass: the golden vectors on the test driver of Streams, and every one
// again from a changelog in mid-stream.
func TestJavaJob(t *testing.T) {
	golden, err := filepath.Abs("../java/core/src/test/resources")
	if err != nil {
		t.Fatal(err)
	}
	javatest.Job(t, "job", "-Dgolden="+golden)
}
