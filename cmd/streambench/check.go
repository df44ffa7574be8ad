package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/scenarios"
)

func checkCommand(a *app) *cobra.Command {
	var flags checkFlags
	cmd := &cobra.Command{
		Use:               "check FILE…|NAME…",
		Short:             "Show every error of scenarios at once, then what a run would do",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE:              body(func(args []string) error { return a.check(args, flags) }),
	}
	flags.scenario.addSet(cmd)
	cmd.Flags().BoolVar(&flags.calibrate, "calibrate", false,
		"measure the null ceiling: what the driver reaches here without a system, in 5 s")
	return cmd
}

// checkFlags are the flags of `check`.
type checkFlags struct {
	scenario  scenarioFlags
	calibrate bool
}

// planRow is a plan as JSON shows it.
type planRow struct {
	Scenario    string   `json:"scenario"`
	Systems     []string `json:"systems"`
	Blocks      int      `json:"blocks"`
	Kept        int      `json:"kept"`
	Repetitions int      `json:"repetitions"`
	Twins       int      `json:"twins,omitempty"`  // of the repetitions: those without the faults
	Probes      int      `json:"probes,omitempty"` // at most, of a search
	Drains      int      `json:"drains,omitempty"` // at most, of estimates
	Faults      []string `json:"faults,omitempty"`
	Seconds     float64  `json:"seconds"`
	MostSeconds float64  `json:"mostSeconds"`
	Warnings    []string `json:"warnings"`
	// Ceiling is the null ceiling in events/s, where it was asked for.
	Ceiling float64 `json:"ceiling,omitempty"`
}

// check looks at every file before it fails, so that one round shows all there is to mend.
func (a *app) check(args []string, flags checkFlags) error {
	plans := []planRow{}
	var failures []error
	for _, arg := range args {
		s, err := a.load([]string{arg}, flags.scenario)
		if err == nil {
			err = a.runnable(s)
		}
		var ceiling float64
		if err == nil && flags.calibrate {
			ceiling, err = a.calibrate(s)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		p := scenarios.NewPlan(s)
		row := rowOf(s, p)
		row.Ceiling = ceiling
		plans = append(plans, row)
		if !a.json {
			a.tellPlan(s, p, row)
		}
	}
	if len(failures) > 0 {
		return a.checkFailed(failures)
	}
	if a.json {
		return a.emit(plans)
	}
	return nil
}

// checkFailed tells all failures but the last, which the end of the program tells; the one for the
// exit code is that of an invalid scenario before one that cannot run here.
func (a *app) checkFailed(failures []error) error {
	last := failures[len(failures)-1].(*failure)
	for _, err := range failures[:len(failures)-1] {
		f := err.(*failure)
		if !f.told {
			fmt.Fprintln(a.errs, tagged(f.Error(), f.code))
		}
		if f.code == exitScenario && last.code != exitScenario {
			f.told = true
			fmt.Fprintln(a.errs, tagged(last.Error(), last.code))
			last = f
		}
	}
	return last
}

// way is the transport with its brokers.
func way(s *scenarios.Scenario) string {
	switch at := s.Load.Broker.At; {
	case s.Load.Transport != adapters.Kafka:
		return s.Load.Transport
	case at == "embedded" || at == "container":
		return fmt.Sprintf("%s (%s broker)", s.Load.Transport, at)
	default:
		return fmt.Sprintf("%s (%s)", s.Load.Transport, at)
	}
}

func rowOf(s *scenarios.Scenario, p scenarios.Plan) planRow {
	names := make([]string, len(s.Systems))
	for i, sys := range s.Systems {
		names[i] = sys.Label()
	}
	row := planRow{
		Scenario: p.Scenario, Systems: names, Blocks: p.Blocks, Kept: p.Kept,
		Repetitions: len(p.Order), Twins: p.Twins, Probes: p.Probes, Drains: p.Drains,
		Seconds: p.Time.Seconds(), MostSeconds: p.Limit.Seconds(), Warnings: p.Warnings,
	}
	for _, f := range s.Faults {
		row.Faults = append(row.Faults, scenarios.FaultLine(f))
	}
	if row.Warnings == nil {
		row.Warnings = []string{}
	}
	return row
}

func (a *app) tellPlan(s *scenarios.Scenario, p scenarios.Plan, row planRow) {
	a.say("%s  ok", p.Scenario)
	a.say("  load      %s at %s over %s, seed %d", s.Workload, s.Load.Rate, way(s), s.Load.Seed)
	if s.Mode.Name != "" {
		a.say("  mode      %s", s.Mode)
	}
	a.say("  systems   %s", strings.Join(row.Systems, ", "))
	blocks := "1 block, kept"
	if p.Blocks > 1 {
		blocks = fmt.Sprintf("%d blocks, the first discarded", p.Blocks)
	}
	if p.Twins > 0 {
		blocks += fmt.Sprintf("; %d of them a twin without the faults, for comparison", p.Twins)
	}
	a.say("  runs      %d: %s", len(p.Order), blocks)
	for i, f := range row.Faults {
		head := "faults  "
		if i > 0 {
			head = "        "
		}
		a.say("  %s  %s", head, f)
	}
	if p.Probes > 0 {
		a.say("  search    at most %d probes, of which a third is usual", p.Probes)
	}
	if p.Drains > 0 {
		a.say("  estimate  at most %d drains of a full topic, for what each system can do at most",
			p.Drains)
	}
	if s.Deployment == "once" {
		a.say("  deployed  once a system: it serves all its runs, one after the other")
	}
	if p.Time > 0 {
		a.say("  time      %s, at most %s if results are slow to come", p.Time.Round(time.Second),
			p.Limit.Round(time.Second))
	} else {
		a.say("  time      as long as the events take")
	}
	if p.Kept < 6 {
		a.say("  interval  none: figures need repeat: 6 or more for one")
	}
	if row.Ceiling > 0 {
		a.say("  ceiling   %s/s without a system; a claim of up to %s/s (70%%) is the system's",
			count(row.Ceiling), count(row.Ceiling*0.7))
	}
	for _, w := range p.Warnings {
		a.say("  %s   %s", a.paint(a.out, yellow, "warning"), w)
	}
}
