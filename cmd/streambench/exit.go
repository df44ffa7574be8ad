package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes. They are an interface: a code never changes its meaning.
const (
	exitOK          = 0
	exitBug         = 1
	exitUsage       = 2
	exitScenario    = 3
	exitEnvironment = 4
	exitSystem      = 5
	exitInvalid     = 6
	exitLimit       = 10
	exitRegression  = 11
	exitLedger      = 12
	exitRecovery    = 13
	exitMandates    = 20
	exitClose       = 21
	exitTie         = 22
	exitUnlike      = 23
	exitInterrupted = 130
)

// exitCode is an entry of the table of exit codes.
type exitCode struct {
	Code    int    `json:"exit"`
	Means   string `json:"means"`
	Meaning string `json:"meaning"`
	Do      string `json:"do"`
	// Reachable is false for codes of commands that this version does not have.
	Reachable bool `json:"reachable"`
}

// exitCodes is the table of exit codes.
var exitCodes = []exitCode{
	{exitOK, "ok", "Everything asked for was done, and every limit held.",
		"Nothing.", true},
	{exitBug, "bug in streambench", "streambench met a state it holds to be impossible.",
		"Send the file that the message names; it holds the command, the version and the stack.", true},
	{exitUsage, "usage", "A command, a flag, a name or a run reference is not known, " +
		"or what it names cannot be read or must not be overwritten.",
		"Read the message: it names the word that is wrong; add --help to see what there is.", true},
	{exitScenario, "scenario invalid", "The scenario, or a value given by --set, breaks the schema " +
		"or contradicts itself. Nothing was run.",
		"Mend every line the message shows; `streambench check FILE` tries again without a run.", true},
	{exitEnvironment, "environment not ready", "This host, or this build, cannot do what was asked: " +
		"a system that is not there yet, brokers that are out of reach or refuse, a folder that " +
		"cannot be written, a full disk.",
		"Follow the message; `streambench doctor` looks at the whole host.", true},
	{exitSystem, "a system failed outside a planned fault", "A system under test could not be " +
		"deployed or died by itself. Other systems were still measured.",
		"Read the gap and its reason in the report.", true},
	{exitInvalid, "measurement invalid, or its verdict unknown", "A figure failed its own validity " +
		"check (the driver fell behind, the oracle was not conclusive) and is not reported.",
		"Do what the reason names: a lower load.rate, more cores, a quiet host.", true},
	{exitLimit, "limit (SLO) broken", "A limit of `slo` was broken in a valid measurement.",
		"See `streambench explain verdict RUN` for the limit and the figure.", true},
	{exitRegression, "regression against the baseline, confirmed",
		"The run is worse than the baseline by more than noise.",
		"Compare the two reports.", false},
	{exitLedger, "lost, duplicated or wrong beyond the claimed guarantee",
		"The ledger holds results that the guarantee of the scenario rules out; or, without an oracle " +
			"(`expect: none`), systems gave different results.",
		"See the first offenders in the report.", true},
	{exitRecovery, "recovery limit broken", "The system took longer to recover than `slo` allows.",
		"See the recovery phases in the report.", false},
	{exitMandates, "no system passes the mandates", "Every system breaks a mandate of `decide`.",
		"Relax a mandate or add a system.", false},
	{exitClose, "decision too close", "The figures do not separate the systems " +
		"(--require clear).", "Repeat more often, or decide by other criteria.", false},
	{exitTie, "comparison inconclusive", "The difference lies within noise " +
		"(--require conclusive).", "Repeat more often.", false},
	{exitUnlike, "unlike runs, comparison refused", "The runs differ in conditions that figures " +
		"depend on.", "Run both under the same conditions, or say --allow-unlike.", false},
	{exitInterrupted, "interrupted: healed, partial report written",
		"The run was stopped by Ctrl-C. What there is of its record was kept.",
		"Run it again: `streambench run --from RUN` uses the same lock.", true},
}

// failure is an error with the exit code of its class and what to do about it.
type failure struct {
	code   int
	err    error
	remedy string
	// told is set where the output already says what is wrong, as a verdict does.
	told bool
	// detail goes into the error value of --json, if there is one.
	detail any
}

func (f *failure) Error() string {
	if f.remedy == "" {
		return f.err.Error()
	}
	return f.err.Error() + "\n  " + strings.ReplaceAll(f.remedy, "\n", "\n  ")
}

func (f *failure) Unwrap() error { return f.err }

// fail makes a failure: what happened, then what to do about it.
func fail(code int, remedy, format string, args ...any) error {
	return &failure{code: code, err: fmt.Errorf(format, args...), remedy: remedy}
}

// classed gives an error that has no class yet one.
func classed(code int, remedy string, err error) error {
	var f *failure
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &failure{code: code, err: err, remedy: remedy}
}

// body makes the function of a command. What comes out of it without a class is something the host
// refused (a folder, a file, a pipe); what cobra itself refuses stays without one and is usage.
func body(do func(args []string) error) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		return classed(exitEnvironment, "see `streambench doctor`", do(args))
	}
}
