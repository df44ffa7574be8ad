package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// variant is a workload with the choice of its that changes the question.
type variant struct {
	name   string
	of     workloads.Template
	params map[string]string
}

// variants are every workload and, where it has several, each of its questions.
func variants() []variant {
	var all []variant
	for _, t := range workloads.Catalog {
		i := slices.IndexFunc(t.Params, func(p workloads.Param) bool {
			return p.Kind == workloads.ChoiceParam && (p.Name == "query" || p.Name == "profile")
		})
		if i < 0 {
			all = append(all, variant{t.Name, t, nil})
			continue
		}
		p := t.Params[i]
		for _, choice := range p.Choices {
			all = append(all, variant{t.Name + " " + choice, t, map[string]string{p.Name: choice}})
		}
	}
	return all
}

// bind makes the workload of a variant, all else at its defaults.
func (v variant) bind() (*workloads.Workload, error) {
	values, errs := v.of.Resolve(v.params)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return v.of.New(workloads.Settings{Seed: 1, EventRate: v.of.Rate, Values: values})
}

// guarantees are the claims there are, the strongest first.
var guarantees = []string{"exactly-once", "at-least-once", "at-most-once"}

// answers says whether a system can run a variant exactly over Kafka: "yes", the strongest
// guarantee it can do so under where that is not exactly-once, or why it cannot.
func (v variant) answers(a adapters.Adapter) (cell, why string, err error) {
	w, err := v.bind()
	if err != nil {
		return "", "", err
	}
	job := adapters.Job{
		RunID: "list", Workload: w, Transport: adapters.Kafka, Format: workloads.BinaryForm,
		Checkpoint: time.Second, Workers: 1, WorkerCPUs: 1, MemoryB: 1536 << 20, Partitions: 8,
		Broker: adapters.Broker{At: "container"}, Profile: "defaults",
	}
	if w.Spoil != nil {
		job.Format = workloads.JSONForm
	}
	for i, g := range guarantees {
		job.Guarantee = g
		switch err := a.Supports(job); {
		case err == nil:
			if c, ok := a.(adapters.Claimant); ok {
				g = c.Claim(job)
			}
			if g == guarantees[0] {
				g = "yes"
			}
			return g, "", nil
		case !errors.Is(err, errors.ErrUnsupported):
			return "", "", fmt.Errorf("ask for %s: %w", v.name, err)
		case i == 0 || why == "":
			why = err.Error()
		}
	}
	return "no", why, nil
}

// systemPage tells which workload runs on which system, as the adapters themselves say it.
func systemPage(w io.Writer) {
	var header []string
	var run []systemEntry
	for _, s := range systems {
		if s.Adapter != nil {
			run = append(run, s)
			header = append(header, s.Name)
		}
	}
	fmt.Fprint(w, "\n## What runs on what\n\nEach workload at its defaults over Kafka, exactly-once; "+
		"a weaker guarantee is named where a system gives no\nstronger one. What a system cannot "+
		"express exactly it refuses, with the reason, and never approximates.\n\n")
	var rows [][]string
	var reasons []string
	for _, v := range variants() {
		row := []string{v.name}
		for _, s := range run {
			cell, why, err := v.answers(s.Adapter)
			if err != nil {
				panic(fmt.Sprintf("BUG: %s on %s: %v", v.name, s.Name, err))
			}
			if why != "" {
				cell += " " + footnote(&reasons, plainReason(why))
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	markdownTable(w, append([]string{"workload"}, header...), rows)
	for i, why := range reasons {
		fmt.Fprintf(w, "\n(%d) %s\n", i+1, why)
	}
}

// footnote is the number of a reason, which is added where it is new.
func footnote(reasons *[]string, why string) string {
	i := slices.Index(*reasons, why)
	if i < 0 {
		*reasons = append(*reasons, why)
		i = len(*reasons) - 1
	}
	return fmt.Sprintf("(%d)", i+1)
}

// wasAsked is how the reason of an adapter begins.
var wasAsked = regexp.MustCompile(`^run \S+ on \S+: `)

// plainReason is a reason without the words every one of them has.
func plainReason(why string) string {
	return wasAsked.ReplaceAllString(strings.TrimSuffix(why, ": "+errors.ErrUnsupported.Error()), "")
}
