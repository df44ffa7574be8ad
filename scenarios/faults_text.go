package scenarios

import (
	"reflect"
	"slices"

	"github.com/streambench/streambench/chaos"
)

// FaultLine is a fault as a scenario writes it, on one line.
func FaultLine(d chaos.Declaration) string { return flow(encode(reflect.ValueOf(d))) }

// faultLines are the faults of a scenario, each on a line.
func (s *Scenario) faultLines() (lines []string) {
	for _, d := range s.Faults {
		lines = append(lines, FaultLine(d))
	}
	return lines
}

// disturbed reports whether a scenario has a fault that a system has to recover from: poison is set
// aside, and nothing is lost by it.
func (s *Scenario) disturbed() bool {
	return slices.ContainsFunc(s.Faults, func(d chaos.Declaration) bool { return d.Poison == 0 })
}
