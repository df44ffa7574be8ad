package adaptertest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/streambench/streambench/adapters/java/javatest"
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

// buildJar builds a project outside of its folder, where others may build it meanwhile.
func buildJar(t *testing.T, folder string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	javatest.Maven(t, dir, "clean", "package")
	jars, err := filepath.Glob(filepath.Join(dir, "target", "*.jar"))
	if err != nil || len(jars) != 1 {
		t.Fatalf("mvn package has made %v: %v", jars, err)
	}
	return jars[0]
}
