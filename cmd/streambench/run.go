package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
)

// planes are those that a run may be asked for.
var planes = []string{chaos.PlaneDirect, chaos.PlaneRelay, chaos.PlaneNetns}

// runFlags are the flags of `run`.
type runFlags struct {
	scenario scenarioFlags
	results  bool
	capacity string
	plane    string
	// untwinned leaves out the repetitions without the faults.
	untwinned bool
	drivers   driversFlags
}

func runCommand(a *app) *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "run FILE|NAME",
		Short: "Check, plan and run a scenario, then report",
		Long: "Runs a scenario: a file, or one that is shipped (streambench list scenarios). It\n" +
			"writes a folder with the record, result.json and report.html, and ends with the exit\n" +
			"code of its worst verdict (streambench list exits).",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE:              body(func(args []string) error { return a.run(args, flags) }),
	}
	flags.scenario.addRun(cmd)
	cmd.Flags().StringVar(&flags.scenario.from, "from", "", "run the lock of a run again")
	cmd.Flags().BoolVar(&flags.results, "results", false, "keep every result as results.jsonl")
	cmd.Flags().StringVar(&flags.capacity, "capacity", "",
		"take the sustainable rate from an earlier run in place of a search")
	cmd.Flags().StringVar(&flags.plane, "plane", "", "how nodes reach each other where faults are "+
		"injected: "+strings.Join(planes, ", ")+"; the simplest that the faults allow")
	flags.drivers.add(cmd)
	completeFlag(cmd, "on", completeSystems)
	completeFlag(cmd, "plane", completePlanes)
	completeFlag(cmd, "capacity", a.completeRuns)
	completeFlag(cmd, "from", a.completeRuns)
	return cmd
}

// run checks, runs and reports. What the record says decides the exit code; a run that was stopped
// leaves a partial record, and a report of it.
func (a *app) run(args []string, flags runFlags) error {
	if flags.plane != "" && !slices.Contains(planes, flags.plane) {
		return usage("write one of "+strings.Join(planes, ", "), "--plane %q: no such plane",
			flags.plane)
	}
	s, err := a.load(args, flags.scenario)
	if err != nil {
		return err
	}
	if err := a.runnable(s); err != nil {
		return err
	}
	drivers, null, err := flags.drivers.parse()
	if err != nil {
		return err
	}
	known, err := a.knownCapacity(flags.capacity, s)
	if err != nil {
		return err
	}
	ctx, stop := a.untilInterrupted()
	defer stop()
	var length time.Duration
	if s.Load.Events == 0 {
		length = s.Load.Warmup.For + s.Load.Steady
	}
	show := a.newProgress(length)
	b := versionOf()
	out, err := scenarios.Run(ctx, scenarios.RunRequest{
		Scenario: s, Systems: findAdapter, Transports: findTransport, Dir: a.dir,
		Sinks:   []record.Sink{show},
		Command: command(), Version: b.Version, Commit: b.Commit, KeepResults: flags.results,
		Null: null, Drivers: drivers, Capacity: known, Plane: flags.plane, Untwinned: flags.untwinned,
	})
	show.done()
	if out.Dir == "" || (err != nil && !errors.Is(err, context.Canceled)) {
		return notRun(err, out)
	}
	if flags.results {
		a.note("every result received is in %s", filepath.Join(out.Dir, scenarios.ResultsFile))
	}
	return a.conclude(out.Dir)
}

// command is the line that started this program, by which a report says how to repeat the run.
func command() []string {
	return append([]string{"streambench"}, os.Args[1:]...)
}

// notRun is why there is no run, or only the part of one that was recorded.
func notRun(err error, out scenarios.Outcome) error {
	if err == nil {
		panic("BUG: a run without a folder and without an error")
	}
	remedy := ""
	if out.Dir != "" {
		remedy = "what was recorded until then is in " + out.Dir
	}
	if errors.Is(err, context.Canceled) {
		return &failure{code: exitInterrupted, err: errors.New("run: interrupted"), remedy: remedy}
	}
	return &failure{code: exitEnvironment, err: err, remedy: remedy}
}

// conclude renders the reports of a run and tells its result; the exit code is that of its worst
// verdict.
func (a *app) conclude(folder string) error {
	r, err := render(folder)
	if err != nil {
		return err
	}
	page := filepath.Join(folder, reports.PageFile)
	if a.json {
		err = a.emit(runResult{Folder: folder, Report: page, Result: r})
	} else {
		a.tellResult(r)
		a.say("report   %s", page)
	}
	if err != nil || r.Exit == exitOK {
		return err
	}
	return &failure{code: r.Exit, err: fmt.Errorf("%s", r.Sentence), told: true}
}

// runResult is a run as JSON shows it.
type runResult struct {
	Folder string         `json:"folder"`
	Report string         `json:"report"`
	Result summary.Result `json:"result"`
}
