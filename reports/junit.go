package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// The elements of junit.xml, as continuous-integration servers read them: a suite is the scenario,
// a case is a system under one limit or verdict.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Name    string       `xml:"name,attr"`
		Suites  []junitSuite `xml:"testsuite"`
		junitCounts
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Hostname   string          `xml:"hostname,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		junitCounts
	}
	junitCounts struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"` // seconds
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitOutcome `xml:"failure"`
		Error   *junitOutcome `xml:"error"`
		Skipped *junitOutcome `xml:"skipped"`
	}
	junitOutcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junit writes junit.xml. A broken limit, a broken guarantee and a system that died are failures;
// what is unknown or INVALID is an error; the cases of a system whose turn never came, and of a
// fault it cannot be broken by, are skipped.
func junit(w io.Writer, run *Run) error {
	r := &run.Result
	suite := junitSuite{
		Name: r.Scenario, Hostname: r.Host.Hostname,
		Timestamp: r.Start.UTC().Format("2006-01-02T15:04:05"), Properties: junitProperties(run),
	}
	for _, v := range r.Verdicts {
		suite.add(junitCaseOf(run, v))
	}
	suite.Time = junitSeconds(runNs(run))
	all := junitSuites{Name: "streambench", Suites: []junitSuite{suite}}
	all.junitCounts = suite.junitCounts
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func junitCaseOf(run *Run, v summary.Verdict) junitCase {
	c := junitCase{Class: run.Result.Scenario, Name: v.Rule, Time: junitSeconds(runNs(run))}
	if v.System != "" {
		c.Class += "." + v.System
		c.Time = junitSeconds(systemNs(run, v.System))
	}
	for _, part := range []string{v.Metric, v.Code} {
		if part != "" {
			c.Name += " " + part
		}
	}
	if v.Rep > 0 {
		c.Name += ", " + record.RepetitionName(v.Rep)
	}
	out := &junitOutcome{Message: v.Text, Type: v.Rule, Text: verdictWords(v)}
	switch {
	case v.System != "" && neverRan(run, v.System):
		c.Skipped = &junitOutcome{Message: "the run ended before the turn of " + v.System}
	case v.Rule == summary.RuleFault && v.State != summary.Fail:
		c.Skipped = out // n/a: the system cannot be broken like this
	case v.State == summary.Fail:
		c.Failure = out
	case v.State == summary.Unknown:
		c.Error = out
	}
	return c
}

// verdictWords is a verdict in lines: what was found, the evidence, the remedy, the exit code.
func verdictWords(v summary.Verdict) string {
	text := v.Text + "\n"
	for _, e := range v.Evidence {
		text += e.What + ": " + e.Measured + "; limit: " + e.Limit + "\n"
	}
	if v.Remedy != "" {
		text += "Fix: " + v.Remedy + "\n"
	}
	return text + fmt.Sprintf("exit %d\n", v.Exit)
}

func neverRan(run *Run, system string) bool {
	for _, s := range run.Result.Systems {
		for _, r := range s.Repetitions {
			if s.Name == system && r.Status != summary.NotRun {
				return false
			}
		}
	}
	return true
}

func junitProperties(run *Run) []junitProperty {
	c := run.Manifest.Conditions
	return []junitProperty{
		{"run", run.Result.Run}, {"workload", c.Workload}, {"rate", c.Rate},
		{"transport", c.Transport}, {"format", c.Format}, {"guarantee", c.Guarantee},
		{"seed", fmt.Sprint(c.Seed)}, {"host", run.Manifest.Host.Hash},
		{"exit", fmt.Sprint(run.Result.Exit)}, {"sentence", run.Result.Sentence},
	}
}

// runNs is how long the run took, as far as its record goes.
func runNs(run *Run) int64 { return run.Entries[len(run.Entries)-1].T }

// systemNs is how long all repetitions of a system took.
func systemNs(run *Run, system string) (sum int64) {
	first, last := map[int]int64{}, map[int]int64{}
	for _, e := range run.Entries {
		if e.System != system || e.Kind == record.KindPlan {
			continue
		}
		if _, begun := first[e.Rep]; !begun {
			first[e.Rep] = e.T
		}
		last[e.Rep] = e.T
	}
	for rep, from := range first {
		sum += last[rep] - from
	}
	return sum
}

func junitSeconds(ns int64) string { return fmt.Sprintf("%.3f", time.Duration(ns).Seconds()) }
