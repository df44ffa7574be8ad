// Package adaptertest is the conformance kit: what every adapter has to hold, whatever system it
// deploys. One host and one set of brokers are opened and serve every check, so that a cold start
// is paid once.
//
//	Subject --open--> Carrier, Host --job after job--> checks --close--> is anything left behind?
//
// The answers go through the oracle and its ledger as those of any run.
package adaptertest

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
)

// Subject is an adapter with what it needs to be examined.
type Subject struct {
	Adapter adapters.Adapter
	// Transport carries events and results; nil for the embedded one.
	Transport adapters.Transport
	// Job is what every job of the kit begins as: resources, guarantee, broker, settings, profile,
	// own image. What it leaves open is filled with small values: one worker with one slot, two
	// partitions, exactly-once, a checkpoint each 200 ms.
	Job adapters.Job
	// Claim is the guarantee under which results are delivered, where that is weaker than the job's:
	// the adapter has to declare it (adapters.Claimant). Empty for that of Job.
	Claim string
	// Reads are settings that Config has to tell of the running system, by name, with the values they
	// must have: those of Job.Settings among them, under the names by which they are read back.
	Reads map[string]string
	// Refused are settings the system does not take, or takes otherwise than they are written. A job
	// with any one of them must fail to deploy and say its name.
	Refused map[string]string
	// Boundary says whether two events exactly one session gap apart are of one session.
	Boundary Boundary
	// Inventory lists what exists outside of this process and is none of what the kit counts itself:
	// processes, containers, networks, topics. It is asked before and after; nil for nothing.
	Inventory func(ctx context.Context) ([]string, error)
}

// Boundary is what a system does with two events exactly one session gap apart.
type Boundary string

// The boundaries of a session.
const (
	Inclusive Boundary = "inclusive" // they are one session: the oracle's answer
	Exclusive Boundary = "exclusive" // they are two sessions
)

// Options say how much is examined.
type Options struct {
	// Cases are the inputs; nil for those STREAMBENCH_KIT names: "first" (the default), "all",
	// "golden", or names of cases with commas between.
	Cases []Case
	// Only are the checks that are made beside open and close, by name; nil for all. Those of cases
	// are called exact/NAME.
	Only []string
	// Within bounds each job from its deployment to its last result; 0 for three minutes.
	Within time.Duration
	// Prompt bounds how long a Close in mid-run may take; 0 for 30 s.
	Prompt time.Duration
}

const (
	usualWithin = 3 * time.Minute
	usualPrompt = 30 * time.Second
	// sizeVariable chooses the cases of every kit.
	sizeVariable = "STREAMBENCH_KIT"
)

// errSkipped is wrapped by a check that says nothing of the subject: it has no such part, or does
// not support the workload.
var errSkipped = errors.New("skipped")

// Run examines a subject: each check is a subtest of its own.
func Run(t *testing.T, s Subject, o Options) {
	t.Helper()
	if o.Cases == nil {
		cases, err := Cases(os.Getenv(sizeVariable))
		if err != nil {
			t.Fatal(err)
		}
		o.Cases = cases
	}
	b := newBench(s, o, t.TempDir())
	opened := false
	for _, c := range b.checks() {
		if !opened && c.name != openCheck && c.name != closeCheck {
			continue // nothing can be examined of what does not start
		}
		ok := t.Run(c.name, func(t *testing.T) {
			b.log = t.Logf
			report(t, c.run(context.WithoutCancel(t.Context())))
		})
		opened = opened || c.name == openCheck && ok
	}
}

// report ends a test as a check ended.
func report(t *testing.T, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errSkipped):
		t.Skip(err)
	case err != nil:
		t.Error(err)
	}
}
