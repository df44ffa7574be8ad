package java_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/streambench/streambench/adapters/java"
)

// The Java tests of the module pass, where Maven and a compiler are there.
func TestJavaModule(t *testing.T) {
	if testing.Short() || *update {
		t.Skip("Maven takes its time, and vectors that are being written are not read")
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
	dir := t.TempDir() // others may build the module in its own folder meanwhile
	for _, part := range []string{"pom.xml", "src"} {
		copyTree(t, filepath.Join("core", part), filepath.Join(dir, part))
	}
	out, err := maven(t, dir, "-o")
	if err != nil && strings.Contains(out, "offline mode") {
		out, err = maven(t, dir) // it fetches what it has not
	}
	if err != nil {
		t.Fatalf("mvn test: %v\n%s", err, out)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		err = os.CopyFS(to, os.DirFS(from))
	} else {
		var text []byte
		if text, err = os.ReadFile(from); err == nil {
			err = os.WriteFile(to, text, 0o644)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func maven(t *testing.T, dir string, flags ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mvn", append(flags, "-q", "-B", "test")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Java keeps to the width of a screen as Go does.
func TestJavaFitsTheScreen(t *testing.T) {
	err := filepath.WalkDir("core/src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".java" {
			return err
		}
		text, err := os.ReadFile(path)
		for i, line := range strings.Split(string(text), "\n") {
			if n := utf8.RuneCountInString(line); n > 100 {
				t.Errorf("%s:%d: %d columns", path, i+1, n)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is embedded is what the module consists of, tests apart.
func TestFilesAreTheModule(t *testing.T) {
	have := map[string]bool{}
	err := fs.WalkDir(java.Files, ".", func(path string, d fs.DirEntry, err error) error {
		have[path] = true
		return err
	})
	if err != nil || !have["pom.xml"] || have["src/test"] || have["target"] {
		t.Errorf("embedded: %v, %v", have, err)
	}
	sources, err := filepath.Glob("core/src/main/java/io/streambench/core/*.java")
	if err != nil || len(sources) < 20 {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	for _, s := range sources {
		name := filepath.ToSlash(strings.TrimPrefix(s, "core"+string(filepath.Separator)))
		if !have[name] {
			t.Errorf("%s is not embedded", name)
		}
	}
}
