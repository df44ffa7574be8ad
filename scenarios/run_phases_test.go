package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// passOn is a scenario whose right answer a fake can give.
const passOn = `
name: fake
workload: nexmark
params: {query: q0}
load: {rate: 1k/s, warmup: 2s, steady: 8s, drain: 20s}
`

// virtual runs a scenario with a fake in virtual time.
func virtual(t *testing.T, ctx context.Context, f *fake, sets ...string) (*recorded, error) {
	t.Helper()
	req := scenarios.RunRequest{Scenario: load(t, passOn, sets...), Systems: only(f)}
	req.InVirtualTime()
	return carryOut(t, ctx, req)
}

// virtualOf is virtual for a scenario of one's own that can be run.
func virtualOf(t *testing.T, yaml string, f *fake) *recorded {
	t.Helper()
	req := scenarios.RunRequest{Scenario: load(t, yaml), Systems: only(f)}
	req.InVirtualTime()
	r, err := carryOut(t, t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var wholeLife = []string{"deploy", "warmup", "steady", "drain", "check", "close"}

func TestARepetitionGoesThroughItsPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r, err := virtual(t, t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.phases(); !slices.Equal(got, wholeLife) {
			t.Errorf("phases %v, want %v", got, wholeLife)
		}
		if r.result.Exit != 0 {
			t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
		}
		end := r.ends()[0]
		if end.Events != 10_000 || end.DueAtSteadyEnd != 10_000 || end.AcceptedAtSteadyEnd != 10_000 {
			t.Errorf("a run of 10 s at 1000/s ended with %+v", *end)
		}
		if f.deployed != 1 || f.closed != 1 {
			t.Errorf("deployed %d, closed %d times", f.deployed, f.closed)
		}
		latest, err := os.Readlink(filepath.Join(filepath.Dir(r.dir), "latest"))
		if err != nil || latest != filepath.Base(r.dir) {
			t.Errorf("link latest: %q, %v", latest, err)
		}
		left, err := filepath.Glob(filepath.Join(r.dir, "spool-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
}

func TestTicksTellTheScheduleAndItsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{})
		if err != nil {
			t.Fatal(err)
		}
		var last *record.Tick
		n := 0
		for _, e := range r.entries {
			if e.Tick == nil {
				continue
			}
			n++
			k := e.Tick
			if k.Accepted > k.Offered || k.Processed > k.Offered {
				t.Fatalf("more taken or answered than due: %+v", *k)
			}
			if last != nil && (k.Accepted < last.Accepted || k.ScheduleNs < last.ScheduleNs) {
				t.Fatalf("counters went back: %+v after %+v", *k, *last)
			}
			last = k
		}
		if n < 40 || last.Offered != 10_000 || last.Accepted != 10_000 || last.Results != 9_200 {
			t.Errorf("%d ticks, the last is %+v", n, *last)
		}
	})
}

// slowFrom takes a second for each batch from a slot on.
func slowFrom(first uint64) func(uint64) time.Duration {
	return func(slot uint64) time.Duration {
		if slot < first {
			return 0
		}
		return time.Second
	}
}

func TestAFailingSystemIsAGapAndNotTheEnd(t *testing.T) {
	tests := []struct {
		name   string
		fake   *fake
		phases []string // of the repetition
		phase  string   // that failed
		text   string
	}{
		{"deployment fails", &fake{deployErr: errors.New("no image")},
			[]string{"deploy", "close"}, "deploy", "deploy native: no image"},
		{"it dies in warm-up", &fake{dieAt: 500},
			[]string{"deploy", "warmup", "close"}, "warmup", "died as planned"},
		{"it dies in steady", &fake{dieAt: 5000},
			[]string{"deploy", "warmup", "steady", "close"}, "steady", "died as planned"},
		{"it dies over the last events", &fake{dieAt: 9990, processing: slowFrom(9990)},
			[]string{"deploy", "warmup", "steady", "drain", "close"}, "drain", "died as planned"},
		{"closing fails", &fake{closeErr: errors.New("still there")},
			wholeLife, "close", "close native: still there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := virtual(t, t.Context(), tt.fake, "repeat=2")
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for range 3 { // one block is discarded
					want = append(want, tt.phases...)
				}
				if got := r.phases(); !slices.Equal(got, want) {
					t.Errorf("phases %v, want %v", got, want)
				}
				fails := r.failures()
				if len(fails) != 3 || fails[0].Phase != tt.phase || fails[0].Exit != 5 ||
					!strings.Contains(fails[0].Text, tt.text) {
					t.Errorf("failures %+v", fails)
				}
				if len(r.ends()) != 3 || r.result.Exit != 5 {
					t.Errorf("%d ends, exit %d", len(r.ends()), r.result.Exit)
				}
				if tt.fake.closed != tt.fake.deployed {
					t.Errorf("deployed %d, closed %d", tt.fake.deployed, tt.fake.closed)
				}
			})
		})
	}
}

func TestAnInterruptClosesAndLeavesAPartialRecord(t *testing.T) {
	for at, phase := range map[time.Duration]string{
		time.Second: "warmup", 5 * time.Second: "steady", 12 * time.Second: "drain",
	} {
		t.Run(phase, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), at, context.Canceled)
				defer cancel()
				f := &fake{hangAt: 9000}
				r, err := virtual(t, ctx, f, "repeat=3")
				if err == nil {
					t.Error("an interrupted run returned no error")
				}
				got := r.phases()
				if n := len(got); n < 2 || got[n-1] != "close" || got[n-2] != phase {
					t.Errorf("phases %v, want the last before close to be %s", got, phase)
				}
				if ends := r.ends(); len(ends) != 1 || !ends[0].Interrupted {
					t.Errorf("ends %+v", ends)
				}
				last := r.entries[len(r.entries)-1]
				if last.End == nil || !last.End.Interrupted || len(r.failures()) != 0 {
					t.Errorf("last entry %+v, failures %v", last, r.failures())
				}
				if f.closed != 1 || r.result.Exit != 130 {
					t.Errorf("closed %d times, exit %d", f.closed, r.result.Exit)
				}
			})
		})
	}
}

func TestADrainWithoutResultsIsInconclusive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r, err := virtual(t, t.Context(), &fake{hangAt: 9990})
		if err != nil {
			t.Fatal(err)
		}
		l := r.ledgers()
		if len(l) != 1 || l[0].Conclusive || !strings.Contains(l[0].Why, "20s") {
			t.Fatalf("ledgers %+v", l)
		}
		if took := time.Since(start); took < 30*time.Second || took > 31*time.Second {
			t.Errorf("10 s of load and 20 s of drain took %s", took)
		}
		if r.result.Exit != 6 {
			t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
		}
	})
}

func TestARunThatCannotBeRecordedDoesNotStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, req := range map[string]scenarios.RunRequest{
		"output folder is a file": {Dir: dir, Systems: only(&fake{})},
		"system cannot run it":    {Systems: only(&fake{unsupported: true})},
	} {
		t.Run(name, func(t *testing.T) {
			req.Scenario = load(t, passOn)
			if req.Dir == "" {
				req.Dir = t.TempDir()
			}
			out, err := scenarios.Run(t.Context(), req)
			var notReady *scenarios.NotReadyError
			if !errors.As(err, &notReady) || out.Dir != "" {
				t.Errorf("outcome %+v, error %v", out, err)
			}
			if left, _ := filepath.Glob(filepath.Join(req.Dir, "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// full is a sink that takes some entries and then no more.
type full struct{ room int }

func (f *full) Add(record.Entry) error {
	if f.room--; f.room < 0 {
		return errors.New("disk full")
	}
	return nil
}

func TestARunWhoseRecordFailsEndsAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		req := scenarios.RunRequest{
			Scenario: load(t, passOn), Systems: only(f), Sinks: []record.Sink{&full{room: 10}},
		}
		req.InVirtualTime()
		r, err := carryOut(t, t.Context(), req)
		var notReady *scenarios.NotReadyError
		if !errors.As(err, &notReady) || !strings.Contains(fmt.Sprint(err), "disk full") {
			t.Errorf("error %v", err)
		}
		if f.closed != 1 || slices.Contains(r.phases(), "check") {
			t.Errorf("closed %d times, phases %v", f.closed, r.phases())
		}
	})
}
