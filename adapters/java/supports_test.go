package java_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/workloads"
)

func TestModuleSupportsEveryWorkload(t *testing.T) {
	asked := map[string]bool{}
	for _, v := range vectors {
		asked[v.workload] = true
		if err := java.Supports(v.bind(t)); err != nil {
			t.Error(err)
		}
	}
	for _, template := range workloads.Catalog {
		if !asked[template.Name] {
			t.Errorf("no vector is of workload %s", template.Name)
		}
	}
}

func TestModuleRefusesWhatItHasNoCodeFor(t *testing.T) {
	for _, c := range []struct {
		name, workload, why string
		change              func(w *workloads.Workload)
	}{
		{"a process of Go alone", "fraud", "process other is not written in Java",
			func(w *workloads.Workload) {
				p := *w.Query.Process
				p.Name = "other"
				w.Query.Process = &p
			}},
		{"free text", "nexmark", "field url", func(w *workloads.Workload) { w.Query.Key = "url" }},
		{"floats that are compared", "uc2", "field valueInW", func(w *workloads.Workload) {
			w.Query.Where = []workloads.Predicate{{Field: "valueInW"}}
		}},
		{"floats that are ranked", "uc2", "field valueInW", func(w *workloads.Workload) {
			w.Query.Rank = &workloads.Rank{By: "sum"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := vector{workload: c.workload, change: c.change, rate: 100}.bind(t)
			err := java.Supports(w)
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v, want %q", err, c.why)
			}
		})
	}
}
