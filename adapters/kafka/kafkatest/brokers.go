// Package kafkatest names the brokers that tests run against.
package kafkatest

import (
	"os"
	"strings"
	"testing"
)

// Brokers runs a test against the embedded broker and against the one STREAMBENCH_KAFKA names.
// Without one the second is skipped, or fails where STREAMBENCH_REQUIRE asks for kafka.
func Brokers(t *testing.T, fn func(t *testing.T, at string)) {
	t.Run("embedded", func(t *testing.T) { fn(t, "embedded") })
	t.Run("real", func(t *testing.T) {
		at := os.Getenv("STREAMBENCH_KAFKA")
		if at == "" && strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "kafka") {
			t.Fatal("STREAMBENCH_KAFKA names no broker, and STREAMBENCH_REQUIRE asks for one")
		}
		if at == "" {
			t.Skip("no broker: set STREAMBENCH_KAFKA to HOST:PORT")
		}
		fn(t, at)
	})
}
