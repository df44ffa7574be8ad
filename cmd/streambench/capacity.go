package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// calibrate measures the null ceiling of a scenario and keeps it for the runs to come.
func (a *app) calibrate(s *scenarios.Scenario) (eventsPerS float64, err error) {
	ctx, stop := a.untilInterrupted()
	defer stop()
	c, err := nullCeiling().Calibrate(ctx, s)
	switch {
	case errors.Is(err, context.Canceled):
		return 0, &failure{code: exitInterrupted, err: errors.New("check: interrupted")}
	case err != nil:
		return 0, &failure{code: exitEnvironment, err: err}
	}
	return c.EventsPerS, nil
}

// knownCapacity reads the brackets of an earlier run of like conditions; nil where none is named.
func (a *app) knownCapacity(
	ref string, s *scenarios.Scenario,
) (map[string]record.Bracket, error) {
	if ref == "" {
		return nil, nil
	}
	if !s.Searches() {
		return nil, usage("--set 'load.rate={of-capacity: 70%}', or leave --capacity out",
			"--capacity %s: the rate of %s is given and not searched", ref, s.Name)
	}
	folder, err := a.findRun(ref)
	if err != nil {
		return nil, err
	}
	run, err := reports.Load(folder)
	if err != nil {
		return nil, err
	}
	if unlike := s.Unlike(run.Manifest); len(unlike) > 0 {
		return nil, &failure{code: exitUnlike,
			err: fmt.Errorf("take the capacity of %s: it is unlike this run in\n  %s",
				run.Manifest.ID, strings.Join(unlike, "\n  ")),
			remedy: "search again: leave --capacity out"}
	}
	found := map[string]record.Bracket{}
	for _, system := range run.Result.Systems {
		if f := system.Search; f != nil && f.Unsettled == "" && f.Passed > 0 {
			b := f.Bracket
			if b.From == "" {
				b.From = run.Manifest.ID
			}
			found[system.Base()] = b
		}
	}
	for _, system := range s.Systems {
		if _, ok := found[system.Label()]; !ok {
			return nil, usage("name a run that searched, or leave --capacity out",
				"--capacity %s: that run found no sustainable rate of %s", ref, system.Label())
		}
	}
	return found, nil
}
