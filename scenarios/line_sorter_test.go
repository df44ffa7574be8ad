package scenarios

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLinesAreSortedWhateverTheirNumber(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`[a-c|0-9]{0,6}`), 0, 60).Draw(rt, "lines")
		s := newLineSorter(dir)
		s.limit = rapid.IntRange(1, 400).Draw(rt, "bytes in memory")
		for _, line := range lines {
			if err := s.add([]byte(line)); err != nil {
				rt.Fatal(err)
			}
		}
		path := filepath.Join(dir, "all")
		n, sum, err := s.finish(path)
		if err != nil || n != uint64(len(lines)) || len(sum) != 64 {
			rt.Fatalf("%d lines, sum %q, %v", n, sum, err)
		}
		got, err := os.ReadFile(path)
		slices.Sort(lines)
		want := strings.Join(lines, "\n")
		if len(lines) > 0 {
			want += "\n"
		}
		if err != nil || string(got) != want {
			rt.Fatalf("got %q, want %q, %v", got, want, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			rt.Fatalf("left behind: %v", left)
		}
	})
}

func TestALineLongerThanEveryBufferIsRead(t *testing.T) {
	dir := t.TempDir()
	s := newLineSorter(dir)
	long := strings.Repeat("x", 1<<20)
	for _, line := range []string{long, "a", long + "y"} {
		if err := s.add([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "all")
	if n, _, err := s.finish(path); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "a\n"+long+"\n"+long+"y\n" {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestTheFirstLineOnlyOneFileHasIsFound(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		a, b, line string
		first, ok  bool
	}{
		{"", "", "", false, false},
		{"a\nb\n", "a\nb\n", "", false, false},
		{"a\nb\n", "a\nc\n", "b", true, true},
		{"a\nc\n", "a\nb\n", "b", false, true},
		{"a\n", "a\nb\n", "b", false, true},
		{"a\na\n", "a\n", "a", true, true},
		{"", "x\n", "x", false, true},
	} {
		for name, text := range map[string]string{"a": tt.a, "b": tt.b} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		line, first, ok, err := firstDifference(filepath.Join(dir, "a"), filepath.Join(dir, "b"))
		if err != nil || line != tt.line || first != tt.first || ok != tt.ok {
			t.Errorf("%q and %q: %q, %v, %v, %v", tt.a, tt.b, line, first, ok, err)
		}
	}
	if _, _, _, err := firstDifference(filepath.Join(dir, "a"), filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there is equal")
	}
	if err := os.WriteFile(filepath.Join(dir, "cut"), []byte("a\nb"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := firstDifference(filepath.Join(dir, "cut"), filepath.Join(dir, "cut")); err == nil {
		t.Error("a file that was cut off is equal")
	}
}
