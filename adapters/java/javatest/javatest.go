// Package javatest runs Java tests with Maven, where it and a compiler are there.
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
	need(t)
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
	run(t, dir, flags)
}

// Module runs the Java tests of the module in a folder.
func Module(t *testing.T, module string) {
	t.Helper()
	need(t)
	dir := t.TempDir()
	copySources(t, module, dir)
	run(t, dir, nil)
}

// need skips a test where the tools are not there.
func need(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("Maven takes its time")
	}
	for _, tool := range []string{"mvn", "javac"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "java") {
			t.Fatalf("no %s on this machine, and STREAMBENCH_REQUIRE asks for java", tool)
		}
		t.Skipf("no %s on this machine", tool)
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

// run has Maven run the tests, with what this machine has if it has all.
func run(t *testing.T, dir string, flags []string) {
	t.Helper()
	out, err := maven(t, dir, append([]string{"-o"}, flags...))
	if err != nil && strings.Contains(out, "offline mode") {
		out, err = maven(t, dir, flags) // it fetches what it has not
	}
	if err != nil {
		t.Fatalf("mvn test: %v\n%s", err, out)
	}
}

func maven(t *testing.T, dir string, flags []string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mvn", append(flags, "-q", "-B", "-ntp", "test")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
