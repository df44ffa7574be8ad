// Command streambench runs a declared stream-processing scenario on a system under test, checks
// every result against an exact oracle and turns the record of it into reports.
//
//	run, demo ──> runs/<id>/record.jsonl, manifest.json, latency.hlog
//	                   └──> report, open, list, explain: they read the record, they never run again
//
// One file holds one subcommand; systems.go is the one table of systems, exit.go that of exit
// codes.
package main

import (
	"io"
	"os"

	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/chaos"
)

func main() {
	enterRole()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// enterRole becomes another part of a run where this process was started as one, and then does not
// return. main and the tests of this package call it first.
func enterRole() {
	chaos.Enter()
	kafka.Enter()
	native.Enter()
}

// run is the whole program: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	a := &app{in: stdin, out: stdout, errs: stderr}
	defer func() {
		if p := recover(); p != nil {
			code = a.bug(args, p)
		}
	}()
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.end(root.Execute())
}
