package main

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/streambench/streambench/scenarios"
)

// TestEveryExitCodeIsExplained holds the table complete: every code has its explanation, and none
// is there twice.
func TestEveryExitCodeIsExplained(t *testing.T) {
	var codes []int
	for _, e := range exitCodes {
		var out, errs bytes.Buffer
		args := []string{"explain", "exit", strconv.Itoa(e.Code)}
		if code := run(args, strings.NewReader(""), &out, &errs); code != exitOK {
			t.Errorf("explain exit %d: exit %d: %s", e.Code, code, &errs)
		}
		if !strings.Contains(out.String(), e.Means) {
			t.Errorf("explain exit %d does not say %q", e.Code, e.Means)
		}
		codes = append(codes, e.Code)
	}
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Errorf("codes %v are not in order, each once", codes)
	}
}

// TestScenariosKnowTheSystemsOfTheTable holds the names of the table and those a scenario may use
// together: each is sound in a scenario, and what has no adapter is refused by name.
func TestScenariosKnowTheSystemsOfTheTable(t *testing.T) {
	for _, s := range systems {
		src := "name: x\nworkload: iot-telemetry\nsystems: [" + s.Name + "]\n"
		scenario, problems := scenarios.Load("x.yaml", []byte(src), nil)
		if len(problems) > 0 {
			t.Errorf("%s is in the table and no scenario knows it: %v", s.Name, problems)
			continue
		}
		if s.Adapter != nil {
			continue // what it lacks on this host is another matter
		}
		err := (&app{errs: new(bytes.Buffer)}).runnable(scenario)
		if err == nil || !strings.Contains(err.Error(), s.Name+": this build has no such system") {
			t.Errorf("%s has no adapter: %v", s.Name, err)
		}
	}
}

// TestShippedScenariosAreSoundAndRunHere holds that nothing is shipped that this build refuses.
func TestShippedScenariosAreSoundAndRunHere(t *testing.T) {
	a := &app{errs: new(bytes.Buffer)}
	for _, name := range shippedNames() {
		s, err := a.load([]string{name}, scenarioFlags{})
		if err == nil {
			err = a.runnable(s)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
