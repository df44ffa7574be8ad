package spark

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters/adaptertest"
)

// ownFolder is the example of docs/own-logic.md.
const ownFolder = "../../docs/own-logic/spark"

// buildOwn makes the jar of the example.
func buildOwn(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("mvn"); err != nil {
		if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(ownFolder)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "mvn", "-q", "-B", "-ntp", "-f",
		filepath.Join(dir, "pom.xml"), "package", "-DskipTests").CombinedOutput()
	if err != nil {
		t.Fatalf("build the example: %v\n%s", err, out)
	}
	return filepath.Join(dir, "target", "sensor-sums.jar")
}

// The example is one of sums of iot-telemetry in windows of a second, which is what the kit's first
// case asks for: it has to be right, to its last window.
func TestTheExampleOfOwnLogicIsRight(t *testing.T) {
	needImages(t)
	s := inContainers(1)
	s.Job.Own.Jar, s.Job.Own.Main = buildOwn(t), "com.example.SensorSums"
	s.Job.Settings, s.Reads, s.Refused, s.Boundary = nil, nil, nil, ""
	cases, err := adaptertest.Cases("iot-telemetry")
	if err != nil {
		t.Fatal(err)
	}
	adaptertest.Run(t, s, adaptertest.Options{Cases: cases})
}
