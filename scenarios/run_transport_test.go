package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// piped runs a scenario over a pipe in virtual time.
func piped(t *testing.T, ctx context.Context, p *pipe, sets ...string) (*recorded, error) {
	t.Helper()
	sets = append([]string{"load.transport=kafka", "load.partitions=3"}, sets...)
	req := scenarios.RunRequest{
		Scenario: load(t, passOn, sets...), Systems: only(pipeAdapter{p}), Transports: p.find,
	}
	req.InVirtualTime()
	return carryOut(t, ctx, req)
}

func TestARepetitionOverATransportGoesThroughItsPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{}
		r, err := piped(t, t.Context(), p, "resources.driver.cpus=3", "load.format=json",
			"load.broker=localhost:9092")
		if err != nil {
			t.Fatal(err)
		}
		if got := r.phases(); !slices.Equal(got, wholeLife) {
			t.Errorf("phases %v, want %v", got, wholeLife)
		}
		want := []string{"deploy transport", "deploy system", "close system", "close transport"}
		if !slices.Equal(p.order, want) {
			t.Errorf("order %v, want %v", p.order, want)
		}
		if n := p.job.Load.Shards(); n != 1 {
			t.Errorf("%d shards, which bring a partition's events out of order", n)
		}
		if p.job.Broker.At != "localhost:9092" || p.job.Partitions != 3 || p.job.Format != "json" {
			t.Errorf("the transport was asked for %+v", p.job)
		}
		if l := r.ledgers()[0]; !l.Conclusive || l.Matched != 9200 || l.Received != 9200 {
			t.Errorf("ledger %+v", *l)
		}
		c := r.manifest.Conditions
		if c.Transport != "kafka" || c.Broker != "address" || c.Partitions != 3 || c.Format != "json" {
			t.Errorf("conditions %+v", c)
		}
		if r.result.Exit != 0 || r.ends()[0].SendsUnknown != 0 {
			t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
		}
		for _, e := range r.entries {
			if e.Config != nil && (e.Config["fake"] != "yes" || e.Config["kafka.broker"] != "a pipe") {
				t.Errorf("settings %v", e.Config)
			}
		}
		if f := r.result.Systems[0].Figures; runtime.GOOS == "linux" &&
			(f["memory.broker"].Median < 1<<20 || f["cpu.broker"].Median <= 0) {
			t.Errorf("the broker's process used %+v of memory, %+v of a processor",
				f["memory.broker"], f["cpu.broker"])
		}
		lags := 0
		for tag := range r.log.Merged {
			if tag.Stage == record.StageDriver {
				lags++
			}
		}
		if lags != 1 {
			t.Errorf("%d merged series of driver lag", lags)
		}
	})
}

// TestAFailingTransportFailsTheRepetition breaks a transport in every way and looks at the failure
// that is recorded, and at what was closed.
func TestAFailingTransportFailsTheRepetition(t *testing.T) {
	lost := errors.New("connection refused")
	whole := []string{"deploy transport", "deploy system", "close system", "close transport"}
	tests := []struct {
		name  string
		pipe  *pipe
		phase string
		exit  int
		text  string
		order []string
	}{
		{"no broker", &pipe{deployErr: fmt.Errorf("dial: %w", adapters.ErrNotReady)},
			"deploy", 4, "deploy kafka transport: dial", nil},
		{"a broker that takes for ever", &pipe{deploysIn: time.Hour},
			"deploy", 4, "not ready within 2m0s", nil},
		{"the transport itself is broken", &pipe{deployErr: lost},
			"deploy", 5, "deploy kafka transport: connection refused", nil},
		{"the system cannot be deployed over it", &pipe{fake: fake{deployErr: errors.New("no image")}},
			"deploy", 5, "deploy native: no image", []string{"deploy transport", "close transport"}},
		{"the driver loses its broker", &pipe{failsAt: 5000, failure: lost},
			"steady", 5, "kafka transport: connection refused", whole},
		{"the broker fills up", &pipe{failsAt: 5000,
			failure: fmt.Errorf("produce: %w", adapters.ErrNotReady)},
			"steady", 4, "kafka transport: produce", whole},
		{"the system dies", &pipe{fake: fake{dieAt: 5000}},
			"steady", 5, "died as planned", whole},
		{"the system ends before its input", &pipe{systemStops: true},
			"steady", 5, "before its input did", whole},
		{"results cannot be read to their end", &pipe{sealErr: lost},
			"steady or drain", 5, "collect the last results: connection refused", whole},
		{"the broker does not close", &pipe{closeErr: errors.New("still there")},
			"close", 5, "close kafka transport: still there", whole},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := piped(t, t.Context(), tt.pipe)
				if err != nil {
					t.Fatal(err)
				}
				fails := r.failures()
				if len(fails) != 1 || !strings.Contains(tt.phase, fails[0].Phase) ||
					fails[0].Exit != tt.exit || !strings.Contains(fails[0].Text, tt.text) {
					t.Fatalf("failures %+v", fails)
				}
				if !slices.Equal(tt.pipe.order, tt.order) {
					t.Errorf("order %v, want %v", tt.pipe.order, tt.order)
				}
				if r.result.Exit != tt.exit {
					t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
				}
			})
		})
	}
}

// TestADoubtfulTransportIsInvalid: what is not known to have arrived, or may still come, is neither
// lost nor right.
func TestADoubtfulTransportIsInvalid(t *testing.T) {
	for name, tt := range map[string]struct {
		pipe *pipe
		code string
	}{
		"a transaction is open":            {&pipe{sealErr: adapters.ErrUnsealed}, "oracle-inconclusive"},
		"the last results never come":      {&pipe{sealsNever: true}, "oracle-inconclusive"},
		"the system never answers the end": {&pipe{fake: fake{hangAt: 9990}}, "oracle-inconclusive"},
		"the driver never ends":            {&pipe{losesInput: true}, "oracle-inconclusive"},
		"sends of unknown outcome":         {&pipe{unsure: 7}, "sends-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := piped(t, t.Context(), tt.pipe)
				if err != nil {
					t.Fatal(err)
				}
				if codes := r.codes(); !slices.Equal(codes, []string{tt.code}) || r.result.Exit != 6 {
					t.Errorf("reasons %v, exit %d: %s", codes, r.result.Exit, r.result.Sentence)
				}
				if tt.pipe.order[len(tt.pipe.order)-1] != "close transport" {
					t.Errorf("order %v", tt.pipe.order)
				}
			})
		})
	}
}

// TestADriverWithoutRoomIsInvalid has the driver of a transport, which has a core of its own, take
// nine tenths of its time to make events: it keeps up, and measures its own queue.
func TestADriverWithoutRoomIsInvalid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{}
		p.making = always(230 * time.Millisecond) // of at most 256 events, at 1000 a second
		r, err := piped(t, t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if r.manifest.Conditions.Shared {
			t.Skip("driver and system share the cores of this host")
		}
		if codes := r.codes(); !slices.Contains(codes, "driver-share") || r.result.Exit != 6 ||
			slices.Contains(codes, "behind-schedule") {
			t.Errorf("reasons %v, exit %d: %s", codes, r.result.Exit, r.result.Sentence)
		}
	})
}

func TestAnInterruptClosesSystemAndTransport(t *testing.T) {
	for name, tt := range map[string]struct {
		pipe *pipe
		at   time.Duration
	}{
		"while the broker starts":   {&pipe{deploysIn: time.Minute}, time.Second},
		"in warm-up":                {&pipe{}, time.Second},
		"in steady":                 {&pipe{}, 5 * time.Second},
		"while results are sealed":  {&pipe{sealsNever: true}, 12 * time.Second},
		"while the system is stuck": {&pipe{fake: fake{hangAt: 9000}}, 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), tt.at, context.Canceled)
				defer cancel()
				r, err := piped(t, ctx, tt.pipe)
				if err == nil {
					t.Error("an interrupted run returned no error")
				}
				if r.result.Exit != 130 || len(r.failures()) != 0 {
					t.Errorf("exit %d, failures %v", r.result.Exit, r.failures())
				}
				n := len(tt.pipe.order)
				if n > 0 && tt.pipe.order[n-1] != "close transport" {
					t.Errorf("order %v", tt.pipe.order)
				}
			})
		})
	}
}

func TestARunWithoutItsTransportDoesNotStart(t *testing.T) {
	for name, find := range map[string]func(string) (adapters.Transport, bool){
		"no such transport": nil,
		"one that cannot carry it": (&pipe{
			refuses: errors.New("no partitions"),
		}).find,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenarios.Run(t.Context(), scenarios.RunRequest{
				Scenario: load(t, passOn, "load.transport=kafka"), Systems: only(&fake{}),
				Transports: find, Dir: t.TempDir(),
			})
			var notReady *scenarios.NotReadyError
			if !errors.As(err, &notReady) {
				t.Errorf("error %v", err)
			}
		})
	}
}
