package java_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/adapters/java/javatest"
)

// The Java tests of the module pass.
func TestJavaModule(t *testing.T) {
	if *update {
		t.Skip("vectors that are being written are not read")
	}
	javatest.Module(t, "core")
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
