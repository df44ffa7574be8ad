package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository is the root of the repository, from the folder of this test.
const repository = "../.."

// TestReferencePagesAreCurrent holds docs/ to what the code says.
func TestReferencePagesAreCurrent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "docs")
	a := &app{out: new(bytes.Buffer), errs: new(bytes.Buffer)}
	if *update {
		dir = filepath.Join(repository, "docs")
	}
	if err := a.writePages(dir); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d pages were written: %v", len(pages), err)
	}
	for _, page := range pages {
		want, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(repository, "docs", filepath.Base(page)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/%s is out of date: make golden writes it", filepath.Base(page))
		}
	}
}

// lighter makes what documents run small enough for a test, and free of latencies, which a host that
// is busy with other tests would spoil: what is compared is the form of the output. A document that
// is rewritten shows the command carried out in full.
var lighter = map[string]string{
	"demo": "load.rate=max\nload.event-rate=100k/s\nload.warmup=0s\nload.steady=1s\nparams.keys=1000\n" +
		"resources.workers=1\nfaults=[]",
	"run": "load.rate=max\nload.event-rate=100k/s\nload.warmup=0s\nload.steady=1s",
}

// TestCommandsInDocumentsDoWhatTheySay runs every `$ streambench …` of the documents, in the order
// they stand there, each document in a folder of its own, and compares the output.
func TestCommandsInDocumentsDoWhatTheySay(t *testing.T) {
	documents, err := filepath.Glob(filepath.Join(repository, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, document := range documents {
		path, err := filepath.Abs(document)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sessions := sessionsOf(string(text))
		ran += len(sessions)
		t.Run(filepath.Base(document), func(t *testing.T) {
			t.Chdir(t.TempDir())
			writeScenarios(t, string(text))
			for _, s := range sessions {
				t.Run(s.command, func(t *testing.T) {
					got := s.run(t, lighter)
					if s.output == "" || got == s.output || formOf(got) == formOf(s.output) {
						return
					}
					if !*update {
						t.Errorf("the output differs (make golden writes it).\ngot:\n%s\nin the "+
							"document:\n%s\nforms:\n%s\n\n%s", got, s.output, formOf(got), formOf(s.output))
					}
					got = s.run(t, nil)
					text = bytes.Replace(text, []byte(s.command+"\n"+s.output),
						[]byte(s.command+"\n"+got), 1)
				})
			}
			if *update {
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if ran == 0 {
		t.Error("no document shows a command")
	}
}

// session is a command a document shows, and the output it shows under it.
type session struct {
	command, output string
}

// run carries a command out with the changes named for it and returns what it wrote.
func (s session) run(t *testing.T, changes map[string]string) string {
	args := strings.Fields(s.command)[1:]
	t.Setenv("STREAMBENCH_SET", changes[args[0]])
	t.Setenv("CI", "")
	t.Setenv("TMPDIR", t.TempDir()) // runs of other tests are not our neighbours
	var out bytes.Buffer
	if code := run(args, strings.NewReader(""), &out, &out); code != exitOK {
		t.Fatalf("exit %d:\n%s", code, &out)
	}
	return out.String()
}

var (
	block   = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")
	figures = regexp.MustCompile(`\d[\d.,  ]*( ?(ns|µs|ms|s|k|M|G|KiB|MiB|GiB|k/s|M/s|/s)\b)?`)
	ticks   = regexp.MustCompile(` offered .* accepted `)
	stamp   = regexp.MustCompile(`\d{8}T\d{6}Z|\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d`)
	spaces  = regexp.MustCompile(` +`)
)

// sessionsOf finds the commands of a document: lines of a code block that begin with
// "$ streambench", with the lines below each.
func sessionsOf(text string) []session {
	var found []session
	for _, b := range block.FindAllStringSubmatch(text, -1) {
		open := false
		for line := range strings.Lines(b[2]) {
			command, ok := strings.CutPrefix(line, "$ ")
			switch {
			case ok && strings.HasPrefix(command, "streambench "):
				found = append(found, session{command: strings.TrimSpace(command)})
				open = true
			case ok:
				open = false
			case open:
				found[len(found)-1].output += line
			}
		}
	}
	return found
}

// writeScenarios writes the scenarios a document shows, so that its commands find them: blocks of
// YAML with a name, as NAME.yaml.
func writeScenarios(t *testing.T, text string) {
	t.Helper()
	name := regexp.MustCompile(`(?m)^name: (\S+)$`)
	for _, b := range block.FindAllStringSubmatch(text, -1) {
		m := name.FindStringSubmatch(b[2])
		if b[1] != "yaml" || m == nil {
			continue
		}
		if err := os.WriteFile(m[1]+".yaml", []byte(b[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// formOf is what output looks like whatever was measured: times, figures (and the dash of one that
// was not measured) and padding replaced, and without the lines that come while a run lasts and
// those in which a host limits what its figures say.
func formOf(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if ticks.MatchString(line) || strings.HasPrefix(line, "note ") {
			continue
		}
		line = stamp.ReplaceAllString(line, "T")
		line = figures.ReplaceAllString(line, "#")
		line = strings.ReplaceAll(spaces.ReplaceAllString(line+" ", " "), " - ", " # ")
		line = strings.ReplaceAll(line, " - ", " # ") // neighbours share a space
		lines = append(lines, strings.TrimSpace(strings.ReplaceAll(line, "# ", "#")))
	}
	return strings.Join(lines, "\n")
}

// TestReadmeShowsAReport holds the picture of the first screen in place.
func TestReadmeShowsAReport(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pictures := regexp.MustCompile(`!\[[^\]]+\]\(([^)]+)\)`).FindAllStringSubmatch(string(readme), -1)
	if len(pictures) == 0 {
		t.Error("the README shows no picture")
	}
	for _, m := range pictures {
		if _, err := os.Stat(filepath.Join(repository, m[1])); err != nil {
			t.Error(fmt.Errorf("picture of the README: %w", err))
		}
	}
}
