// Package javatest builds and tests Java with Maven, where it and a compiler are there.
package javatest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/java"
)

// reactor builds a job and the module jobs have in common side by side.
const reactor = `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>io.streambench</groupId><artifactId>all</artifactId><version>1</version>
<packaging>pom</packaging>
<modules><module>java</module><module>job</module></modules>
</project>`

// Job runs the Java tests of the job in a folder. flags are Maven's.
func Job(t *testing.T, job string, flags ...string) {
	t.Helper()
	inFull(t)
	dir := t.TempDir() // others may build the modules in their own folders meanwhile
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "pom.xml"), []byte(reactor), 0o644),
		os.CopyFS(filepath.Join(dir, "java"), java.Files),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	copySources(t, job, filepath.Join(dir, "job"))
	Maven(t, dir, append(flags, "test")...)
}

// Module runs the Java tests of the module in a folder.
func Module(t *testing.T, module string) {
	t.Helper()
	inFull(t)
	dir := t.TempDir()
	copySources(t, module, dir)
	Maven(t, dir, "test")
}

func inFull(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("Maven takes its time")
	}
}

// copySources copies a module without what was built of it.
func copySources(t *testing.T, from, to string) {
	t.Helper()
	pom, err := os.ReadFile(filepath.Join(from, "pom.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"src", "libs"} {
		of := filepath.Join(from, part)
		if _, err := os.Stat(of); err != nil {
			continue
		}
		if err := os.CopyFS(filepath.Join(to, part), os.DirFS(of)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(to, "pom.xml"), pom, 0o644); err != nil {
		t.Fatal(err)
	}
}

// longest bounds how long Maven may take, downloads and all.
const longest = 8 * time.Minute

// Maven runs goals on the project in a folder, with what this machine has if it has all. A test is
// skipped where Maven or a compiler is not there, or fails where STREAMBENCH_REQUIRE asks for java.
func Maven(t *testing.T, dir string, goals ...string) {
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
	out, err := maven(t, dir, append([]string{"-o"}, goals...))
	if err != nil && strings.Contains(out, "offline mode") {
		out, err = maven(t, dir, goals) // it fetches what it has not
	}
	if err != nil {
		t.Fatalf("mvn %s: %v\n%s", strings.Join(goals, " "), err, out)
	}
}

func maven(t *testing.T, dir string, goals []string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mvn", append([]string{"-q", "-B", "-ntp"}, goals...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
