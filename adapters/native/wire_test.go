package native

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// referee has a checker judge what the collector is given.
type referee struct{ workloads.Checker }

func (r referee) Collect(rs *workloads.Results, ns int64) error { return r.Add(rs, ns) }

// judged runs the first n events of a workload in a form and has the oracle judge the results.
func judged(t *testing.T, w *workloads.Workload, form string, n uint64, slots int) (
	workloads.Ledger, map[string]string,
) {
	t.Helper()
	checker, err := w.NewChecker(t.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer checker.Close()
	load := adapters.NewLoad(nil, slots)
	load.Limit(n)
	s, err := Adapter{}.Deploy(t.Context(), adapters.Job{
		Workload: w, Transport: adapters.Embedded, Format: form, Workers: 1, WorkerCPUs: slots,
		Guarantee: "exactly-once", MemoryB: 64 << 20, Load: load, Collector: referee{checker},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	load.Begin(time.Now())
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	config, err := s.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	late := s.(adapters.Metered).Meter().Late
	ledger, err := checker.Finish(context.Background(), workloads.Delivered{
		Events: n, TooLate: int64(late), Strict: slots == 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return ledger, config
}

func TestInAndOutOfPoisonBalance(t *testing.T) {
	for _, c := range []struct {
		malformed string
		events    uint64
		dead      uint64 // at least
	}{
		{"0", 20_000, 0},
		{"50", 20_000, 300},
		{"1", 300, 300}, // all of them: a fifth has a megabyte
	} {
		for slots := 1; slots <= 2; slots++ {
			t.Run(fmt.Sprintf("malformed=%s/slots=%d", c.malformed, slots), func(t *testing.T) {
				w := bind(t, "poison", map[string]string{"malformed": c.malformed})
				l, _ := judged(t, w, workloads.JSONForm, c.events, slots)
				d := l.DeadLetters
				if d == nil || d.Missing+d.Foreign != 0 || d.Expected != d.Received ||
					d.Expected < c.dead {
					t.Errorf("dead letters %+v", d)
				}
				if l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 ||
					l.Matched+d.Received != c.events {
					t.Errorf("ledger %+v", l)
				}
			})
		}
	}
}

func TestAFormChangesNoAnswer(t *testing.T) {
	for _, name := range []string{"iot-telemetry", "nexmark", "ysb"} {
		w := bind(t, name, nil)
		columns, how := judged(t, w, workloads.BinaryForm, 50_000, 2)
		read, whole := judged(t, w, workloads.JSONForm, 50_000, 2)
		if columns.Digest != read.Digest || columns.Matched != read.Matched || read.Matched == 0 ||
			read.Matched != read.Expected {
			t.Errorf("%s: columns %+v, json %+v", name, columns, read)
		}
		if how["events"] == whole["events"] || how["format"] != "binary" || whole["format"] != "json" {
			t.Errorf("settings %q %q, %q %q", how["format"], how["events"], whole["format"],
				whole["events"])
		}
	}
}

func TestDamageThatCannotBeDoneIsRefused(t *testing.T) {
	job := adapters.Job{
		Workload: bind(t, "poison", nil), Transport: adapters.Embedded, Workers: 1, WorkerCPUs: 1,
		Format: workloads.BinaryForm,
	}
	if err := (Adapter{}).Supports(job); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("binary: %v", err)
	}
	job.Format = workloads.JSONForm
	if err := (Adapter{}).Supports(job); err != nil {
		t.Errorf("json: %v", err)
	}
}
