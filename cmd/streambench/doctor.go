package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/chaos"
)

// The states of a check. Only a FAIL makes the exit code 4: a warning weakens figures, a FAIL
// means that no run can end well.
const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateFail = "FAIL"
)

// diagnosis is one line of the doctor.
type diagnosis struct {
	Check string `json:"check"`
	State string `json:"state"`
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"`
}

func doctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at this host: what weakens or prevents a measurement, and the fix",
		Args:  cobra.NoArgs,
		RunE:  body(func([]string) error { return a.doctor() }),
	}
}

func (a *app) doctor() error {
	found := append(hostChecks(a.dir), fileLimit(), canary(), a.terminal())
	found = append(found, containersHere(context.Background())...)
	found = append(found, faultVerbs(chaos.Abilities())...)
	if a.json {
		if err := a.emit(found); err != nil {
			return err
		}
	} else {
		a.tellDiagnoses(found)
	}
	fails := 0
	for _, d := range found {
		if d.State == stateFail {
			fails++
		}
	}
	if fails == 0 {
		return nil
	}
	return fail(exitEnvironment, "mend the lines that begin with FAIL, then ask again",
		"%d of %d checks failed", fails, len(found))
}

func (a *app) tellDiagnoses(found []diagnosis) {
	for _, d := range found {
		word := a.paintWord(a.out, d.State) + strings.Repeat(" ", 4-len(d.State))
		a.say("%s  %-9s  %s", word, d.Check, d.Found)
		if d.Fix != "" {
			a.say("                 fix: %s", d.Fix)
		}
	}
}

// cores looks at how many cores there are for the sources, the slots and the tool itself.
func cores(limit float64) diagnosis {
	n := runtime.NumCPU()
	d := diagnosis{Check: "cores", State: stateOK, Found: fmt.Sprintf("%d", n)}
	if limit > 0 && limit < float64(n) {
		d.Found = fmt.Sprintf("%d, but this container may use %.3g of them", n, limit)
		n = int(limit)
	}
	if n < 2 {
		d.State = stateWarn
		d.Fix = "give this machine 2 cores or more: systems, driver and oracle share one here"
	}
	return d
}

// canary sleeps for a millisecond again and again: by how much the host oversleeps is the floor
// under every latency measured on it.
func canary() diagnosis {
	const (
		naps = 400
		nap  = time.Millisecond
		most = time.Millisecond
	)
	late := make([]time.Duration, naps)
	for i := range late {
		start := time.Now()
		time.Sleep(nap)
		late[i] = time.Since(start) - nap
	}
	slices.Sort(late)
	p50, p99 := late[naps/2], late[naps*99/100]
	d := diagnosis{Check: "timer", State: stateOK, Found: fmt.Sprintf(
		"a 1ms sleep wakes %s late (median), %s (99th percentile)", duration(p50), duration(p99))}
	if p99 > most {
		d.State = stateWarn
		d.Fix = "stop other work on this host; latencies below this are noise here"
	}
	return d
}

// faultVerbs tell which faults this host can do, and why not the others. None weakens a
// measurement: a scenario that asks for one that is missing says so.
func faultVerbs(all []chaos.Ability) []diagnosis {
	var can []string
	var not []diagnosis
	for _, b := range all {
		if b.How != "" {
			can = append(can, string(b.Verb))
		}
		switch {
		case b.Not == "":
		case b.How == "":
			not = append(not, diagnosis{Check: "no " + string(b.Verb), State: stateOK, Found: b.Not})
		default:
			not = append(not, diagnosis{
				Check: string(b.Verb), State: stateOK, Found: "not all of it: " + b.Not,
			})
		}
	}
	d := diagnosis{Check: "faults", State: stateOK, Found: strings.Join(can, ", ")}
	if len(can) == 0 {
		d.Found = "none"
	}
	return append([]diagnosis{d, planesHere(chaos.CanNetns())}, not...)
}

// planesHere tells how nodes can be cut off from each other.
func planesHere(noNamespaces error) diagnosis {
	d := diagnosis{Check: "planes", State: stateOK, Found: "partition, lose and link work by a " +
		"relay, or by network namespaces with run --plane netns"}
	if noNamespaces != nil {
		d.Found = "partition, lose and link work by a relay; not by network namespaces: " +
			noNamespaces.Error()
	}
	return d
}

func (a *app) terminal() diagnosis {
	d := diagnosis{Check: "terminal", State: stateOK, Found: "none: progress is one line a phase"}
	if n := columns(a.errs); n > 0 {
		d.Found = fmt.Sprintf("%d columns: progress is one line, rewritten", n)
	}
	return d
}

// disk tells whether run folders can be written and how much room there is.
func disk(dir string, freeB uint64, writable error) diagnosis {
	const (
		least  = 64 << 20
		little = 2 << 30
	)
	d := diagnosis{Check: "disk", State: stateOK,
		Found: fmt.Sprintf("%s free for %s", bytesText(freeB), dir)}
	switch {
	case writable != nil:
		d.State, d.Found = stateFail, fmt.Sprintf("%s cannot be written: %v", dir, writable)
		d.Fix = "make it writable, or name another folder: --dir FOLDER"
	case freeB < least:
		d.State, d.Fix = stateFail, "remove old runs (streambench clean --keep 3), or --dir FOLDER"
	case freeB < little:
		d.State, d.Fix = stateWarn, "remove old runs: streambench clean --keep 3"
	}
	return d
}

func memory(availableB uint64) diagnosis {
	const (
		least  = 256 << 20
		little = 2 << 30
	)
	d := diagnosis{Check: "memory", State: stateOK, Found: bytesText(availableB) + " available"}
	switch {
	case availableB < least:
		d.State, d.Fix = stateFail, "free memory: even a small scenario needs 256 MiB"
	case availableB < little:
		d.State, d.Fix = stateWarn, "free memory, or run scenarios with fewer keys"
	}
	return d
}
