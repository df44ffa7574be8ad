package adaptertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// RunOwn builds the example of docs/own-logic.md in a folder, a job that stands in for the generic
// one, and runs it under the oracle. It is skipped where there is no Maven, or fails where
// STREAMBENCH_REQUIRE asks for java.
func RunOwn(t *testing.T, s Subject, folder string) {
	t.Helper()
	InTime(t)
	s.Job.Own.Jar, s.Job.Own.Main = buildJar(t, folder), "com.example.SensorSums"
	Run(t, s, Options{
		Cases: []Case{simple}, Only: []string{"exact/" + simple.Name, "again"},
	})
}

// longestBuild bounds how long Maven may take, downloads and all.
const longestBuild = 5 * time.Minute

// buildJar builds a project outside of its folder, where others may build it meanwhile.
func buildJar(t *testing.T, folder string) string {
	t.Helper()
	for _, tool := range []string{"mvn", "javac"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "java") {
			t.Fatalf("no %s on this machine, and STREAMBENCH_REQUIRE asks for java", tool)
		}
		t.Skipf("no %s on this machine", tool)
	}
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	out, err := maven(t, dir, "-o")
	if err != nil && strings.Contains(out, "offline mode") {
		out, err = maven(t, dir) // it fetches what it has not
	}
	if err != nil {
		t.Fatalf("mvn package: %v\n%s", err, out)
	}
	jars, err := filepath.Glob(filepath.Join(dir, "target", "*.jar"))
	if err != nil || len(jars) != 1 {
		t.Fatalf("mvn package has made %v: %v", jars, err)
	}
	return jars[0]
}

func maven(t *testing.T, dir string, more ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longestBuild)
	defer cancel()
	args := append(more, "-q", "-B", "-ntp", "clean", "package")
	cmd := exec.CommandContext(ctx, "mvn", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
