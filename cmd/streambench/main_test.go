package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/adapters/null"
	"github.com/streambench/streambench/workloads"
)

var update = flag.Bool("update", false, "rewrite golden files, script outputs and docs/")

// TestMain lets scripts call the program, and the program with a native system that is broken in
// one planted way.
func TestMain(m *testing.M) {
	enterRole()
	broken := func(make func(adapters.Adapter) adapters.Adapter) func() {
		return func() {
			systems[0].Adapter = make(native.Adapter{})
			main()
		}
	}
	all := programs()
	maps.Copy(all, map[string]func(){
		"streambench":             main,
		"streambench-toyimage":    withToyImage,
		"streambench-brokenimage": withBrokenImage,
		"streambench-losing": broken(func(a adapters.Adapter) adapters.Adapter {
			return losing{a}
		}),
		"streambench-forgetting": broken(func(a adapters.Adapter) adapters.Adapter {
			return &forgetting{Adapter: a}
		}),
		"streambench-dying": broken(func(a adapters.Adapter) adapters.Adapter {
			return dying{a}
		}),
		"streambench-hanging": broken(func(a adapters.Adapter) adapters.Adapter {
			return hanging{a}
		}),
		"streambench-passing": broken(func(adapters.Adapter) adapters.Adapter {
			return null.Adapter{}
		}),
		"streambench-panicking": broken(func(a adapters.Adapter) adapters.Adapter {
			return panicking{a}
		}),
	})
	testscript.Main(m, all)
}

// losing is an adapter whose systems swallow the first batch of results.
type losing struct{ adapters.Adapter }

func (l losing) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	job.Collector = &swallowing{Collector: job.Collector}
	return l.Adapter.Deploy(ctx, job)
}

type swallowing struct {
	adapters.Collector
	swallowed bool
}

func (s *swallowing) Collect(rs *workloads.Results, receivedNs int64) error {
	if !s.swallowed {
		s.swallowed = true
		return nil
	}
	return s.Collector.Collect(rs, receivedNs)
}

// forgetting is an adapter every second system of which swallows the first batch of results.
type forgetting struct {
	adapters.Adapter
	deployed int
}

func (f *forgetting) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if f.deployed++; f.deployed%2 == 0 {
		return losing{f.Adapter}.Deploy(ctx, job)
	}
	return f.Adapter.Deploy(ctx, job)
}

// dying is an adapter whose systems end at once, with an error.
type dying struct{ adapters.Adapter }

func (d dying) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	s, err := d.Adapter.Deploy(ctx, job)
	return dead{s}, err
}

type dead struct{ adapters.System }

func (dead) Wait(context.Context) error { return errors.New("native: worker-1 was killed by nobody") }

// hanging is an adapter whose systems never close.
type hanging struct{ adapters.Adapter }

func (h hanging) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	s, err := h.Adapter.Deploy(ctx, job)
	return stuck{s}, err
}

type stuck struct{ adapters.System }

func (stuck) Close() error { select {} }

// panicking is an adapter with a mistake.
type panicking struct{ adapters.Adapter }

func (panicking) Deploy(context.Context, adapters.Job) (adapters.System, error) {
	panic("BUG: a planted mistake")
}

// TestScripts runs every script of testdata/script: each subcommand, each exit code in reach and
// each message, as a user meets them.
func TestScripts(t *testing.T) {
	cache := t.TempDir() // null ceilings are measured once for all scripts
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"CI", "GITHUB_ACTIONS"} {
				e.Setenv(name, "")
			}
			noEngine(e)
			e.Setenv("GORACE", "atexit_sleep_ms=0") // a second a command otherwise
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, "tmp"))
			return os.Mkdir(filepath.Join(e.WorkDir, "tmp"), 0o755)
		},
		Condition: func(what string) (bool, error) {
			if what != "docker" {
				return false, fmt.Errorf("%q is no condition", what)
			}
			return hasEngine(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"interrupt": interrupt,
			"json":      jsonValue,
			"lines":     lines,
			"edit":      edit,
			"brokers":   brokers,
			"soon":      soon,
			"nowhere":   nowhere,
			"shorten":   shorten,
		},
	})
}

// exits CODE[|CODE] COMMAND… runs a command and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE[|CODE] COMMAND…")
	}
	got := codeOf(ts.Exec(args[1], args[2:]...))
	for _, want := range strings.Split(args[0], "|") {
		if strconv.Itoa(got) == want {
			return
		}
	}
	ts.Fatalf("%s: exit %d, want %s", strings.Join(args[1:], " "), got, args[0])
}

func codeOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// interrupt PATTERN[,PATTERN] COMMAND… runs a command, interrupts it once its standard error holds the
// pattern (and again once it holds the second), and checks that it ends with 130. What it wrote goes to the files stdout and stderr.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt PATTERN COMMAND…")
	}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(os.Environ(), "TMPDIR="+ts.Getenv("TMPDIR"), "CI=",
		"XDG_CACHE_HOME="+ts.Getenv("XDG_CACHE_HOME"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	pipe, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	patterns := strings.Split(args[0], ",")
	for scan := bufio.NewScanner(pipe); scan.Scan(); {
		fmt.Fprintln(&stderr, scan.Text())
		if len(patterns) > 0 && strings.Contains(scan.Text(), patterns[0]) {
			ts.Check(cmd.Process.Signal(os.Interrupt))
			patterns = patterns[1:]
		}
	}
	code := codeOf(cmd.Wait())
	ts.Check(os.WriteFile(ts.MkAbs("stdout.txt"), stdout.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), stderr.Bytes(), 0o644))
	if len(patterns) > 0 || code != exitInterrupted {
		ts.Fatalf("never saw %q, exit %d, want %d; stderr:\n%s", patterns, code, exitInterrupted, &stderr)
	}
}

// json [PATH WANT] checks that the last standard output is exactly one JSON value, and that what
// lies at a path of keys and positions joined by dots, written as JSON, is as wanted.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stdout")
	var v any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		ts.Fatalf("standard output is no JSON: %v\n%s", err, text)
	}
	if dec.More() {
		ts.Fatalf("standard output is more than one JSON value:\n%s", text)
	}
	if len(args) == 0 {
		return
	}
	for _, step := range strings.Split(args[0], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			ts.Check(err)
			v = at[i]
		default:
			ts.Fatalf("%s: nothing at %s in\n%s", args[0], step, text)
		}
	}
	got, err := json.Marshal(v)
	ts.Check(err)
	if (string(got) == args[1]) == neg {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// lines N checks how many lines the last standard output has.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	n := strings.Count(ts.ReadFile("stdout"), "\n")
	if (strconv.Itoa(n) == args[0]) == neg {
		ts.Fatalf("standard output has %d lines, want %s", n, args[0])
	}
}

// edit FILE OLD NEW replaces every OLD in the files a pattern names, to plant a defect.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file is called %s", args[0])
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		ts.Check(err)
		if !bytes.Contains(text, []byte(args[1])) {
			ts.Fatalf("%s does not hold %q", f, args[1])
		}
		text = bytes.ReplaceAll(text, []byte(args[1]), []byte(args[2]))
		ts.Check(os.WriteFile(f, text, 0o644))
	}
}

// shorten FILE N takes the last N bytes off a file, as a full disk or a kill would.
func shorten(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()-n))
}
