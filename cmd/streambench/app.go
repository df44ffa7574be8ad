package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// app is what all subcommands share: the streams and the global flags.
type app struct {
	in        io.Reader
	out, errs io.Writer

	json    bool
	color   string
	quiet   bool
	verbose bool
	dir     string // folder of run folders

	emitted bool // the one JSON value has been written
}

// emit writes the one JSON value of --json.
func (a *app) emit(v any) error {
	a.emitted = true
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// say writes a line of the result.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.out, format+"\n", args...) }

// note writes a line of progress, unless -q.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.errs, format+"\n", args...)
	}
}

// end tells what went wrong and gives the exit code.
func (a *app) end(err error) int {
	if err == nil {
		return exitOK
	}
	f := &failure{}
	if !errors.As(err, &f) {
		f = &failure{code: exitUsage, err: err, remedy: "streambench --help shows commands and flags"}
	}
	if !f.told {
		text := strings.TrimRight(f.Error(), "\n")
		fmt.Fprintf(a.errs, "%s\n", tagged(text, f.code))
	}
	if a.json && !a.emitted {
		v := map[string]any{"exit": f.code, "message": f.err.Error()}
		if f.remedy != "" {
			v["remedy"] = f.remedy
		}
		if f.detail != nil {
			v["detail"] = f.detail
		}
		if err := a.emit(map[string]any{"error": v}); err != nil {
			fmt.Fprintf(a.errs, "write JSON: %v\n", err)
		}
	}
	return f.code
}

// tagged puts the exit code at the right of the last line, where the eye finds it.
func tagged(text string, code int) string {
	const column = 102
	last := text[strings.LastIndexByte(text, '\n')+1:]
	pad := max(1, column-len([]rune(last)))
	return fmt.Sprintf("%s%s exit %d", text, strings.Repeat(" ", pad), code)
}

// bug reports a panic: a file to send, its path, exit 1.
func (a *app) bug(args []string, p any) int {
	text := strings.TrimPrefix(fmt.Sprint(p), "BUG: ")
	report := fmt.Sprintf("streambench %s\ntime %s\ncommand %q\npanic %s\n\n%s", versionOf().Version,
		time.Now().UTC().Format(time.RFC3339), args, text, debug.Stack())
	path, err := writeBug(report)
	if err != nil {
		fmt.Fprintf(a.errs, "BUG: %s\n%s\ncannot keep this in a file: %v\n", text, report, err)
		return exitBug
	}
	err = &failure{code: exitBug, err: fmt.Errorf("BUG: %s", text),
		remedy: "this is a mistake in streambench, not in your scenario; please send " + path}
	return a.end(err)
}

func writeBug(report string) (string, error) {
	f, err := os.CreateTemp("", "streambench-bug-*.txt")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(report)
	return f.Name(), errors.Join(err, f.Close())
}
